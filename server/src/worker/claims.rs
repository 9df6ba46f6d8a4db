//! Claiming: how many jobs are taken at once, and of which queues. Does not run them.
//!
//! As many are taken as slots are free, and as many more as ended quickly since the last time: while jobs are quick, one
//! claim serves many of them; slow ones are left to other nodes. While jobs run and few wait, claims rest in between: jobs
//! that come one by one are claimed together then, which costs the database less for each.

use super::lease_time::LeaseTime;
use crate::{clock::SharedClock, live::LiveConfig, wake::Wake};
use domain::{
    id::NodeId,
    job::Job,
    limit::WorkLimit,
    look::Look,
    queue,
    time::{SECOND, Timestamp},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{Store, StoreError};
use tokio::time::Instant;

/// Pause after a claim that failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);
/// Pause where jobs are due that may not be taken: their limit is reached, or another node is just taking them.
const BLOCKED: Duration = Duration::from_millis(50);

/// How many times what it cost a claim is followed by a rest that brought less than there was room for.
const REST: u32 = 4;
/// Longest rest.
const LONGEST_REST: Duration = Duration::from_millis(20);

/// A job that took less than this is quick, in microseconds: another one can wait for its slot.
const QUICK: i64 = SECOND / 10;

/// What one look at the queues gave.
pub enum Claimed {
    /// These jobs, held by this node now.
    Jobs(Vec<Job>),
    /// Nothing; it is no use to look again for this long, unless somebody says so.
    Nothing(Duration),
}

/// What is known of the queues before a claim.
struct Known {
    seen: Option<(Look, Instant)>,
    /// Whether that is of use for more than to begin the next look.
    is_good: bool,
    /// Whether the next look must be at whole queues.
    whole: bool,
}

/// What claims jobs for one node.
pub struct Claims {
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    node: NodeId,
    leases: Arc<LeaseTime>,
    wake: Arc<Wake>,
    /// What is known of the queues, and when they were looked at.
    look: Mutex<Option<(Look, Instant)>>,
    /// While jobs run nothing is claimed before this.
    rests_until: Mutex<Option<Instant>>,
    /// Jobs that ended quickly since the last claim.
    ended: AtomicUsize,
    /// The queue that was served last.
    last: AtomicI64,
}

impl Claims {
    /// For `node`, whose claims last as `leases` says; `wake` tells of new work.
    pub fn new(
        store: Arc<dyn Store>,
        live: Arc<LiveConfig>,
        clock: SharedClock,
        node: NodeId,
        leases: Arc<LeaseTime>,
        wake: Arc<Wake>,
    ) -> Self {
        let (look, ended, last) = (Mutex::default(), AtomicUsize::new(0), AtomicI64::new(i64::MIN));
        Self { store, live, clock, node, leases, wake, look, rests_until: Mutex::default(), ended, last }
    }

    /// Takes note that a job ended that was begun at `began`.
    pub fn note_ended(&self, began: Timestamp) {
        if self.clock.now().since(began) < QUICK {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Claims for `free` of `all` slots, and no more than `all` jobs that wait for a slot to become free.
    pub async fn claim(&self, free: usize, all: usize) -> Claimed {
        let rest = self.rests_until().map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(rest) = rest.filter(|rest| free < all && !rest.is_zero()) {
            return Claimed::Nothing(rest);
        }
        let ahead = self.ended.swap(0, Ordering::Relaxed).min(all);
        let began = Instant::now();
        let room = free + ahead;
        let claimed = self.take(i64::try_from(room).unwrap_or(i64::MAX)).await;
        let few = matches!(&claimed, Ok(Claimed::Jobs(jobs)) if jobs.len() < room);
        let rest = (began.elapsed() * REST).min(LONGEST_REST);
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = few.then(|| Instant::now() + rest);
        match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "no jobs could be claimed");
                Claimed::Nothing(AFTER_FAILURE)
            }
        }
    }

    fn rests_until(&self) -> Option<Instant> {
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take(&self, room: i64) -> Result<Claimed, StoreError> {
        let snapshot = self.live.now();
        let limits = snapshot.work_limits();
        let Known { seen: mut known, mut is_good, whole } = self.known();
        loop {
            let (mut look, at) = match known {
                Some(known) if is_good => known,
                before => {
                    let before = before.map(|(look, _)| look);
                    (self.store.look(before, whole, &|| self.clock.now()).await?, Instant::now())
                }
            };
            let now = self.clock.now();
            let last = self.last.load(Ordering::Relaxed);
            let takes = queue::share(look.heads(), room, now, last, |head| queue::weight(head, limits));
            let Some(first) = takes.first() else {
                let rest = look.rest(at.elapsed(), now);
                self.keep(look, at);
                return Ok(Claimed::Nothing(rest));
            };
            let served = takes.iter().rev().find(|take| take.head.priority == first.head.priority);
            if let Some(take) = served {
                self.last.store(take.head.number, Ordering::Relaxed);
            }
            let jobs =
                self.store.claim_from(self.node, &takes, room, limits, now, self.leases.until()).await?;
            if limits.iter().any(WorkLimit::counts) {
                // What a limit kept back is still there; so the queues are looked at again.
                look.outdate();
            } else {
                look.move_on(&takes, room, &jobs);
            }
            if !jobs.is_empty() || !is_good {
                self.keep(look, at);
                return Ok(if jobs.is_empty() { Claimed::Nothing(BLOCKED) } else { Claimed::Jobs(jobs) });
            }
            (known, is_good) = (Some((look, at)), false);
        }
    }

    fn known(&self) -> Known {
        let mut seen = self.look.lock().unwrap_or_else(PoisonError::into_inner).take();
        let news = self.wake.news();
        let is_good = seen.as_ref().is_some_and(|(look, at)| !news.is_more() && look.is_good(at.elapsed()));
        if let Some((look, _)) = &mut seen {
            news.heads.into_iter().for_each(|head| look.add(head));
        }
        Known { seen, is_good, whole: news.anywhere }
    }

    fn keep(&self, look: Look, at: Instant) {
        *self.look.lock().unwrap_or_else(PoisonError::into_inner) = Some((look, at));
    }
}
