//! Senders of webhooks, and the secrets that are shown once.

use crate::{
    error::AppError,
    view::connections::{PresetChoice, Revealed, VendorPage},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};
use std::collections::BTreeMap;

/// All vendors.
#[server(prefix = "/ui", endpoint = "vendors", input = GetUrl)]
pub async fn list_vendors() -> Result<VendorPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.vendors.list(&actor).await.map_err(seat::named)
}

/// The presets one can choose.
#[server(prefix = "/ui", endpoint = "presets", input = GetUrl)]
pub async fn list_presets() -> Result<Vec<PresetChoice>, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.vendors.presets(&actor).await.map_err(seat::named)
}

/// Adds a vendor and goes to the page that shows its URL and secret once. `options` are those of its preset, by name.
#[server(prefix = "/ui", endpoint = "vendor/add")]
pub async fn add_vendor(
    slug: String,
    preset: String,
    secret: Option<String>,
    secret_later: Option<String>,
    #[server(default)] options: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{error::Field, view::connections::NewVendor};
    let actor = seat::configurer()?;
    let new = NewVendor {
        slug: typed::needed(Field::Slug, &slug)?,
        preset: typed::needed(Field::Preset, &preset)?,
        secret: typed::optional(secret),
        // A box that is not ticked is not sent at all.
        secret_later: secret_later.is_some(),
        scheme: None,
    };
    let options = typed::options(options)?;
    // Tidegate itself needs neither URL nor secret, so there is nothing to show once.
    let page = (new.preset == domain::news::PRESET).then(|| format!("/vendors/{}", new.slug));
    let handle = seat::ports()?.vendors.add(&actor, new, options).await.map_err(seat::named)?;
    let page = page.unwrap_or_else(|| format!("/vendors/added?once={handle}"));
    leptos_axum::redirect(&typed::safe_path(Some(page)));
    Ok(())
}

/// What a handle stands for. Takes it away, so it is a POST although it reads.
#[server(prefix = "/ui", endpoint = "reveal")]
pub async fn reveal(handle: String) -> Result<Revealed, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.reveal.reveal_once(&actor, &handle).await.map_err(seat::named)
}
