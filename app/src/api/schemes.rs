//! A scheme of one's own, after its vendor was added.

use crate::error::AppError;
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// A vendor's scheme as it was written; nothing for one of a preset.
#[server(prefix = "/ui", endpoint = "vendor/scheme", input = GetUrl)]
pub async fn read_scheme(vendor: VendorId) -> Result<Option<String>, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.schemes.scheme(&actor, vendor).await.map_err(seat::named)
}

/// Changes it and goes back to the vendor's page; to what was typed, when that cannot be taken. Whether it was changed.
#[server(prefix = "/ui", endpoint = "vendor/scheme/set")]
pub async fn set_scheme(vendor: VendorId, scheme: String) -> Result<bool, AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let scheme = typed::needed(Field::Scheme, &scheme)?;
    let set = seat::ports()?.schemes.set_scheme(&actor, vendor, scheme).await.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(set.href())));
    Ok(set.draft.is_none())
}
