-- What never changes of a job. PostgreSQL keeps it in a table of its own, because there each change of a job is entered
-- into every index of the job. SQLite enters a change only where an indexed value changed: a name for the same is enough.

create view job_facts (job_id, made_at, of_tenant, of_vendor, of_kind, of_event, of_parent) as
    select id, created_at, tenant_id, vendor_id, kind, event_id, parent_id from jobs;
