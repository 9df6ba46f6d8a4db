//! Values that count once, remembered across nodes: who captures a signature that does not cover the event cannot
//! send another event under it. The same event again is no replay; it is answered as any repetition.

use crate::http::problem::Problem;
use axum::http::StatusCode;
use domain::{id::VendorId, time::SECOND, time::Timestamp};
use signature::Once;
use store::Store;

/// Refuses a value that was seen with another event.
///
/// # Errors
/// 401 `replayed`, and 503 when the database cannot say.
pub async fn check(store: &dyn Store, vendor: VendorId, once: &Once, now: Timestamp) -> Result<(), Problem> {
    let forget_at = now.plus(i64::from(once.seconds) * SECOND);
    match store.see_once(vendor, &once.value, &once.content, now, forget_at).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "replayed",
            "What is signed here came before with another event. It counts once.",
        )),
        Err(error) => {
            tracing::warn!(%error, "whether a value was seen before could not be found out");
            Err(super::receive::cannot_store())
        }
    }
}
