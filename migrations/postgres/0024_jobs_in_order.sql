-- The columns of a job in another order. Each change of a row looks whether a column that is part of an index differs from
-- before, and to find a column PostgreSQL walks over all before it, unless those are never null and of one width. So these
-- come first, then what indexes need of the rest.
--
-- The table is written anew: on a large one this takes minutes, and nobody else reads or writes jobs meanwhile.

alter table jobs rename to old_jobs;

create table jobs (
    id              uuid     not null,
    tenant_id       uuid     not null,
    created_at      bigint   not null,
    next_run_at     bigint   not null,
    queue           bigint   not null default 0,
    updated_at      bigint   not null,
    input_tokens    bigint   not null,
    output_tokens   bigint   not null,
    attempt         integer  not null,
    max_attempts    integer  not null,
    priority        smallint not null,
    state           text     not null
        check (state in ('pending', 'running', 'held', 'succeeded', 'failed', 'deadletter', 'cancelled')),
    event_id        uuid,
    lease_until     bigint,
    finished_at     bigint,
    node_id         uuid,
    started_at      bigint,
    line            text,
    held_by         text,
    subject_id      text,
    error_class     text     check (error_class in (
        'timeout', 'connection', 'rate_limited', 'server', 'rejected', 'bad_input', 'bad_answer', 'forbidden',
        'lease_expired', 'internal')),
    reason          text,
    kind            text     not null,
    title           text     not null,
    parent_id       uuid,
    vendor_id       uuid,
    rule_id         uuid,
    provider_id     uuid,
    destination_id  uuid,
    params          text     not null,
    idempotency_key text     not null,
    occurred_at     bigint,
    model           text,
    cost_micros     bigint,
    gives_up_at     bigint
)
with (
    fillfactor = 75,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02
);

insert into jobs (id, tenant_id, created_at, next_run_at, queue, updated_at, input_tokens, output_tokens, attempt,
    max_attempts, priority, state, event_id, lease_until, finished_at, node_id, started_at, line, held_by, subject_id,
    error_class, reason, kind, title, parent_id, vendor_id, rule_id, provider_id, destination_id, params, idempotency_key,
    occurred_at, model, cost_micros, gives_up_at)
select id, tenant_id, created_at, next_run_at, queue, updated_at, input_tokens, output_tokens, attempt,
    max_attempts, priority, state, event_id, lease_until, finished_at, node_id, started_at, line, held_by, subject_id,
    error_class, reason, kind, title, parent_id, vendor_id, rule_id, provider_id, destination_id, params, idempotency_key,
    occurred_at, model, cost_micros, gives_up_at
from old_jobs;

drop table old_jobs;

alter table jobs add primary key (id);
create index jobs_due on jobs (priority, queue, next_run_at, id) where state = 'pending';
create index jobs_leases on jobs (lease_until) where state = 'running';
create index jobs_pending on jobs (created_at desc, id desc, tenant_id) where state = 'pending';
create index jobs_held on jobs (created_at desc, id desc, tenant_id) where state = 'held';
create index jobs_succeeded on jobs (created_at desc, id desc, tenant_id) where state = 'succeeded';
create index jobs_failed on jobs (created_at desc, id desc, tenant_id) where state = 'failed';
create index jobs_deadletter on jobs (created_at desc, id desc, tenant_id) where state = 'deadletter';
create index jobs_cancelled on jobs (created_at desc, id desc, tenant_id) where state = 'cancelled';
create index jobs_held_by on jobs (held_by, created_at, id) where state = 'held' and held_by is not null;
create index jobs_in_line on jobs (line, event_id, id)
    where line is not null and state in ('pending', 'running', 'held');
create index jobs_dead_lately on jobs (tenant_id, finished_at) where state = 'deadletter';

create trigger jobs_made after insert on jobs
    referencing new table as made for each statement execute function job_facts_of_new_jobs();
create trigger jobs_removed after delete on jobs
    referencing old table as removed for each statement execute function job_facts_of_removed_jobs();

-- What a job is never changes, so it is checked where that is kept, once instead of at each change.
alter table job_facts add check (of_kind in ('generate', 'publish', 'callback', 'forward'));
