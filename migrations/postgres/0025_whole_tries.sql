-- A job that succeeds at the first try it began, with nothing to count or to quote, tells all of that try in its own row: who
-- ran it, when it began and ended, and what the far side answered. Such a try, which is most of them, has no row of its own.

-- What the far side answered to the try that succeeded, where the job's row tells it; `node_id` then says who ran it.
alter table jobs add column status integer;

-- Every try that ended, wherever it is told.
create view all_attempts as
select job_id, number, node_id, started_at, finished_at, outcome, error_class, error, status, answer, model, input_tokens,
    output_tokens, cost_micros, next_run_at
from attempts
union all
-- Of the same types, so that what is asked of the view is asked of each table; and the state compared in a way that no index
-- supports, so that a few jobs are looked up by their ids whatever statistics say.
select id, attempt, node_id, started_at, finished_at, 'succeeded'::text, null::text, null::text, status, null::text,
    null::text, 0::bigint, 0::bigint, null::bigint, null::bigint
from jobs where state is not distinct from 'succeeded' and node_id is not null;
