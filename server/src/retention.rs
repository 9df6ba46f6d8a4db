//! Removing what is older than its tenant keeps it, in small batches, so that nothing waits long for them.

use crate::{clock::SharedClock, live::LiveConfig};
use domain::time::DAY;
use std::time::Duration;
use store::{Store, StoreError};

/// Events of one transaction.
const BATCH: i64 = 200;
/// Batches of one tenant in one round; the rest waits for the next.
const BATCHES: usize = 500;
/// What everybody else is left between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Removes what is too old, of every tenant that says how long it keeps its events; how many events and refused requests
/// that were.
///
/// # Errors
/// When the database fails; what was removed until then stays removed.
pub async fn forget(store: &dyn Store, live: &LiveConfig, clock: &SharedClock) -> Result<u64, StoreError> {
    let snapshot = live.now();
    let kept = snapshot.tenants().filter_map(|tenant| {
        let days = snapshot.privacy(tenant.id)?.privacy.keep_days?;
        Some((tenant.id, clock.now().plus(-i64::from(days).saturating_mul(DAY))))
    });
    let mut removed = 0;
    for (tenant, before) in kept {
        let (mut events, mut refused) = (0, 0);
        for _ in 0..BATCHES {
            let batch = store.forget_events(tenant, before, BATCH).await?;
            events += batch.events;
            refused += batch.refused;
            if batch.events < BATCH as u64 && batch.refused < BATCH as u64 {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        removed += events + refused;
        if events + refused > 0 {
            tracing::info!(tenant = %tenant, events, refused, "what is older than the tenant keeps it was removed");
        }
    }
    Ok(removed)
}
