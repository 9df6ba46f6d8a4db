//! The audit log.

use crate::{error::AppError, view::audit::AuditPage};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// One page of the log. A cursor that cannot be read begins at the newest.
#[server(prefix = "/ui", endpoint = "audit", input = GetUrl)]
pub async fn read_audit(
    actor: Option<String>,
    action: Option<String>,
    target: Option<String>,
    cursor: Option<String>,
) -> Result<AuditPage, AppError> {
    use super::seat;
    use crate::view::audit::ENTRIES_PER_PAGE;
    use domain::audit::AuditFilter;
    let who = seat::configurer()?;
    let filter = AuditFilter { actor, action, target };
    let cursor = cursor.and_then(|text| text.parse().ok());
    seat::ports()?.audit.page(&who, &filter, cursor, ENTRIES_PER_PAGE).await.map_err(seat::named)
}
