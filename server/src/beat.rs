//! Saying that this node lives, and looking how full the queue is. What comes of a full queue is `ingress::pressure`'s.
//! Apart, because a process says at once that it lives, and looks a moment later.

use crate::{clock::SharedClock, ingress::pressure::Pressure};
use domain::{job::JobState, time::Timestamp};
use std::{sync::Arc, time::Duration};
use store::{Node, Store};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often.
const BEAT: Duration = Duration::from_secs(2);
/// After a look at the queue so many times what it cost passes before the next: while a transaction stays open that keeps
/// PostgreSQL from clearing old versions of jobs away, each look passes by all of them.
const WORTH: u32 = 16;
/// But no longer than this: so old may be what is known of a queue that is too full.
const LONGEST: Duration = Duration::from_secs(10);

/// Says that `node` lives, again and again until `stop`.
pub async fn keep(store: Arc<dyn Store>, clock: SharedClock, mut node: Node, stop: CancellationToken) {
    loop {
        node.heartbeat_at = clock.now();
        if let Err(error) = store.heartbeat(&node).await {
            tracing::warn!(%error, "the heartbeat could not be written");
        }
        if stop.run_until_cancelled(tokio::time::sleep(BEAT)).await.is_none() {
            return;
        }
    }
}

/// Looks how full the queue is, again and again until `stop`.
pub async fn look(
    store: Arc<dyn Store>,
    clock: SharedClock,
    pressure: Arc<Pressure>,
    stop: CancellationToken,
) {
    loop {
        let began = Instant::now();
        let counts = store.state_counts(None, pressure.limit()).await;
        if let Ok(counts) = &counts {
            for (state, count) in counts {
                metrics::gauge!("tidegate_jobs", "state" => state.as_str()).set(*count as f64);
            }
            let waiting = counts.iter().find(|(state, _)| *state == JobState::Pending);
            press(store.as_ref(), &pressure, clock.now(), waiting.map_or(0, |(_, count)| *count)).await;
        }
        if let Ok(oldest) = store.oldest_due(None, clock.now()).await {
            let age = oldest.map_or(0, |due| clock.now().since(due).max(0));
            metrics::gauge!("tidegate_queue_oldest_seconds").set(age as f64 / 1e6);
        }
        // One that failed is soon made again, whatever it waited for.
        let rest = if counts.is_ok() { (began.elapsed() * WORTH).clamp(BEAT, LONGEST) } else { BEAT };
        if stop.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
    }
}

/// Notes how many wait; whose they are matters only when there are too many.
async fn press(store: &dyn Store, pressure: &Pressure, now: Timestamp, waiting: i64) {
    if waiting < pressure.limit() {
        return pressure.relieve(now, waiting);
    }
    match store.waiting_by_tenant().await {
        Ok(tenants) => {
            let total = tenants.iter().map(|(_, count)| count).sum();
            pressure.note(now, total, tenants.into_iter().collect());
        }
        Err(error) => tracing::warn!(%error, "nobody knows whose jobs fill the queue; the last look counts"),
    }
}
