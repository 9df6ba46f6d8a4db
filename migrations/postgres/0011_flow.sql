-- What keeps jobs from running for a while: pause switches, circuit breakers, people.

-- What holds a held job; those held because of their schema have none. Whoever makes a job leave `held` clears it.
alter table jobs add column held_by text;

-- For letting go what one holder holds, oldest first. Jobs that are not held pay nothing for it.
create index jobs_held_by on jobs (held_by, created_at, id) where state = 'held' and held_by is not null;

-- A switch that is on. `target` is `everything`, `deliveries`, or the id of what is paused.
create table pauses (
    target    text    not null primary key,
    tenant_id uuid    references tenants (id),
    paused_by text    not null,
    since     bigint not null
);

-- One row per target whose breaker opened once or that somebody decided about. `target` is a destination's id, or a
-- provider's id, a slash and the model.
create table breakers (
    target      text    not null primary key,
    tenant_id   uuid    not null references tenants (id),
    state       text    not null check (state in ('closed', 'open', 'half_open')),
    mode        text    not null check (mode in ('automatic', 'open', 'closed')),
    reason      text    not null,
    changed_at  bigint not null,
    changed_by  text    not null,
    openings    integer not null,
    open_until  bigint,
    probe_node  uuid,
    probe_until bigint,
    -- Whoever changes a row names the revision they saw, so that of several nodes one succeeds.
    revision    bigint not null
);
