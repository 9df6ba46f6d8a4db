-- What arrives. The tables written for every webhook (here and in 0003) have no foreign keys: their rows are
-- written together in one transaction and nothing they point at is ever deleted, so a key would only cost.

create table events (
    id             uuid    not null primary key,
    tenant_id      uuid    not null,
    vendor_id      uuid    not null,
    external_id    text    not null,
    -- SHA-256 of the body: the same external id with another body is another event.
    body_hash      bytea   not null,
    event_type     text    not null,
    subject_id     text,
    occurred_at    bigint,
    schema_version text,
    received_at    bigint  not null,
    request_id     uuid    not null,
    trace_id       text    not null,
    secret_version integer,
    body_len       bigint  not null,
    unique (vendor_id, external_id, body_hash)
);

-- The bytes, written once and seldom read, apart so that they never share a page with what is listed. The time
-- is part of the key because a table partitioned by it needs that, and this one is meant to become one.
create table event_payloads (
    event_id    uuid    not null,
    received_at bigint  not null,
    headers     text    not null,
    body        bytea   not null,
    primary key (event_id, received_at)
);

create table refused_requests (
    id          uuid    not null primary key,
    tenant_id   uuid    not null,
    vendor_id   uuid    not null,
    received_at bigint  not null,
    status      integer not null,
    reason      text    not null,
    detail      text    not null,
    headers     text    not null,
    body_len    bigint  not null
);

create index refused_requests_of_vendor on refused_requests (vendor_id, received_at desc, id desc);
