//! A destination that says it is gone (410) is switched off: the jobs that wait for it are held, not lost, until an admin
//! mends its address or switches it on again.

use crate::{
    by_itself,
    clock::SharedClock,
    live::{LiveConfig, LiveDestination},
    wake::Wake,
};
use domain::{id::NodeId, time::MINUTE};
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// The status that says so.
pub const STATUS: u16 = 410;

/// Switches a destination off that answered with 410. Returns whether it is off now.
pub async fn switch_off(
    store: &dyn Store,
    live: &LiveConfig,
    clock: &SharedClock,
    gone: &LiveDestination,
) -> bool {
    let destination = &gone.destination;
    let now = clock.now();
    let reason = format!("It answered that it is gone (410) on {}.", now.rfc3339());
    let detail = "switched off, because it answered 410; its jobs are held";
    let audit = by_itself::audit(now, destination.tenant_id, "destination.gone", &destination.slug, detail);
    match store.switch_destination(destination.id, false, Some(&reason), now, &audit).await {
        Ok(()) => {
            tracing::warn!(destination = %destination.slug, "a destination is gone; it is switched off and its jobs are held");
            if let Err(error) = live.reload().await {
                tracing::warn!(%error, "a destination was switched off; this node notices it a moment later");
            }
            true
        }
        // Another job of it was quicker.
        Err(StoreError::NotFound) => true,
        Err(error) => {
            tracing::warn!(%error, destination = %destination.slug, "a destination that is gone could not be switched off yet");
            false
        }
    }
}

/// How often jobs are looked for that were held while their target was being switched on.
const EVERY: Duration = Duration::from_secs(60);
/// How long the turn of a node lasts: another takes over when it missed two.
const TURN: i64 = 3 * MINUTE;
/// Jobs released at a time.
const BATCH: i64 = 1_000;

/// Puts jobs back in the queue that were held while their target was being switched on, until `stop`. The others come
/// back with the change itself. One node at a time does it.
pub async fn keep_releasing(
    store: Arc<dyn Store>,
    clock: SharedClock,
    node: NodeId,
    wake: Arc<Wake>,
    stop: CancellationToken,
) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let now = clock.now();
        let released = match store.take_turn("release-switched-on", node, now, now.plus(TURN)).await {
            Ok(true) => store.release_switched_on(now, BATCH).await,
            Ok(false) => Ok(0),
            Err(error) => Err(error),
        };
        match released {
            Ok(0) => {}
            Ok(jobs) => {
                tracing::info!(jobs, "jobs go on whose target is switched on");
                wake.ring();
            }
            Err(error) => tracing::warn!(%error, "jobs whose target is switched on could not be looked for"),
        }
    }
}
