//! AI APIs.

use crate::{error::AppError, view::connections::ProviderPage};
use domain::id::ProviderId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All providers.
#[server(prefix = "/ui", endpoint = "providers", input = GetUrl)]
pub async fn list_providers() -> Result<ProviderPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.providers.list(&actor).await.map_err(seat::named)
}

/// Adds a provider and goes back to the list.
#[server(prefix = "/ui", endpoint = "provider/add")]
pub async fn add_provider(
    slug: String,
    kind: String,
    model: String,
    base_url: Option<String>,
    key: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{error::Field, view::connections::NewProvider};
    let actor = seat::configurer()?;
    let new = NewProvider {
        slug: typed::needed(Field::Slug, &slug)?,
        kind: typed::chosen(Field::Kind, &kind)?,
        model: typed::needed(Field::Model, &model)?,
        base_url: typed::optional(base_url),
        key: typed::optional(key),
    };
    seat::ports()?.providers.add(&actor, new).await.map_err(seat::named)?;
    leptos_axum::redirect("/providers?added=yes");
    Ok(())
}

/// Switches a provider on (`on=true`) or off.
#[server(prefix = "/ui", endpoint = "provider/switch")]
pub async fn switch_provider(id: ProviderId, on: bool) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.providers.switch(&actor, id, on).await.map_err(seat::named)
}
