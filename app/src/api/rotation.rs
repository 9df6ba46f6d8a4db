//! The versions of a vendor's secret.

use crate::{error::AppError, view::secrets::Secrets};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The versions and how often each was matched.
#[server(prefix = "/ui", endpoint = "vendor/secrets", input = GetUrl)]
pub async fn read_secrets(vendor: VendorId) -> Result<Secrets, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.rotation.secrets(&actor, vendor).await.map_err(seat::named)
}

/// Adds the next version and goes to the page that shows it once. `overlap_hours`: how long the old one is accepted.
#[server(prefix = "/ui", endpoint = "vendor/rotate")]
pub async fn rotate_secret(
    vendor: VendorId,
    secret: Option<String>,
    overlap_hours: i64,
    force: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use domain::time::HOUR;
    let actor = seat::configurer()?;
    let overlap = overlap_hours.saturating_mul(HOUR);
    let rotation = seat::ports()?.rotation;
    let handle = rotation.rotate(&actor, vendor, typed::optional(secret), overlap, force.is_some()).await;
    let handle = handle.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(format!("/vendors/rotated?once={handle}"))));
    Ok(())
}

/// Lets a retiring version be accepted for `overlap_hours` from now.
#[server(prefix = "/ui", endpoint = "vendor/overlap")]
pub async fn set_overlap(
    vendor: VendorId,
    version: i32,
    overlap_hours: i64,
    force: Option<String>,
) -> Result<(), AppError> {
    use super::seat;
    use domain::time::HOUR;
    let actor = seat::configurer()?;
    let overlap = overlap_hours.saturating_mul(HOUR);
    let rotation = seat::ports()?.rotation;
    rotation.set_overlap(&actor, vendor, version, overlap, force.is_some()).await.map_err(seat::named)
}

/// Ends a version now.
#[server(prefix = "/ui", endpoint = "vendor/revoke")]
pub async fn revoke_secret(vendor: VendorId, version: i32, force: Option<String>) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.rotation.revoke(&actor, vendor, version, force.is_some()).await.map_err(seat::named)
}

/// Sets after how many quiet hours retiring versions end; nothing for never.
#[server(prefix = "/ui", endpoint = "vendor/quiet")]
pub async fn set_quiet_hours(vendor: VendorId, hours: Option<String>) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::{Field, Reason};
    let actor = seat::configurer()?;
    let hours = typed::maybe(Field::QuietHours, hours, Reason::Malformed)?;
    seat::ports()?.rotation.set_quiet_hours(&actor, vendor, hours).await.map_err(seat::named)
}
