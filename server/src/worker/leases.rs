//! Leases: which jobs this node holds, keeping them, and taking over what other nodes lost.

use crate::{clock::SharedClock, http::health::Health};
use domain::id::{JobId, NodeId};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Jobs taken over in one go.
const BATCH: i64 = 500;

/// The jobs this node holds, each with the means to stop it.
#[derive(Default)]
pub struct Held {
    /// A std mutex: held for one map operation, never across an await.
    jobs: Mutex<HashMap<JobId, CancellationToken>>,
}

impl Held {
    /// Notes a job; the token is cancelled when its lease is lost.
    pub fn add(&self, job: JobId) -> CancellationToken {
        let token = CancellationToken::new();
        self.lock().insert(job, token.clone());
        token
    }

    /// Forgets a job that ended.
    pub fn remove(&self, job: JobId) {
        self.lock().remove(&job);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn ids(&self) -> Vec<JobId> {
        self.lock().keys().copied().collect()
    }

    fn stop(&self, job: JobId) {
        if let Some(token) = self.lock().remove(&job) {
            token.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancellationToken>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a part of its own; a struct would only rename the list"
)]
/// Extends the leases of held jobs three times per lease, and takes over expired ones, until `stop`.
pub async fn keep(
    store: Arc<dyn Store>,
    clock: SharedClock,
    node: NodeId,
    lease: Duration,
    held: Arc<Held>,
    wake: Arc<Notify>,
    health: Arc<Health>,
    stop: CancellationToken,
) {
    let micros = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
    loop {
        health.note_worker();
        let ids = held.ids();
        if !ids.is_empty() {
            match store.extend_leases(node, &ids, clock.now().plus(micros)).await {
                Ok(lost) => {
                    for job in lost {
                        tracing::warn!(job.id = %job, "the lease of a running job was lost; it is stopped here");
                        held.stop(job);
                    }
                }
                Err(error) => tracing::warn!(%error, jobs = ids.len(), "leases could not be extended"),
            }
        }
        match store.recover_expired(clock.now(), BATCH).await {
            Ok(jobs) if jobs.is_empty() => {}
            Ok(jobs) => {
                tracing::warn!(jobs = jobs.len(), "jobs of a node that went away are due again");
                metrics::counter!("tidegate_leases_expired_total").increment(jobs.len() as u64);
                wake.notify_one();
            }
            Err(error) => tracing::warn!(%error, "expired leases could not be looked for"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(lease / 3)).await.is_none() {
            return;
        }
    }
}
