-- What payloads must look like, in versions, and the catalogue of event types.

create table event_schemas (
    vendor_id  blob    not null references vendors (id),
    event_type text    not null,
    version    integer not null,
    text       text    not null,
    origin     text    not null check (origin in ('pasted', 'learned')),
    samples    integer not null,
    created_at integer not null,
    created_by text    not null,
    primary key (vendor_id, event_type, version)
) strict, without rowid;

-- Which version is used, and how strictly.
create table event_schema_uses (
    vendor_id  blob    not null,
    event_type text    not null,
    version    integer not null,
    mode       text    not null check (mode in ('off', 'warn', 'hold')),
    primary key (vendor_id, event_type),
    foreign key (vendor_id, event_type, version) references event_schemas (vendor_id, event_type, version)
) strict, without rowid;

-- `from_version` is the version a vendor states in its payloads; empty for all payloads.
create table event_mappings (
    vendor_id    blob    not null references vendors (id),
    event_type   text    not null,
    version      integer not null,
    from_version text    not null,
    text         text    not null,
    active       integer not null check (active in (0, 1)),
    created_at   integer not null,
    created_by   text    not null,
    primary key (vendor_id, event_type, version)
) strict, without rowid;

create unique index event_mappings_active on event_mappings (vendor_id, event_type, from_version) where active;

-- Written behind the answers, a few rows every other second however many events come.
create table event_types (
    tenant_id   blob    not null,
    vendor_id   blob    not null,
    event_type  text    not null,
    events      integer not null,
    first_seen  integer not null,
    last_seen   integer not null,
    sample_id   blob    not null,
    shape_hash  text,
    shape_since integer,
    good_id     blob,
    broken      integer not null,
    drift_since integer,
    primary key (vendor_id, event_type)
) strict, without rowid;

-- The newest good events of each type, so that a schema can be learned without an index over all events.
create table event_type_samples (
    vendor_id  blob    not null,
    event_type text    not null,
    event_id   blob    not null,
    primary key (vendor_id, event_type, event_id)
) strict, without rowid;

-- What came before this migration.
insert into event_types (tenant_id, vendor_id, event_type, events, first_seen, last_seen, sample_id, good_id, broken)
select tenant_id, vendor_id, event_type, count(*), min(received_at), max(received_at), max(id), max(id), 0
from events group by tenant_id, vendor_id, event_type;

insert into event_type_samples (vendor_id, event_type, event_id)
select vendor_id, event_type, id from (
    select vendor_id, event_type, id,
        row_number() over (partition by vendor_id, event_type order by id desc) as newest
    from events)
where newest <= 100;
