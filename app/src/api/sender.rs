//! Links to the page for a vendor's engineer, and what a vendor was refused for. The page itself is served without
//! server functions: it has no script.

use crate::{
    error::AppError,
    view::sender::{SenderLink, VendorRefusals},
};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What a vendor was refused for lately.
#[server(prefix = "/ui", endpoint = "vendor/refusals", input = GetUrl)]
pub async fn list_refusals(vendor: VendorId) -> Result<VendorRefusals, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.sender.refusals(&actor, vendor).await.map_err(seat::named)
}

/// A link to a vendor's sender page. Giving one out is audited, so it is a POST although it reads.
#[server(prefix = "/ui", endpoint = "sender/link")]
pub async fn make_sender_link(vendor: VendorId) -> Result<SenderLink, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.sender.link(&actor, vendor).await.map_err(seat::named)
}

/// Ends all links to a vendor's sender page that were given out until now.
#[server(prefix = "/ui", endpoint = "sender/end")]
pub async fn end_sender_links(vendor: VendorId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.sender.end_links(&actor, vendor).await.map_err(seat::named)?;
    leptos_axum::redirect(&format!("/requests?vendor={vendor}&ended=yes"));
    Ok(())
}
