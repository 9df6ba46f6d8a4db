-- The queue and what came of it.

create table jobs (
    id              uuid    not null primary key,
    tenant_id       uuid    not null,
    event_id        uuid,
    parent_id       uuid,
    kind            text    not null check (kind in ('generate', 'publish', 'callback', 'forward')),
    state           text    not null
        check (state in ('pending', 'running', 'held', 'succeeded', 'failed', 'deadletter', 'cancelled')),
    title           text    not null,
    vendor_id       uuid,
    rule_id         uuid,
    provider_id     uuid,
    destination_id  uuid,
    params          text    not null,
    idempotency_key text    not null,
    attempt         integer not null,
    max_attempts    integer not null,
    priority        smallint not null,
    next_run_at     bigint  not null,
    node_id         uuid,
    lease_until     bigint,
    reason          text,
    error_class     text    check (error_class in (
        'timeout', 'connection', 'rate_limited', 'server', 'rejected', 'bad_input', 'bad_answer', 'forbidden',
        'lease_expired', 'internal')),
    subject_id      text,
    occurred_at     bigint,
    model           text,
    input_tokens    bigint  not null,
    output_tokens   bigint  not null,
    cost_micros     bigint,
    created_at      bigint  not null,
    started_at      bigint,
    finished_at     bigint,
    updated_at      bigint  not null
)
-- Rows are rewritten when claimed and when finished: room in the page keeps the new version near the old one, and
-- vacuum comes after hundreds of dead rows, not after a fifth of the table.
with (
    fillfactor = 75,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02
);

-- The state of a job changes three times in its life, so it is no key of any index: it only decides in which of
-- the partial ones a job stands.
create index jobs_due on jobs (priority, next_run_at, id) where state = 'pending';
create index jobs_leases on jobs (lease_until) where state = 'running';

-- Lists are read newest first, of one tenant or of all.
create index jobs_newest on jobs (created_at desc, id desc);
create index jobs_of_tenant on jobs (tenant_id, created_at desc, id desc);
create index jobs_of_vendor on jobs (vendor_id, created_at desc, id desc) where vendor_id is not null;
create index jobs_of_event on jobs (event_id, created_at, id) where event_id is not null;
create index jobs_of_parent on jobs (parent_id, created_at, id) where parent_id is not null;

-- States and kinds that are looked for among very many other jobs. `tenant_id` comes last so that one index
-- serves both the list of all tenants and that of one.
create index jobs_pending on jobs (created_at desc, id desc, tenant_id) where state = 'pending';
create index jobs_held on jobs (created_at desc, id desc, tenant_id) where state = 'held';
create index jobs_succeeded on jobs (created_at desc, id desc, tenant_id) where state = 'succeeded';
create index jobs_failed on jobs (created_at desc, id desc, tenant_id) where state = 'failed';
create index jobs_deadletter on jobs (created_at desc, id desc, tenant_id) where state = 'deadletter';
create index jobs_cancelled on jobs (created_at desc, id desc, tenant_id) where state = 'cancelled';
create index jobs_callback on jobs (created_at desc, id desc, tenant_id) where kind = 'callback';
create index jobs_forward on jobs (created_at desc, id desc, tenant_id) where kind = 'forward';

-- A try that was put aside or given back is uncounted and leaves no row, so numbers cannot collide.
create table attempts (
    job_id        uuid    not null,
    number        integer not null,
    node_id       uuid    not null,
    started_at    bigint  not null,
    finished_at   bigint  not null,
    outcome       text    not null
        check (outcome in ('succeeded', 'retry', 'failed', 'deadletter', 'held', 'lost')),
    error_class   text    check (error_class in (
        'timeout', 'connection', 'rate_limited', 'server', 'rejected', 'bad_input', 'bad_answer', 'forbidden',
        'lease_expired', 'internal')),
    error         text,
    status        integer,
    answer        text,
    model         text,
    input_tokens  bigint  not null,
    output_tokens bigint  not null,
    cost_micros   bigint,
    next_run_at   bigint,
    primary key (job_id, number)
);

create table results (
    job_id uuid    not null primary key,
    result text    not null
);
