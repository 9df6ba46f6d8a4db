//! Claiming: how many jobs are taken at once, and of which queues. Does not run them.
//!
//! As many are taken as slots are free, and as many more as ended quickly since the last time: while jobs are quick, one
//! claim serves many of them; slow ones are left to other nodes.

use super::lease_time::LeaseTime;
use crate::{clock::SharedClock, live::LiveConfig};
use domain::{
    id::NodeId,
    job::Job,
    queue,
    time::{SECOND, Timestamp},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{Store, StoreError};

/// Longest time between two looks at the queue: nobody is told of a job that falls due.
const LONGEST: Duration = Duration::from_millis(500);
/// Shortest pause.
const SHORTEST: Duration = Duration::from_millis(1);
/// Pause where jobs are due that may not be taken: their limit is reached, or another node is just taking them.
const BLOCKED: Duration = Duration::from_millis(50);

/// A job that took less than this is quick, in microseconds: another one can wait for its slot.
const QUICK: i64 = SECOND / 10;

/// What one look at the queues gave.
pub enum Claimed {
    /// These jobs, held by this node now.
    Jobs(Vec<Job>),
    /// Nothing; it is no use to look again for this long, unless somebody says so.
    Nothing(Duration),
}

/// What claims jobs for one node.
pub struct Claims {
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    node: NodeId,
    leases: Arc<LeaseTime>,
    /// Jobs that ended quickly since the last claim.
    ended: AtomicUsize,
    /// The queue that was served last.
    last: AtomicI64,
}

impl Claims {
    /// For `node`, whose claims last as `leases` says.
    pub fn new(
        store: Arc<dyn Store>,
        live: Arc<LiveConfig>,
        clock: SharedClock,
        node: NodeId,
        leases: Arc<LeaseTime>,
    ) -> Self {
        Self { store, live, clock, node, leases, ended: AtomicUsize::new(0), last: AtomicI64::new(i64::MIN) }
    }

    /// Takes note that a job ended that was begun at `began`.
    pub fn note_ended(&self, began: Timestamp) {
        if self.clock.now().since(began) < QUICK {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Claims for `free` slots, and no more than `ahead` jobs that wait for a slot to become free.
    pub async fn claim(&self, free: usize, ahead: usize) -> Claimed {
        let ahead = self.ended.swap(0, Ordering::Relaxed).min(ahead);
        match self.take(i64::try_from(free + ahead).unwrap_or(i64::MAX)).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "no jobs could be claimed");
                Claimed::Nothing(LONGEST)
            }
        }
    }

    async fn take(&self, room: i64) -> Result<Claimed, StoreError> {
        let snapshot = self.live.now();
        let limits = snapshot.work_limits();
        let heads = self.store.queues().await?;
        let now = self.clock.now();
        let last = self.last.load(Ordering::Relaxed);
        let takes = queue::share(&heads, room, now, last, |head| queue::weight(head, limits));
        let Some(first) = takes.first() else {
            return Ok(Claimed::Nothing(pause(heads.iter().map(|head| head.due_at).min(), now)));
        };
        let served = takes.iter().rev().find(|take| take.head.priority == first.head.priority);
        if let Some(take) = served {
            self.last.store(take.head.number, Ordering::Relaxed);
        }
        let jobs = self.store.claim_from(self.node, &takes, room, limits, now, self.leases.until()).await?;
        Ok(if jobs.is_empty() { Claimed::Nothing(BLOCKED) } else { Claimed::Jobs(jobs) })
    }
}

/// How long the queues can be left alone whose first job is due then.
fn pause(due: Option<Timestamp>, now: Timestamp) -> Duration {
    let until = due.map_or(LONGEST, |due| Duration::from_micros(due.since(now).max(0).unsigned_abs()));
    until.clamp(SHORTEST, LONGEST)
}
