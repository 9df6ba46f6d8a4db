-- What arrives. The tables written for every webhook (here and in 0003) have no foreign keys: their rows are
-- written together in one transaction and nothing they point at is ever deleted, so a key would only cost.

create table events (
    id             blob    not null primary key,
    tenant_id      blob    not null,
    vendor_id      blob    not null,
    external_id    text    not null,
    -- SHA-256 of the body: the same external id with another body is another event.
    body_hash      blob    not null,
    event_type     text    not null,
    subject_id     text,
    occurred_at    integer,
    schema_version text,
    received_at    integer not null,
    request_id     blob    not null,
    trace_id       text    not null,
    secret_version integer,
    body_len       integer not null,
    unique (vendor_id, external_id, body_hash)
) strict;

-- The bytes, written once and seldom read, apart so that they never share a page with what is listed.
create table event_payloads (
    event_id    blob    not null primary key,
    received_at integer not null,
    headers     text    not null,
    body        blob    not null
) strict;

create table refused_requests (
    id          blob    not null primary key,
    tenant_id   blob    not null,
    vendor_id   blob    not null,
    received_at integer not null,
    status      integer not null,
    reason      text    not null,
    detail      text    not null,
    headers     text    not null,
    body_len    integer not null
) strict;

create index refused_requests_of_vendor on refused_requests (vendor_id, received_at desc, id desc);
