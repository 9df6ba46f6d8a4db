-- As 0026 does for jobs.

drop index events_newest, events_of_tenant, events_of_vendor, events_of_type, events_of_subject;
create index events_newest on events (received_at, id);
create index events_of_tenant on events (tenant_id, received_at, id);
create index events_of_vendor on events (vendor_id, received_at, id);
create index events_of_type on events (event_type, received_at, id);
create index events_of_subject on events (subject_id, received_at, id) where subject_id is not null;
