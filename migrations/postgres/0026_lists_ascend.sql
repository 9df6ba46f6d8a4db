-- Lists are read newest first, but what is new is the last of its index when that ascends: PostgreSQL and SQLite both add there
-- without looking for the place, and leave full pages behind instead of halves. A list reads the index from its end.
--
-- Indexes of a large table are made anew here; nobody writes jobs and events meanwhile.

drop index jobs_pending, jobs_held, jobs_succeeded, jobs_failed, jobs_deadletter, jobs_cancelled;
create index jobs_pending on jobs (created_at, id, tenant_id) where state = 'pending';
create index jobs_held on jobs (created_at, id, tenant_id) where state = 'held';
create index jobs_succeeded on jobs (created_at, id, tenant_id) where state = 'succeeded';
create index jobs_failed on jobs (created_at, id, tenant_id) where state = 'failed';
create index jobs_deadletter on jobs (created_at, id, tenant_id) where state = 'deadletter';
create index jobs_cancelled on jobs (created_at, id, tenant_id) where state = 'cancelled';

drop index job_facts_newest, job_facts_of_tenant, job_facts_of_vendor, job_facts_callback, job_facts_forward;
create index job_facts_newest on job_facts (made_at, job_id);
create index job_facts_of_tenant on job_facts (of_tenant, made_at, job_id);
create index job_facts_of_vendor on job_facts (of_vendor, made_at, job_id) where of_vendor is not null;
create index job_facts_callback on job_facts (made_at, job_id, of_tenant) where of_kind = 'callback';
create index job_facts_forward on job_facts (made_at, job_id, of_tenant) where of_kind = 'forward';

drop index events_newest, events_of_tenant, events_of_vendor, events_of_type, events_of_subject;
create index events_newest on events (received_at, id);
create index events_of_tenant on events (tenant_id, received_at, id);
create index events_of_vendor on events (vendor_id, received_at, id);
create index events_of_type on events (event_type, received_at, id);
create index events_of_subject on events (subject_id, received_at, id) where subject_id is not null;
