-- What never changes of a job, apart from what does. Every change of a job writes a new version of its row and enters that
-- into each index that covers it; the indexes of the lists are here, where each job is entered once.

create table job_facts (
    job_id    uuid   not null primary key,
    made_at   bigint not null,
    of_tenant uuid   not null,
    of_vendor uuid,
    of_kind   text   not null,
    of_event  uuid,
    of_parent uuid
);

-- Kept by the database itself, so that it also holds for nodes that know nothing of it.
create function job_facts_of_new_jobs() returns trigger language plpgsql as $$
begin
    insert into job_facts (job_id, made_at, of_tenant, of_vendor, of_kind, of_event, of_parent)
    select id, created_at, tenant_id, vendor_id, kind, event_id, parent_id from made;
    return null;
end $$;
create function job_facts_of_removed_jobs() returns trigger language plpgsql as $$
begin
    delete from job_facts using removed where job_facts.job_id = removed.id;
    return null;
end $$;
create trigger jobs_made after insert on jobs
    referencing new table as made for each statement execute function job_facts_of_new_jobs();
create trigger jobs_removed after delete on jobs
    referencing old table as removed for each statement execute function job_facts_of_removed_jobs();

insert into job_facts (job_id, made_at, of_tenant, of_vendor, of_kind, of_event, of_parent)
select id, created_at, tenant_id, vendor_id, kind, event_id, parent_id from jobs;

-- Lists are read newest first, of one tenant or of all.
create index job_facts_newest on job_facts (made_at desc, job_id desc);
create index job_facts_of_tenant on job_facts (of_tenant, made_at desc, job_id desc);
create index job_facts_of_vendor on job_facts (of_vendor, made_at desc, job_id desc) where of_vendor is not null;
create index job_facts_of_event on job_facts (of_event, made_at, job_id) where of_event is not null;
create index job_facts_of_parent on job_facts (of_parent, made_at, job_id) where of_parent is not null;
-- Kinds that are looked for among very many other jobs.
create index job_facts_callback on job_facts (made_at desc, job_id desc, of_tenant) where of_kind = 'callback';
create index job_facts_forward on job_facts (made_at desc, job_id desc, of_tenant) where of_kind = 'forward';

drop index jobs_newest;
drop index jobs_of_tenant;
drop index jobs_of_vendor;
drop index jobs_of_event;
drop index jobs_of_parent;
drop index jobs_callback;
drop index jobs_forward;
