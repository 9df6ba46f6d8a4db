-- What payloads must look like, in versions, and the catalogue of event types.

create table event_schemas (
    vendor_id  uuid    not null references vendors (id),
    event_type text    not null,
    version    integer not null,
    text       text    not null,
    origin     text    not null check (origin in ('pasted', 'learned')),
    samples    integer not null,
    created_at bigint not null,
    created_by text    not null,
    primary key (vendor_id, event_type, version)
);

-- Which version is used, and how strictly.
create table event_schema_uses (
    vendor_id  uuid    not null,
    event_type text    not null,
    version    integer not null,
    mode       text    not null check (mode in ('off', 'warn', 'hold')),
    primary key (vendor_id, event_type),
    foreign key (vendor_id, event_type, version) references event_schemas (vendor_id, event_type, version)
);

-- `from_version` is the version a vendor states in its payloads; empty for all payloads.
create table event_mappings (
    vendor_id    uuid    not null references vendors (id),
    event_type   text    not null,
    version      integer not null,
    from_version text    not null,
    text         text    not null,
    active       boolean not null,
    created_at   bigint not null,
    created_by   text    not null,
    primary key (vendor_id, event_type, version)
);

create unique index event_mappings_active on event_mappings (vendor_id, event_type, from_version) where active;

-- Written behind the answers, a few rows every other second however many events come.
create table event_types (
    tenant_id   uuid    not null,
    vendor_id   uuid    not null,
    event_type  text    not null,
    events      bigint not null,
    first_seen  bigint not null,
    last_seen   bigint not null,
    sample_id   uuid    not null,
    shape_hash  text,
    shape_since bigint,
    good_id     uuid,
    broken      bigint not null,
    drift_since bigint,
    primary key (vendor_id, event_type)
);

-- The newest good events of each type, so that a schema can be learned without an index over all events.
create table event_type_samples (
    vendor_id  uuid    not null,
    event_type text    not null,
    event_id   uuid    not null,
    primary key (vendor_id, event_type, event_id)
);

-- What came before this migration.
insert into event_types (tenant_id, vendor_id, event_type, events, first_seen, last_seen, sample_id, good_id, broken)
select tenant_id, vendor_id, event_type, count(*), min(received_at), max(received_at), (array_agg(id order by id desc))[1],
    (array_agg(id order by id desc))[1], 0
from events group by tenant_id, vendor_id, event_type;

insert into event_type_samples (vendor_id, event_type, event_id)
select vendor_id, event_type, id from (
    select vendor_id, event_type, id,
        row_number() over (partition by vendor_id, event_type order by id desc) as newest
    from events) as numbered
where newest <= 100;
