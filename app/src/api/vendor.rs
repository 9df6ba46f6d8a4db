//! One sender of webhooks.

use crate::{
    error::AppError,
    view::vendor::{VendorFigures, VendorHead},
};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The vendor of this name.
#[server(prefix = "/ui", endpoint = "vendor", input = GetUrl)]
pub async fn read_vendor(slug: String, tenant: Option<String>) -> Result<VendorHead, AppError> {
    use super::{seat, typed};
    use crate::view::vendor::VendorAddress;
    let actor = seat::actor()?;
    let at = VendorAddress { slug, tenant: typed::optional(tenant) };
    seat::ports()?.vendor.head(&actor, &at).await.map_err(seat::named)
}

/// What it sent lately.
#[server(prefix = "/ui", endpoint = "vendor/figures", input = GetUrl)]
pub async fn read_vendor_figures(vendor: VendorId) -> Result<VendorFigures, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.vendor.figures(&actor, vendor).await.map_err(seat::named)
}

/// Lets its URL answer, or not.
#[server(prefix = "/ui", endpoint = "vendor/switch")]
pub async fn switch_vendor(vendor: VendorId, enabled: bool) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.vendor.switch(&actor, vendor, enabled).await.map_err(seat::named)
}
