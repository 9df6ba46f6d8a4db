//! Forgetting what is no longer needed. What a tenant wants forgotten of its own is [`crate::retention`]'s.

use crate::{clock::SharedClock, live::LiveConfig, retention, tokens};
use domain::{
    connection::OFFER_LASTS,
    time::{DAY, HOUR},
};
use std::{sync::Arc, time::Duration};
use store::Store;
use tokio_util::sync::CancellationToken;

/// Expired sessions and old counters are forgotten this often.
const TIDY_EVERY: Duration = Duration::from_secs(600);
/// What breakers count is kept this long, in microseconds: longer than any window.
const KEEP_CALLS: i64 = 2 * HOUR;
/// Counters are kept this long, in microseconds.
const KEEP_COUNTERS: i64 = 35 * DAY;
/// Which event about a subject was published last is kept this long, in microseconds: later than this no older event
/// about it is expected.
const KEEP_SUBJECTS: i64 = 90 * DAY;
/// Keys of unique work that are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Forgets what is old, again and again until `stop`.
pub async fn keep(store: Arc<dyn Store>, live: Arc<LiveConfig>, clock: SharedClock, stop: CancellationToken) {
    loop {
        let now = clock.now();
        let done = async {
            store.delete_expired_sessions(now).await?;
            store.forget_seen(now).await?;
            store.forget_offers(now.plus(-OFFER_LASTS)).await?;
            store.forget_counters(now.plus(-KEEP_COUNTERS)).await?;
            store.forget_calls(now.plus(-KEEP_CALLS)).await?;
            store.forget_retired(now).await?;
            tokens::forget(store.as_ref(), now).await?;
            while store.forget_unique(now, FORGOTTEN_AT_ONCE).await? >= FORGOTTEN_AT_ONCE as u64 {}
            store.forget_subjects(now.plus(-KEEP_SUBJECTS)).await?;
            retention::forget(store.as_ref(), &live, &clock).await
        };
        match stop.run_until_cancelled(done).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!(%error, "old rows could not be forgotten"),
            None => return,
        }
        if stop.run_until_cancelled(tokio::time::sleep(TIDY_EVERY)).await.is_none() {
            return;
        }
    }
}
