//! The queue as the worker sees it. The order of work is here; the statements that lock or take whole batches
//! are each database's own (`locking`, `insert`).
//!
//! Whoever changes several jobs locks them in the order of their ids, or skips those that are locked, so that
//! no two transactions wait for each other.

use super::{
    Adapter, Database, LOCK, along, audit, delivery, finish, insert, is_one_of, lines, locking, rows,
    work_limits,
};
use crate::{
    CounterDelta, Finished, MOST_QUEUES, Next, Parked, ParkedEntry, QueueStore, Result,
    batch::{self, Change},
};
use async_trait::async_trait;
use domain::{
    id::{JobId, NodeId, TenantId},
    job::{Job, JobResult},
    limit::WorkLimit,
    queue::{Place, QueueHead, Take},
    time::Timestamp,
};
use sqlx::QueryBuilder;
use std::collections::HashSet;

/// What people read of a job whose node went away.
const LOST: &str = "the node that ran it went away";
/// What people read of a job that was lost twice.
const POISON: &str = "its node died twice while it ran";
/// Condition of a job that was lost before; its newest try is not yet among the kept ones.
const LOST_BEFORE: &str = "exists (select 1 from attempts where attempts.job_id = jobs.id and attempts.outcome = 'lost' \
         and attempts.number < jobs.attempt)";

/// The columns of `ended`, from which [`change_by_end`] is made, in the order they are bound.
macro_rules! ended_columns {
    () => {
        "job_id, number, node, state, uncount, run_at, why, class, answered_by, tokens_in, tokens_out, cost, began, \
         ended_at, holder, plain, status"
    };
}
pub(super) use ended_columns;

/// What the end of a try changes in its job, whatever the end was. Where it was a plain success and the first try that began,
/// the row tells all of it from then on: `node_id` stays. When it was changed comes after it.
macro_rules! change_by_end {
    () => {
        "state = ended.state, \
         attempt = jobs.attempt - ended.uncount, \
         next_run_at = coalesce(ended.run_at, jobs.next_run_at), \
         node_id = case when ended.plain and jobs.started_at is null then jobs.node_id end, \
         status = case when ended.plain and jobs.started_at is null then ended.status end, \
         lease_until = null, \
         reason = ended.why, \
         held_by = ended.holder, \
         error_class = ended.class, \
         model = coalesce(ended.answered_by, jobs.model), \
         input_tokens = jobs.input_tokens + ended.tokens_in, \
         output_tokens = jobs.output_tokens + ended.tokens_out, \
         cost_micros = coalesce(jobs.cost_micros + ended.cost, ended.cost, jobs.cost_micros), \
         started_at = coalesce(jobs.started_at, ended.began), \
         finished_at = ended.ended_at"
    };
}
pub(super) use change_by_end;

/// The columns of `ended` where all succeeded and [`change_by_success`] is made from them, in the order they are bound.
macro_rules! success_columns {
    () => {
        "job_id, number, node, began, ended_at, status"
    };
}
pub(super) use success_columns;

/// The same where all are plain successes.
macro_rules! change_by_success {
    () => {
        "state = 'succeeded', \
         node_id = case when jobs.started_at is null then jobs.node_id end, \
         status = case when jobs.started_at is null then ended.status end, \
         lease_until = null, \
         reason = null, \
         held_by = null, \
         error_class = null, \
         started_at = coalesce(jobs.started_at, ended.began), \
         finished_at = ended.ended_at"
    };
}
pub(super) use change_by_success;

/// ` where` the named jobs are held by `node`, locked in the order of their ids.
pub(super) fn held_by(statement: &mut QueryBuilder<Database>, node: NodeId, jobs: &[JobId]) {
    statement.push(" where id in (select id from jobs where id");
    is_one_of(statement, jobs.iter().map(|id| id.uuid()));
    statement
        .push(" and state = 'running' and node_id = ")
        .push_bind(node.uuid())
        .push(" order by id")
        .push(LOCK)
        .push(")");
}

/// The first due job of each queue.
///
/// Two looks at the index per queue: from the first job of each to the first of the next, which has the same priority or
/// the next one. (Compared as a pair, SQLite would pass by every job of a queue to find the end of it.)
pub(super) fn push_heads(heads: &mut QueryBuilder<Database>) {
    heads.push("with recursive head (id) as (select (select id from jobs");
    along(heads, "jobs_due");
    heads.push(
        " where state = 'pending' order by priority, queue, next_run_at, id limit 1)
         union all
         select coalesce((select next.id from jobs as next",
    );
    along(heads, "jobs_due");
    heads.push(
        " where next.state = 'pending' and next.priority = jobs.priority and next.queue > jobs.queue
             order by next.queue, next.next_run_at, next.id limit 1), (select next.id from jobs as next",
    );
    along(heads, "jobs_due");
    heads.push(
        " where next.state = 'pending' and next.priority > jobs.priority
             order by next.priority, next.queue, next.next_run_at, next.id limit 1))
         from head join jobs on jobs.id = head.id)
         select jobs.id as id, priority, queue, next_run_at, tenant_id, vendor_id, kind, provider_id, destination_id
         from head join jobs on jobs.id = head.id limit ",
    );
}

#[async_trait]
impl QueueStore for Adapter {
    async fn queues(&self) -> Result<Vec<QueueHead>> {
        let mut heads = QueryBuilder::<Database>::new("");
        push_heads(&mut heads);
        heads.push_bind(MOST_QUEUES);
        let mut heads = rows::all(&heads.build().fetch_all(&self.read).await?, rows::queue_head)?;
        heads.sort_unstable_by_key(|head| (head.priority, head.number));
        Ok(heads)
    }

    async fn queues_behind(&self, known: &[Place]) -> Result<Vec<QueueHead>> {
        self.heads_behind(known).await
    }

    async fn claim_from(
        &self,
        node: NodeId,
        takes: &[Take],
        room: i64,
        limits: &[WorkLimit],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Job>> {
        let mut jobs = if limits.iter().any(WorkLimit::counts) {
            let mut transaction = self.begin_claim().await?;
            let mut limited = work_limits::rooms(&mut transaction, limits, now).await?;
            let takes = work_limits::within(takes, &mut limited);
            if takes.is_empty() {
                return Ok(Vec::new());
            }
            let claimed = locking::claim(&mut transaction, node, &takes, room, now, lease_until).await?;
            let jobs = rows::all(&claimed, rows::job)?;
            work_limits::spend(&mut transaction, &limited, &jobs, now).await?;
            transaction.commit().await?;
            jobs
        } else {
            rows::all(&self.claim_at_once(node, takes, room, now, lease_until).await?, rows::job)?
        };
        jobs.sort_unstable_by_key(|job| (job.priority, job.next_run_at, job.id));
        Ok(jobs)
    }

    async fn extend_leases(
        &self,
        node: NodeId,
        jobs: &[JobId],
        lease_until: Timestamp,
    ) -> Result<Vec<JobId>> {
        let mut transaction = self.begin_hasty().await?;
        // `updated_at` stays: it says when the try began, should this lease end without a word.
        let mut extend = QueryBuilder::new("update jobs set lease_until = ");
        extend.push_bind(lease_until.0);
        held_by(&mut extend, node, jobs);
        extend.push(" returning id");
        let held = extend.build_query_scalar().fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let held: HashSet<_> = held.into_iter().map(JobId::new).collect();
        Ok(jobs.iter().copied().filter(|job| !held.contains(job)).collect())
    }

    async fn finish(
        &self,
        batch: &[Finished],
        now: Timestamp,
        counters: &[CounterDelta],
    ) -> Result<Vec<bool>> {
        let changes = batch::changes(batch);
        // Durable, because the answer of a paid call must not be lost and asked for again.
        let mut transaction = self.begin_finish().await?;
        let ended = finish::finish(&mut transaction, &changes, now).await?;
        let mut held: HashSet<_> = ended.iter().map(|ended| (ended.job, ended.number)).collect();
        let mut results = Vec::new();
        let mut follow_up = Vec::new();
        let mut done = HashSet::new();
        for finished in changes.iter().map(|Change { finished, .. }| *finished) {
            let Next::Succeeded { result, then } = &finished.next else { continue };
            if !held.contains(&(finished.attempt.job_id, finished.attempt.number)) {
                continue;
            }
            done.insert(finished.attempt.job_id);
            follow_up.extend(then);
            if *result != JobResult::default() {
                results.push((finished.attempt.job_id, result));
            }
        }
        insert::results(&mut transaction, &results).await?;
        insert::jobs(&mut transaction, &follow_up).await?;
        insert::counters(&mut transaction, counters).await?;
        let about_something = ended.iter().filter(|ended| ended.about_something).map(|ended| ended.job);
        let (done, others): (Vec<_>, Vec<_>) = about_something.partition(|job| done.contains(job));
        delivery::end_turns(&mut transaction, &done, &others, now).await?;
        let mut lines: Vec<String> = ended.into_iter().filter_map(|ended| ended.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines::move_up(&mut transaction, &lines, now).await?;
        transaction.commit().await?;
        // Taken out, so that the second report of a try is told that it changed nothing.
        Ok(batch.iter().map(|one| held.remove(&(one.attempt.job_id, one.attempt.number))).collect())
    }

    async fn give_back(&self, node: NodeId, jobs: &[JobId], now: Timestamp) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        let mut give = QueryBuilder::new(
            "update jobs set state = 'pending', attempt = attempt - 1, node_id = null, lease_until = null,
                 updated_at = ",
        );
        give.push_bind(now.0);
        held_by(&mut give, node, jobs);
        give.build().execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn tries_held(&self, node: NodeId, jobs: &[JobId]) -> Result<Vec<(JobId, i32)>> {
        let mut held = QueryBuilder::new("select id, attempt from jobs where id");
        is_one_of(&mut held, jobs.iter().map(|id| id.uuid()));
        held.push(" and state = 'running' and node_id = ").push_bind(node.uuid());
        rows::all(&held.build().fetch_all(&self.read).await?, |row| {
            Ok((rows::get(row, "id").map(JobId::new)?, rows::get(row, "attempt")?))
        })
    }

    async fn recover_over(
        &self,
        over: Timestamp,
        now: Timestamp,
        limit: i64,
        parked: &ParkedEntry,
    ) -> Result<Vec<JobId>> {
        let mut transaction = self.begin().await?;
        let expired = locking::expired(&mut transaction, over, limit).await?;
        if expired.is_empty() {
            return Ok(expired);
        }
        let mut keep = QueryBuilder::new(
            "insert into attempts (job_id, number, node_id, started_at, finished_at, outcome, error_class,
                 error, input_tokens, output_tokens, next_run_at)
             select id, attempt, node_id, updated_at, ",
        );
        keep.push_bind(now.0).push(", 'lost', 'lease_expired', ").push_bind(LOST);
        keep.push(format_args!(", 0, 0, case when attempt < max_attempts and not {LOST_BEFORE} then "));
        keep.push_bind(now.0);
        keep.push(" end from jobs where id");
        is_one_of(&mut keep, expired.iter().map(|id| id.uuid()));
        keep.build().execute(&mut *transaction).await?;

        let mut free = QueryBuilder::new(
            "update jobs set node_id = null, lease_until = null, error_class = 'lease_expired',
                 started_at = coalesce(started_at, updated_at), state = ",
        );
        let by_fate = |free: &mut QueryBuilder<Database>, spent: &str, poison: &str, again: &str| {
            free.push(format_args!(
                "case when attempt >= max_attempts then {spent} when {LOST_BEFORE} then {poison} else {again} end"
            ));
        };
        by_fate(&mut free, "'deadletter'", "'held'", "'pending'");
        free.push(", held_by = ");
        by_fate(&mut free, "null", "'poison'", "null");
        free.push(", reason = ");
        by_fate(&mut free, &format!("'{LOST}'"), &format!("'{POISON}'"), &format!("'{LOST}'"));
        free.push(", next_run_at = case when attempt < max_attempts then ").push_bind(now.0);
        free.push(" else next_run_at end, finished_at = case when attempt >= max_attempts then ");
        free.push_bind(now.0).push(" end, updated_at = ").push_bind(now.0);
        free.push(" where id");
        is_one_of(&mut free, expired.iter().map(|id| id.uuid()));
        free.build().execute(&mut *transaction).await?;

        let mut poison =
            QueryBuilder::new("select id, tenant_id, reason from jobs where held_by = 'poison' and id");
        is_one_of(&mut poison, expired.iter().map(|id| id.uuid()));
        let poison = rows::all(&poison.build().fetch_all(&mut *transaction).await?, |row| {
            Ok(Parked {
                id: rows::get(row, "id").map(JobId::new)?,
                tenant_id: rows::get(row, "tenant_id").map(TenantId::new)?,
                reason: rows::get(row, "reason")?,
            })
        })?;
        for job in &poison {
            audit::write(&mut transaction, &parked(job)).await?;
        }
        transaction.commit().await?;
        Ok(expired)
    }
}
