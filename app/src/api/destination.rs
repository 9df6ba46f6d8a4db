//! One destination.

use crate::{
    error::AppError,
    view::destination::{DestinationHead, DestinationView},
};
use domain::id::DestinationId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What its page begins with.
#[server(prefix = "/ui", endpoint = "destination", input = GetUrl)]
pub async fn read_destination(id: DestinationId) -> Result<DestinationHead, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.destination.destination_head(&actor, id).await.map_err(seat::named)
}

/// How it stands now.
#[server(prefix = "/ui", endpoint = "destination/now", input = GetUrl)]
pub async fn read_destination_now(id: DestinationId) -> Result<DestinationView, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.destination.destination_now(&actor, id).await.map_err(seat::named)
}

/// Ends the signing secret that was replaced and still signs; `why` is kept in the audit log.
#[server(prefix = "/ui", endpoint = "destination/end-old")]
pub async fn end_old_secret(id: DestinationId, why: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let why = typed::needed(Field::Why, &why)?;
    seat::ports()?.destination.end_old_secret(&actor, id, why).await.map_err(seat::named)
}

/// Replaces its signing secret and goes to the page that shows the new one once. `overlap_hours`: how long the old one
/// signs, too.
#[server(prefix = "/ui", endpoint = "destination/rotate")]
pub async fn replace_signing_secret(
    id: DestinationId,
    secret: Option<String>,
    overlap_hours: i64,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use domain::time::HOUR;
    let actor = seat::configurer()?;
    let overlap = overlap_hours.saturating_mul(HOUR);
    let destination = seat::ports()?.destination;
    let handle = destination.replace_signing_secret(&actor, id, typed::optional(secret), overlap).await;
    let handle = handle.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(format!("/destinations/rotated?once={handle}"))));
    Ok(())
}
