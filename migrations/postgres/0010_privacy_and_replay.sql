-- What a tenant decides about the bytes of its events, and what it takes to run them again.

create table tenant_privacy (
    tenant_id   uuid    not null primary key references tenants (id),
    -- Whether new payloads are sealed under the tenant's data key.
    encrypt     boolean not null,
    -- Events older than this are removed; all are kept when nothing is said.
    keep_days   integer check (keep_days > 0),
    -- The data key, sealed under the master key. Whoever deletes it makes every payload sealed under it unreadable.
    sealed      bytea,
    shredded_at bigint
);

-- Sealed headers and body stand together in `body`; `headers` is then an empty list.
alter table event_payloads add column sealed boolean not null default false;

-- Events in the order they came, of all tenants or of one, for exports and replays.
create index if not exists events_newest on events (received_at desc, id desc);
create index if not exists events_of_tenant on events (tenant_id, received_at desc, id desc);

-- One replay of many events. It is resumed from `at_received` and `at_event`, the last event that was run again;
-- whoever takes the next step moves them on in the transaction that writes the copies.
create table replays (
    id           uuid    not null primary key,
    tenant_id    uuid    not null,
    actor        text    not null,
    selection    text    not null,
    per_second   integer not null,
    state        text    not null check (state in ('running', 'done', 'cancelled')),
    total        bigint  not null,
    done         bigint  not null,
    skipped      bigint  not null,
    at_received  bigint,
    at_event     uuid,
    next_step_at bigint  not null,
    created_at   bigint  not null,
    finished_at  bigint
);

create index replays_due on replays (next_step_at) where state = 'running';
create index replays_of_tenant on replays (tenant_id, created_at desc, id desc);

-- Which events are copies of which. Apart from `events`, so that what arrives for the first time pays nothing.
create table replayed_events (
    event_id  uuid not null primary key,
    origin_id uuid not null,
    replay_id uuid not null
);

create index replayed_events_of_origin on replayed_events (origin_id, event_id);
