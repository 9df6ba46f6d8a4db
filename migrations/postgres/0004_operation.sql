-- What running the program needs: counters, nodes, sessions, throttles and the audit log.

-- Every node has rows of its own, so nodes never wait for each other; readers add up.
create table counters (
    minute    bigint  not null,
    tenant_id uuid    not null,
    name      text    not null,
    node_id   uuid    not null,
    value     bigint  not null,
    primary key (minute, tenant_id, name, node_id)
)
-- No index holds the value, so an addition that finds room in its page touches no index.
with (fillfactor = 50);

create table nodes (
    id           uuid    not null primary key,
    host         text    not null,
    roles        text    not null,
    version      text    not null,
    started_at   bigint  not null,
    heartbeat_at bigint  not null
)
with (fillfactor = 50);

create table sessions (
    id         text    not null primary key,
    user_id    uuid    references users (id),
    data       bytea   not null,
    expires_at bigint  not null
);

create index sessions_by_expiry on sessions (expires_at);
create index sessions_of_user on sessions (user_id) where user_id is not null;

create table throttles (
    key          text    not null primary key,
    window_start bigint  not null,
    tries        bigint  not null
);

create index throttles_by_window on throttles (window_start);

create table audit_log (
    id        uuid    not null primary key,
    at        bigint  not null,
    tenant_id uuid,
    actor     text    not null,
    action    text    not null,
    target    text    not null,
    detail    text    not null
);

create index audit_log_newest on audit_log (at desc, id desc);
create index audit_log_of_tenant on audit_log (tenant_id, at desc, id desc) where tenant_id is not null;
