//! Leases: which jobs this node holds, keeping them, and taking over what other nodes lost.

use super::lease_time::LeaseTime;
use crate::{by_itself, clock::SharedClock, http::health::Health, wake::Wake};
use domain::{
    id::{JobId, NodeId},
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Parked, Store};
use tokio_util::sync::CancellationToken;

/// Jobs taken over in one go.
const BATCH: i64 = 500;

/// One try of a job: the same job can be lost and claimed again by the same node.
pub type Try = (JobId, i32);

/// The tries this node holds, each with the means to stop it.
#[derive(Default)]
pub struct Held {
    /// A std mutex: held for one map operation, never across an await.
    tries: Mutex<HashMap<Try, CancellationToken>>,
}

impl Held {
    /// Notes a try; the token is cancelled when its lease is lost.
    pub fn add(&self, one: Try) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(one, token.clone());
        token
    }

    /// Forgets a try that ended.
    pub fn remove(&self, one: Try) {
        self.lock().remove(&one);
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
        for (_, token) in self.lock().drain() {
            token.cancel();
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Try> {
        self.lock().keys().copied().collect()
    }

    /// Stops a try if it still runs; one that ended meanwhile lost nothing.
    pub fn stop(&self, one: Try) {
        if let Some(token) = self.lock().remove(&one) {
            token.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Try, CancellationToken>> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
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
        let tries = held.all();
        let extended = extend(store.as_ref(), node, &held, &tries, time.until()).await;
        // A node that could not keep its own leases must not take them for another's and run its jobs twice.
        if extended && time.may_judge() {
            recover(store.as_ref(), time.now(), clock.now(), &wake).await;
        }
        if stop.run_until_cancelled(tokio::time::sleep(lease / 3)).await.is_none() {
            return;
        }
    }
}

/// Extends the leases of these tries; `false` when that could not be done.
async fn extend(store: &dyn Store, node: NodeId, held: &Held, tries: &[Try], until: Timestamp) -> bool {
    if tries.is_empty() {
        return true;
    }
    let ids: Vec<JobId> = tries.iter().map(|(job, _)| *job).collect();
    match store.extend_leases(node, &ids, until).await {
        Ok(lost) => {
            for one in tries.iter().filter(|(job, _)| lost.contains(job)) {
                held.stop(*one);
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
