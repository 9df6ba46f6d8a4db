-- Refused requests with all that explains them, what people did about them, and lists of events.

alter table refused_requests add column method text not null default '';
alter table refused_requests add column path text not null default '';
alter table refused_requests add column client text not null default '';
-- The likely cause, found after the refusal.
alter table refused_requests add column finding text;
alter table refused_requests add column finding_words text;
alter table refused_requests add column rechecked_at integer;
alter table refused_requests add column rechecked_by text;
alter table refused_requests add column recheck text;
alter table refused_requests add column recheck_words text;
alter table refused_requests add column accepted_at integer;
alter table refused_requests add column accepted_by text;
alter table refused_requests add column event_id blob;

create index refused_requests_newest on refused_requests (received_at desc, id desc);
create index refused_requests_of_tenant on refused_requests (tenant_id, received_at desc, id desc);

-- The refused requests themselves, sealed: a body, header or address may hold a secret. Apart, so that they never
-- share a page with what is listed, and bounded by bytes.
create table refused_captures (
    request_id  blob    not null primary key,
    vendor_id   blob    not null,
    received_at integer not null,
    bytes       integer not null,
    sealed      blob    not null
) strict;

create index refused_captures_of_vendor on refused_captures (vendor_id, received_at desc, request_id desc, bytes);

-- Refused requests that somebody took in; outlives the refused request itself.
create table events_by_hand (
    event_id   blob    not null primary key,
    request_id blob    not null,
    at         integer not null,
    actor      text    not null,
    reason     text    not null
) strict, without rowid;

-- Which links to a vendor's sender page count: those of this number.
create table sender_links (
    vendor_id blob    not null primary key references vendors (id),
    number    integer not null
) strict, without rowid;

-- Events are listed newest first, of all, one tenant, one vendor, one type or one subject.
create index events_newest on events (received_at desc, id desc);
create index events_of_tenant on events (tenant_id, received_at desc, id desc);
create index events_of_vendor on events (vendor_id, received_at desc, id desc);
create index events_of_type on events (event_type, received_at desc, id desc);
create index events_of_subject on events (subject_id, received_at desc, id desc) where subject_id is not null;
