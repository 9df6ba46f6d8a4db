-- What is decided per vendor, and what is needed to keep to it.

-- JSON; what is not in it has its default.
alter table vendors add column policy text not null default '{}';

-- One row per token bucket, shared by all nodes. A bucket is one number: the moment it will be full again if nothing
-- more is taken from it. Taking from it moves the moment on.
create table buckets (
    name    text   not null primary key,
    full_at bigint not null
);
