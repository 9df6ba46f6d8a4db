-- What running the program needs: counters, nodes, sessions, throttles and the audit log.

-- Every node has rows of its own, so nodes never wait for each other; readers add up.
create table counters (
    minute    integer not null,
    tenant_id blob    not null,
    name      text    not null,
    node_id   blob    not null,
    value     integer not null,
    primary key (minute, tenant_id, name, node_id)
) strict, without rowid;

create table nodes (
    id           blob    not null primary key,
    host         text    not null,
    roles        text    not null,
    version      text    not null,
    started_at   integer not null,
    heartbeat_at integer not null
) strict, without rowid;

create table sessions (
    id         text    not null primary key,
    user_id    blob    references users (id),
    data       blob    not null,
    expires_at integer not null
) strict, without rowid;

create index sessions_by_expiry on sessions (expires_at);
create index sessions_of_user on sessions (user_id) where user_id is not null;

create table throttles (
    key          text    not null primary key,
    window_start integer not null,
    tries        integer not null
) strict, without rowid;

create index throttles_by_window on throttles (window_start);

create table audit_log (
    id        blob    not null primary key,
    at        integer not null,
    tenant_id blob,
    actor     text    not null,
    action    text    not null,
    target    text    not null,
    detail    text    not null
) strict;

create index audit_log_newest on audit_log (at desc, id desc);
create index audit_log_of_tenant on audit_log (tenant_id, at desc, id desc) where tenant_id is not null;
