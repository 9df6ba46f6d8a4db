-- Lists are read newest first, but what is new is the last of its index when that ascends: PostgreSQL and SQLite both add there
-- without looking for the place, and leave full pages behind instead of halves. A list reads the index from its end.
--
-- Nobody reads or writes this table while its indexes are made anew. One table a migration, so that whoever holds one table
-- and waits for another is never waited for in turn.

drop index jobs_pending, jobs_held, jobs_succeeded, jobs_failed, jobs_deadletter, jobs_cancelled;
create index jobs_pending on jobs (created_at, id, tenant_id) where state = 'pending';
create index jobs_held on jobs (created_at, id, tenant_id) where state = 'held';
create index jobs_succeeded on jobs (created_at, id, tenant_id) where state = 'succeeded';
create index jobs_failed on jobs (created_at, id, tenant_id) where state = 'failed';
create index jobs_deadletter on jobs (created_at, id, tenant_id) where state = 'deadletter';
create index jobs_cancelled on jobs (created_at, id, tenant_id) where state = 'cancelled';
