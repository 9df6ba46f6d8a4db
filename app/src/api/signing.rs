//! What of its preset's options was chosen for a vendor.

use crate::{error::AppError, view::signing::SigningOption};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use std::collections::BTreeMap;

/// The options of one vendor.
#[server(prefix = "/ui", endpoint = "vendor/signing", input = GetUrl)]
pub async fn read_signing(vendor: VendorId) -> Result<Vec<SigningOption>, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.signing.signing(&actor, vendor).await.map_err(seat::named)
}

/// Sets all of those that can be changed. An empty field leaves the preset as it is.
#[server(prefix = "/ui", endpoint = "vendor/signing/set")]
pub async fn set_signing(
    vendor: VendorId,
    #[server(default)] options: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    let actor = seat::configurer()?;
    let options = typed::options(options)?;
    seat::ports()?.signing.set_signing(&actor, vendor, options).await.map_err(seat::named)
}
