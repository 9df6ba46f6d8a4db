//! What of a vendor's requests is never stored.

use crate::{
    error::AppError,
    view::{payload::Reading, redaction::VendorPrivacy},
};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The rules of a vendor, and how its tenant keeps payloads.
#[server(prefix = "/ui", endpoint = "vendor/privacy", input = GetUrl)]
pub async fn read_vendor_privacy(vendor: VendorId) -> Result<VendorPrivacy, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.redaction.of_vendor(&actor, vendor).await.map_err(seat::named)
}

/// The vendor's last event as it would be stored under these rules.
#[server(prefix = "/ui", endpoint = "vendor/redaction/preview", input = GetUrl)]
pub async fn preview_redaction(
    vendor: VendorId,
    pointers: Option<String>,
    headers: Option<String>,
    fields: Option<String>,
) -> Result<Option<Reading>, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let rules = rules(pointers, headers, fields)?;
    seat::ports()?.redaction.preview(&actor, vendor, rules).await.map_err(seat::named)
}

/// Replaces the rules of a vendor and goes back to its page.
#[server(prefix = "/ui", endpoint = "vendor/redaction")]
pub async fn set_redaction(
    vendor: VendorId,
    pointers: Option<String>,
    headers: Option<String>,
    fields: Option<String>,
    back: String,
) -> Result<(), AppError> {
    use super::{seat, typed};
    let actor = seat::configurer()?;
    let rules = rules(pointers, headers, fields)?;
    seat::ports()?.redaction.set(&actor, vendor, rules).await.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(back)));
    Ok(())
}

/// Rules as they were typed, one a line.
#[cfg(feature = "ssr")]
fn rules(
    pointers: Option<String>,
    headers: Option<String>,
    fields: Option<String>,
) -> Result<domain::redaction::Redaction, AppError> {
    use crate::error::{Field, Reason};
    use domain::redaction::Redaction;
    let wrong = |field| move |_| AppError::invalid(field, Reason::Malformed);
    let [pointers, headers, fields] = [pointers, headers, fields].map(Option::unwrap_or_default);
    // Apart, so that the error stands at its field.
    let pointers = Redaction::read(pointers.lines(), [], []).map_err(wrong(Field::Pointers))?.pointers;
    let headers = Redaction::read([], headers.lines(), []).map_err(wrong(Field::Headers))?.headers;
    let fields = Redaction::read([], [], fields.lines()).map_err(wrong(Field::FormFields))?.fields;
    Ok(Redaction { pointers, headers, fields })
}
