//! What a vendor may send.

use crate::{error::AppError, view::limits::VendorLimits};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The limits of one vendor.
#[server(prefix = "/ui", endpoint = "vendor/limits", input = GetUrl)]
pub async fn read_limits(vendor: VendorId) -> Result<VendorLimits, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.limits.limits(&actor, vendor).await.map_err(seat::named)
}

/// Sets all of them. An empty field sets no limit; an empty size sets the preset's.
#[server(prefix = "/ui", endpoint = "vendor/limits/set")]
pub async fn set_limits(
    vendor: VendorId,
    allow: Option<String>,
    rate: Option<String>,
    burst: Option<String>,
    max_body: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::limits::NewLimits,
    };
    let actor = seat::configurer()?;
    let max_body = typed::optional(max_body)
        .map(|text| domain::bytes::parse(&text))
        .transpose()
        .map_err(|_| AppError::invalid(Field::MaxBody, Reason::Malformed))?;
    let new = NewLimits {
        allow: allow.unwrap_or_default(),
        rate: typed::maybe(Field::PerSecond, rate, Reason::Malformed)?,
        burst: typed::maybe(Field::Burst, burst, Reason::Malformed)?,
        max_body,
    };
    seat::ports()?.limits.set_limits(&actor, vendor, new).await.map_err(seat::named)
}
