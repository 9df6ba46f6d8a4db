-- Delivery: how endpoints are called, why a destination was switched off, until when a job is tried, and which event
-- about a subject was published last.

alter table destinations add column method text not null default 'post' check (method in ('post', 'put'));
-- Set when it was not a person who switched it off.
alter table destinations add column off_reason text;

-- What is sealed of a destination beside its password or secret: the headers its calls carry, and the signing secret
-- before the one in use, which signs too until `not_after`.
create table destination_parts (
    destination_id blob    not null references destinations (id) on delete cascade,
    part           text    not null check (part in ('headers', 'retiring')),
    not_after      integer,
    created_at     integer not null,
    sealed         blob    not null,
    primary key (destination_id, part)
) strict, without rowid;

-- Null for jobs made before: those give up the usual time after they were made.
alter table jobs add column gives_up_at integer;

-- One row per result a destination keeps up to date. `occurred_at` and `event_id` are those of what was published
-- last; the others belong to the job that is publishing now, and nobody else's turn comes until it ended or `until`.
create table subjects (
    destination_id   blob    not null,
    external_id      text    not null,
    occurred_at      integer,
    event_id         blob,
    job_id           blob,
    job_occurred_at  integer,
    job_event_id     blob,
    until            integer,
    touched_at       integer not null,
    primary key (destination_id, external_id)
) strict, without rowid;

create index subjects_of_job on subjects (job_id) where job_id is not null;
create index subjects_by_age on subjects (touched_at);
