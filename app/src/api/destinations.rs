//! Where results go.

#![expect(clippy::too_many_arguments, reason = "one argument per field of the form")]

use crate::{error::AppError, view::connections::DestinationPage};
use domain::id::DestinationId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All destinations.
#[server(prefix = "/ui", endpoint = "destinations", input = GetUrl)]
pub async fn list_destinations() -> Result<DestinationPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.destinations.list(&actor).await.map_err(seat::named)
}

/// Adds a destination; goes to the page that shows its secret when one was made, else back to the list.
#[server(prefix = "/ui", endpoint = "destination/add")]
pub async fn add_destination(
    slug: String,
    kind: String,
    url: String,
    auth: Option<String>,
    user: Option<String>,
    password: Option<String>,
    method: Option<String>,
    headers: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::connections::NewDestination,
    };
    let actor = seat::configurer()?;
    let new = NewDestination {
        slug: typed::needed(Field::Slug, &slug)?,
        kind: typed::chosen(Field::Kind, &kind)?,
        url: typed::needed(Field::Url, &url)?,
        auth: typed::maybe(Field::Auth, auth, Reason::Unknown)?,
        user: typed::optional(user),
        password: typed::optional(password),
        method: typed::maybe(Field::Method, method, Reason::Unknown)?,
        headers: typed::optional(headers),
    };
    let handle = seat::ports()?.destinations.add(&actor, new).await.map_err(seat::named)?;
    let next = handle.map(|handle| format!("/destinations/added?once={handle}"));
    leptos_axum::redirect(&typed::safe_path(next.or(Some("/destinations?added=yes".into()))));
    Ok(())
}

/// Calls a destination in a way that changes nothing there. The list shows what was found.
#[server(prefix = "/ui", endpoint = "destination/test")]
pub async fn test_destination(id: DestinationId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.destinations.test(&actor, id).await.map_err(seat::named)?;
    Ok(())
}

/// Switches a destination on (`on=true`) or off.
#[server(prefix = "/ui", endpoint = "destination/switch")]
pub async fn switch_destination(id: DestinationId, on: bool) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.destinations.switch(&actor, id, on).await.map_err(seat::named)
}
