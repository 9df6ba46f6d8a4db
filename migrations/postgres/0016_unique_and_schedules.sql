-- Work that is not done twice, and work that is done at set times.

-- Which job a piece of work belongs to. Two that would do the same meet at this row: whoever comes second waits for it
-- and then finds the first one's job.
create table unique_jobs (
    key        bytea  not null primary key,
    job_id     uuid   not null,
    made_at    bigint not null,
    -- When nobody asks for it any more.
    forget_at  bigint not null
);

create index unique_jobs_old on unique_jobs (forget_at);

-- Which jobs did already what an event asked for. Apart from `events`, so that others pay nothing for it.
create table repeated_work (
    event_id uuid not null,
    job_id   uuid not null,
    primary key (event_id, job_id)
);

create index repeated_work_of_job on repeated_work (job_id, event_id);

-- An event that is made at set times, as if its vendor had sent it.
create table schedules (
    id            uuid    not null primary key,
    tenant_id     uuid    not null references tenants (id),
    vendor_id     uuid    not null references vendors (id),
    slug          text    not null,
    event_type    text    not null,
    subject_id    text,
    payload       text    not null,
    -- Which times: `cron …` or `every … s`.
    pace          text    not null,
    enabled       boolean not null,
    -- When it is due. Whoever makes the event moves it on in the same transaction, if nobody else did.
    next_at       bigint  not null,
    last_at       bigint,
    last_event_id uuid,
    created_at    bigint  not null,
    created_by    text    not null,
    unique (tenant_id, slug)
);

create index schedules_due on schedules (next_at) where enabled;

-- Which events a schedule made. Its name stands here, too: the schedule may be gone when somebody asks.
create table scheduled_events (
    event_id    uuid   not null primary key,
    schedule_id uuid   not null,
    slug        text   not null,
    due_at      bigint not null,
    -- Who made it ahead of its time; nobody when it was due.
    run_by      text
);
