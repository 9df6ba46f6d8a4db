-- How secrets live and end: what is counted of them, when old ones are ended, under which keys they are sealed.

-- One counter of one tenant is read along its minutes. `value` is no part of it, so that adding to a counter
-- touches no index.
create index counters_of_name on counters (tenant_id, name, minute);

-- After how many hours without a match a retiring secret of this vendor is ended before its time.
create table rotation_policies (
    vendor_id   uuid    not null primary key references vendors (id),
    quiet_hours integer not null check (quiet_hours between 1 and 720)
);

-- Values are sealed by data keys; the newest seals. A data key itself is kept wrapped, once for each master key
-- that opens it: two of them while the master key is being replaced.
create table data_keys (
    id         uuid    not null primary key,
    created_at bigint  not null
);

create table data_key_wraps (
    data_key_id uuid    not null references data_keys (id),
    master_id   bytea   not null,
    wrapped     bytea   not null,
    primary key (data_key_id, master_id)
);

-- The replacement of the master key that is under way, or the last one.
create table key_rotation (
    only_row    smallint not null primary key default 1 check (only_row = 1),
    from_master bytea    not null,
    to_master   bytea    not null,
    data_key_id uuid     not null references data_keys (id),
    started_at  bigint   not null,
    resealed    bigint   not null,
    finished_at bigint
);

-- Work that one node at a time does for all: whose turn it is, and until when.
create table turns (
    name    text    not null primary key,
    node_id uuid    not null,
    until   bigint  not null
);

-- The audit log is narrowed by each of these.
create index audit_log_of_actor on audit_log (actor, at desc, id desc);
create index audit_log_of_action on audit_log (action, at desc, id desc);
create index audit_log_of_target on audit_log (target, at desc, id desc);
