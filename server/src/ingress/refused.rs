//! Keeping what was turned away, so that a person can see why. Bounded in memory and in the database, and never in
//! the way of an answer: what does not fit is only counted.

use domain::refusal::RefusedRequest;
use std::{sync::Arc, time::Duration};
use store::Store;
use tokio::sync::mpsc;

/// Refused requests kept per vendor.
pub const KEEP_PER_VENDOR: i64 = 200;
/// Refused requests that may wait to be written.
const MAX_WAITING: usize = 2_000;
/// A flood of forged requests costs one transaction per this time, not one each.
const WRITE_EVERY: Duration = Duration::from_millis(100);

/// Where refused requests go.
#[derive(Clone)]
pub struct RefusedLog {
    queue: mpsc::Sender<RefusedRequest>,
}

impl RefusedLog {
    /// Starts the writer; it ends with the last sender.
    pub fn start(store: Arc<dyn Store>) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, mut waiting) = mpsc::channel(MAX_WAITING);
        let writer = tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, MAX_WAITING).await > 0 {
                if let Err(error) = store.record_refused(&batch, KEEP_PER_VENDOR, &[]).await {
                    tracing::warn!(%error, requests = batch.len(), "refused requests could not be kept");
                }
                batch.clear();
                tokio::time::sleep(WRITE_EVERY).await;
            }
        });
        (Self { queue }, writer)
    }

    /// Keeps a refused request if there is room.
    pub fn keep(&self, request: RefusedRequest) {
        if self.queue.try_send(request).is_err() {
            metrics::counter!("tidegate_refused_not_kept_total").increment(1);
        }
    }
}
