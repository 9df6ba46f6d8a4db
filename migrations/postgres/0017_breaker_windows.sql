-- When circuit breakers open by themselves: what is set, and the calls all nodes counted of late.

-- `target` is `installation`, a destination's id or a provider's id; `chosen` the numbers that are set, by name.
create table breaker_thresholds (
    target    text not null primary key,
    tenant_id uuid references tenants (id),
    chosen    text not null
);

-- One row per breaker, node and bucket of time. `target` is a breaker's, `revision` the one its calls were made under.
-- A node writes its newest row again while calls are made, at most about once a second; old rows are forgotten.
create table breaker_calls (
    target      text    not null,
    revision    bigint  not null,
    begins_at   bigint  not null,
    node_id     uuid    not null,
    calls       bigint  not null,
    failed      bigint  not null,
    slow        bigint  not null,
    good_at     bigint,
    -- The jobs that failed last, as JSON.
    ill         text    not null,
    words       text    not null,
    asked_until bigint,
    primary key (target, revision, begins_at, node_id)
) with (fillfactor = 70);
