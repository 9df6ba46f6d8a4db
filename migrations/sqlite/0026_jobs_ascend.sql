-- Lists are read newest first, but what is new is the last of its index when that ascends: PostgreSQL and SQLite both add there
-- without looking for the place, and leave full pages behind instead of halves. A list reads the index from its end.

drop index jobs_newest;
drop index jobs_of_tenant;
drop index jobs_of_vendor;
drop index jobs_pending;
drop index jobs_held;
drop index jobs_succeeded;
drop index jobs_failed;
drop index jobs_deadletter;
drop index jobs_cancelled;
drop index jobs_callback;
drop index jobs_forward;
create index jobs_newest on jobs (created_at, id);
create index jobs_of_tenant on jobs (tenant_id, created_at, id);
create index jobs_of_vendor on jobs (vendor_id, created_at, id) where vendor_id is not null;
create index jobs_pending on jobs (created_at, id, tenant_id) where state = 'pending';
create index jobs_held on jobs (created_at, id, tenant_id) where state = 'held';
create index jobs_succeeded on jobs (created_at, id, tenant_id) where state = 'succeeded';
create index jobs_failed on jobs (created_at, id, tenant_id) where state = 'failed';
create index jobs_deadletter on jobs (created_at, id, tenant_id) where state = 'deadletter';
create index jobs_cancelled on jobs (created_at, id, tenant_id) where state = 'cancelled';
create index jobs_callback on jobs (created_at, id, tenant_id) where kind = 'callback';
create index jobs_forward on jobs (created_at, id, tenant_id) where kind = 'forward';
