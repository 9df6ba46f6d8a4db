//! What each chore does. All of them may be stopped between any two steps and done again.

use crate::{clock::SharedClock, live::LiveConfig, retention, tokens, worker::retire::retire};
use domain::{
    chore::ChoreName,
    connection::OFFER_LASTS,
    time::{DAY, HOUR},
};
use store::{Store, StoreError};

/// What breakers count is kept this long, in microseconds: longer than any window.
const KEEP_CALLS: i64 = 2 * HOUR;
/// Counters are kept this long, in microseconds.
const KEEP_COUNTERS: i64 = 35 * DAY;
/// Which event about a subject was published last is kept this long, in microseconds: later than this no older event
/// about it is expected.
const KEEP_SUBJECTS: i64 = 90 * DAY;
/// Keys of unique work that are forgotten in one transaction.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// Does a chore; how much it removed.
///
/// # Errors
/// When the database fails; what was removed until then stays removed.
pub async fn work(
    name: ChoreName,
    store: &dyn Store,
    live: &LiveConfig,
    clock: &SharedClock,
) -> Result<u64, StoreError> {
    let now = clock.now();
    match name {
        ChoreName::Sessions => store.delete_expired_sessions(now).await,
        ChoreName::SeenValues => store.forget_seen(now).await,
        ChoreName::Offers => store.forget_offers(now.plus(-OFFER_LASTS)).await,
        ChoreName::Counters => store.forget_counters(now.plus(-KEEP_COUNTERS)).await,
        ChoreName::BreakerCalls => store.forget_calls(now.plus(-KEEP_CALLS)).await,
        ChoreName::UniqueKeys => {
            let mut forgotten = 0;
            loop {
                let batch = store.forget_unique(now, FORGOTTEN_AT_ONCE).await?;
                forgotten += batch;
                if batch < FORGOTTEN_AT_ONCE.unsigned_abs() {
                    return Ok(forgotten);
                }
            }
        }
        ChoreName::Subjects => store.forget_subjects(now.plus(-KEEP_SUBJECTS)).await,
        ChoreName::RetiringSecrets => {
            let ended = retire(store, live, now).await?;
            Ok(ended as u64 + store.forget_retired(now).await?)
        }
        ChoreName::TokenKeys => tokens::forget(store, now).await,
        ChoreName::Retention => retention::forget(store, live, clock).await,
    }
}
