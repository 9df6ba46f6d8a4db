//! Leases: which jobs this node holds, keeping them, and taking over what other nodes lost.

use super::lease_time::LeaseTime;
use crate::{by_itself, clock::SharedClock, http::health::Health, wake::Wake};
use domain::{
    id::{JobId, NodeId},
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use store::{Parked, Store};
use tokio_util::sync::CancellationToken;

/// Jobs taken over in one go.
const BATCH: i64 = 500;

/// One try of a job, as the database names it. A try that is put off is uncounted, so the next one has the same name.
pub type Try = (JobId, i32);

/// A try under the lease it was claimed with. Whoever looked at a lease speaks of that one alone, and not of a later one of
/// the same name.
#[derive(Clone)]
pub struct Lease {
    number: u64,
    /// The try.
    pub of: Try,
    /// Cancelled when the lease is lost.
    pub lost: CancellationToken,
}

/// The tries this node holds, each with the means to stop it.
#[derive(Default)]
pub struct Held {
    /// By the numbers of their leases. A std mutex: held for one map operation, never across an await.
    leases: Mutex<HashMap<u64, Lease>>,
    next: AtomicU64,
}

impl Held {
    /// Notes a try that was just claimed.
    pub fn add(&self, of: Try) -> Lease {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let lease = Lease { number, of, lost: CancellationToken::new() };
        self.lock().insert(number, lease.clone());
        lease
    }

    /// Forgets a try that ended.
    pub fn remove(&self, lease: &Lease) {
        self.lock().remove(&lease.number);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stops all of them.
    pub fn stop_all(&self) {
        for (_, lease) in self.lock().drain() {
            lease.lost.cancel();
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Lease> {
        self.lock().values().cloned().collect()
    }

    /// Stops a try if it still runs; one that ended meanwhile lost nothing.
    pub fn stop(&self, lease: &Lease) {
        if let Some(lease) = self.lock().remove(&lease.number) {
            lease.lost.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a part of its own; a struct would only rename the list"
)]
/// Extends the leases of held jobs three times per lease, and takes over expired ones, until `stop`.
pub async fn keep(
    store: Arc<dyn Store>,
    (clock, time): (SharedClock, Arc<LeaseTime>),
    node: NodeId,
    lease: Duration,
    held: Arc<Held>,
    wake: Arc<Wake>,
    health: Arc<Health>,
    stop: CancellationToken,
) {
    loop {
        health.note_worker();
        time.look(store.as_ref()).await;
        let leases = held.all();
        let extended = extend(store.as_ref(), node, &held, &leases, time.until()).await;
        // A node that could not keep its own leases must not take them for another's and run its jobs twice.
        if extended && time.may_judge() {
            recover(store.as_ref(), time.now(), clock.now(), &wake).await;
        }
        if stop.run_until_cancelled(tokio::time::sleep(lease / 3)).await.is_none() {
            return;
        }
    }
}

/// Extends these leases; `false` when that could not be done.
async fn extend(store: &dyn Store, node: NodeId, held: &Held, leases: &[Lease], until: Timestamp) -> bool {
    if leases.is_empty() {
        return true;
    }
    let ids: Vec<JobId> = leases.iter().map(|lease| lease.of.0).collect();
    match store.extend_leases(node, &ids, until).await {
        Ok(lost) => {
            for lease in leases.iter().filter(|lease| lost.contains(&lease.of.0)) {
                held.stop(lease);
            }
            true
        }
        Err(error) => {
            tracing::warn!(%error, jobs = ids.len(), "leases could not be extended");
            false
        }
    }
}

/// Makes the jobs of nodes that went away due again, or parks them.
async fn recover(store: &dyn Store, over: Timestamp, now: Timestamp, wake: &Wake) {
    let parked = move |job: &Parked| {
        tracing::warn!(job.id = %job.id, "a job is held: its node died twice while it ran");
        by_itself::audit(now, job.tenant_id, "job.park", job.id, job.reason.as_str())
    };
    match store.recover_over(over, now, BATCH, &parked).await {
        Ok(jobs) if jobs.is_empty() => {}
        Ok(jobs) => {
            tracing::warn!(jobs = jobs.len(), "jobs of a node that went away are due again");
            metrics::counter!("tidegate_leases_expired_total").increment(jobs.len() as u64);
            wake.ring();
        }
        Err(error) => tracing::warn!(%error, "expired leases could not be looked for"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_was_seen_of_a_try_that_was_put_off_does_not_stop_the_next_one_of_the_same_name() {
        let (held, one) = (Held::default(), (JobId::new(Uuid::nil()), 1));
        held.add(one);
        let seen = held.all();
        // Put off and claimed again before it is forgotten, and before what was seen is acted upon.
        let again = held.add(one);
        held.remove(&seen[0]);
        assert_eq!(held.len(), 1, "its lease is kept");
        held.stop(&seen[0]);
        assert!(!again.lost.is_cancelled());
        held.stop(&again);
        assert!(again.lost.is_cancelled() && held.is_empty());
    }
}
