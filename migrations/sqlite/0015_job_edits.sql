-- Which jobs were made from which others, with something changed. Apart from `jobs`, so that others pay nothing for it.

create table job_edits (
    job_id    blob not null primary key,
    origin_id blob not null
) strict, without rowid;

create index job_edits_of_origin on job_edits (origin_id, job_id);
