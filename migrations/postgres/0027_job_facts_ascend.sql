-- As 0026 does for jobs.

drop index job_facts_newest, job_facts_of_tenant, job_facts_of_vendor, job_facts_callback, job_facts_forward;
create index job_facts_newest on job_facts (made_at, job_id);
create index job_facts_of_tenant on job_facts (of_tenant, made_at, job_id);
create index job_facts_of_vendor on job_facts (of_vendor, made_at, job_id) where of_vendor is not null;
create index job_facts_callback on job_facts (made_at, job_id, of_tenant) where of_kind = 'callback';
create index job_facts_forward on job_facts (made_at, job_id, of_tenant) where of_kind = 'forward';
