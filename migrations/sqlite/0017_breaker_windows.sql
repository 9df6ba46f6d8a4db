-- When circuit breakers open by themselves: what is set, and the calls all nodes counted of late.

-- `target` is `installation`, a destination's id or a provider's id; `chosen` the numbers that are set, by name.
create table breaker_thresholds (
    target    text not null primary key,
    tenant_id blob references tenants (id),
    chosen    text not null
) strict, without rowid;

-- One row per breaker, node and bucket of time. `target` is a breaker's, `revision` the one its calls were made under.
-- A node writes its newest row again while calls are made, at most about once a second; old rows are forgotten.
create table breaker_calls (
    target      text    not null,
    revision    integer not null,
    begins_at   integer not null,
    node_id     blob    not null,
    calls       integer not null,
    failed      integer not null,
    slow        integer not null,
    good_at     integer,
    -- The jobs that failed last, as JSON.
    ill         text    not null,
    words       text    not null,
    asked_until integer,
    primary key (target, revision, begins_at, node_id)
) strict, without rowid;
