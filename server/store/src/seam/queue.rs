//! The queue as the worker sees it: claim under a lease, finish in batches, recover what was lost.
//! A job counts as held by a node only while its row says `running`, that node and that attempt number, so a
//! node that lost its lease can change nothing.

use super::{AuditEntry, CounterDelta, Result};
use async_trait::async_trait;
use domain::{
    attempt::Attempt,
    holder::Holder,
    id::{JobId, NodeId, TenantId},
    job::{Job, JobResult},
    limit::WorkLimit,
    look::Look,
    outcome::ErrorClass,
    queue::{Place, QueueHead, Take, share},
    time::Timestamp,
};
use std::time::Instant;

/// A job that is held, because nodes went away while they ran it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Which.
    pub id: JobId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Why, for people.
    pub reason: String,
}

/// The entry of the audit log about a job that is parked.
pub type ParkedEntry = dyn Fn(&Parked) -> AuditEntry + Send + Sync;

/// How a try ended and what happens next.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The try; names job, number and node.
    pub attempt: Attempt,
    /// What happens next.
    pub next: Next,
}

/// What happens to a job after a try.
#[derive(Clone, Debug)]
pub enum Next {
    /// It worked: keep the result and start these jobs, in the same transaction.
    Succeeded {
        /// What it made.
        result: JobResult,
        /// Jobs that go on from here.
        then: Vec<Job>,
    },
    /// Try again.
    Retry {
        /// Not before.
        at: Timestamp,
        /// Why, in plain words.
        reason: String,
        /// What kind of error it was.
        class: ErrorClass,
    },
    /// An error that trying again cannot mend.
    Failed {
        /// Why, in plain words.
        reason: String,
        /// What kind of error it was.
        class: ErrorClass,
    },
    /// The last try failed.
    Deadletter {
        /// Why, in plain words.
        reason: String,
        /// What kind of error it was.
        class: ErrorClass,
    },
    /// Put aside without counting the try. The try leaves no row: its number will be given again.
    Held {
        /// Why, in plain words.
        reason: String,
        /// What holds it.
        by: Holder,
    },
}

/// Queues that are looked at when work is shared. Where jobs wait in more, the last of the least urgent ones wait until
/// others are empty.
pub const MOST_QUEUES: i64 = 2_000;

/// The queue.
#[async_trait]
pub trait QueueStore: Send + Sync {
    /// The first job of every queue in which jobs wait, in the order of priority and number; of the most urgent
    /// [`MOST_QUEUES`].
    async fn queues(&self) -> Result<Vec<QueueHead>>;
    /// The same for whoever knows the queues: in those that are named, which are in order, what does not stand before the
    /// place; of others whatever there is. It costs no more where very many jobs were taken before those places that still
    /// stand in the index (as old versions, which PostgreSQL keeps while a transaction stays open).
    async fn queues_behind(&self, known: &[Place]) -> Result<Vec<QueueHead>>;
    /// Looks at the queues: at `whole` ones, or behind what is known of them `before` where that is good enough.
    async fn look(
        &self,
        before: Option<Look>,
        whole: bool,
        clock: &(dyn Fn() -> Timestamp + Sync),
    ) -> Result<Look> {
        let began = Instant::now();
        let before = before.unwrap_or_default();
        let known = if whole { None } else { before.known(clock()) };
        let heads = match &known {
            Some(known) => self.queues_behind(known).await?,
            None => self.queues().await?,
        };
        let cost = i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX);
        Ok(match known {
            Some(_) => before.behind(heads, cost, clock()),
            None => before.whole(heads, cost, clock()),
        })
    }
    /// Takes due jobs of these queues, no more than `room` in all and those of the first queues first; marks them
    /// `running` for `node` with a lease and counts the try. What is limited is taken no faster and no more at once
    /// than its limits allow, whatever other nodes take at the same moment. Two claims at once never return the same
    /// job. What came into a queue before the head that is named may be left to a claim after the next look.
    async fn claim_from(
        &self,
        node: NodeId,
        takes: &[Take],
        room: i64,
        limits: &[WorkLimit],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Job>>;
    /// Takes up to `limit` due jobs where nothing is limited and all queues weigh the same, most urgent first.
    async fn claim(
        &self,
        node: NodeId,
        limit: i64,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Job>> {
        let mut jobs: Vec<Job> = Vec::new();
        loop {
            let room = limit.saturating_sub(i64::try_from(jobs.len()).unwrap_or(limit));
            let takes = share(&self.queues().await?, room, now, i64::MIN, |_| 1);
            let more = match takes.is_empty() {
                true => Vec::new(),
                false => self.claim_from(node, &takes, room, &[], now, lease_until).await?,
            };
            if more.is_empty() {
                jobs.sort_unstable_by_key(|job| (job.priority, job.next_run_at, job.id));
                return Ok(jobs);
            }
            jobs.extend(more);
        }
    }
    /// When the next pending job falls due; `None` when nothing is pending.
    async fn next_due(&self) -> Result<Option<Timestamp>> {
        Ok(self.queues().await?.iter().map(|head| head.due_at).min())
    }
    /// Extends the leases of these running jobs of `node`; returns those it no longer holds.
    async fn extend_leases(&self, node: NodeId, jobs: &[JobId], lease_until: Timestamp)
    -> Result<Vec<JobId>>;
    /// Writes how tries ended, all in one transaction. The answer says, in order, whether each was still held
    /// by its node; for the others nothing is written.
    async fn finish(
        &self,
        batch: &[Finished],
        now: Timestamp,
        counters: &[CounterDelta],
    ) -> Result<Vec<bool>>;
    /// Returns claimed jobs that were never begun to the queue, uncounting the try.
    async fn give_back(&self, node: NodeId, jobs: &[JobId], now: Timestamp) -> Result<()>;
    /// Which of these jobs `node` still holds, and in which try. A look, not a lock.
    async fn tries_held(&self, node: NodeId, jobs: &[JobId]) -> Result<Vec<(JobId, i32)>>;
    /// Finds running jobs whose lease ended, keeps the try as `lost`, and makes them pending again, or dead
    /// letters when their tries are spent. One that was lost before is held: it may be what ends its nodes; `parked` is the
    /// entry that tells of it. At most `limit` at a time. Leases are judged at `over`, by the clock they were made with; what becomes of the jobs is
    /// written by `now`, by the clock that says when jobs are due.
    async fn recover_over(
        &self,
        over: Timestamp,
        now: Timestamp,
        limit: i64,
        parked: &ParkedEntry,
    ) -> Result<Vec<JobId>>;
}
