-- Queues that take turns, and limits of work.

-- Jobs of one vendor that call the same far side stand in one queue; its number is worked out from both. Those made
-- before stand in one queue together.
alter table jobs add column queue integer not null default 0;

drop index jobs_due;
create index jobs_due on jobs (priority, queue, next_run_at, id) where state = 'pending';

-- Jobs of a rule that wants order stand in a line: those about one subject run one after the other, as their events
-- came. Others are in none.
alter table jobs add column line text;
create index jobs_in_line on jobs (line, event_id, id)
    where line is not null and state in ('pending', 'running', 'held');

-- What is set for a vendor, a destination or a provider: `target` is its id. Null for no limit.
create table work_limits (
    target     text    not null primary key,
    tenant_id  blob    not null references tenants (id),
    at_once    integer,
    per_minute integer,
    weight     integer not null
) strict, without rowid;
