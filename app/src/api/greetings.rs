//! A vendor's side of a connection, and schemes of one's own.

use crate::{
    error::AppError,
    view::greeting::{ConnectionView, PresetFacts, SchemeDraft},
};
use domain::id::VendorId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What is known of one vendor's side.
#[server(prefix = "/ui", endpoint = "vendor/connection", input = GetUrl)]
pub async fn read_connection(vendor: VendorId) -> Result<ConnectionView, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.greetings.connection(&actor, vendor).await.map_err(seat::named)
}

/// Takes an offered secret and goes to the page that shows it once.
#[server(prefix = "/ui", endpoint = "vendor/offer/accept")]
pub async fn accept_offer(vendor: String, offer: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let vendor = typed::chosen(Field::Vendor, &vendor)?;
    let offer = typed::chosen(Field::Secret, &offer)?;
    let handle = seat::ports()?.greetings.accept_offer(&actor, vendor, offer).await.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(format!("/vendors/added?once={handle}"))));
    Ok(())
}

/// Forgets everything a vendor offered.
#[server(prefix = "/ui", endpoint = "vendor/offer/dismiss")]
pub async fn dismiss_offers(vendor: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let vendor = typed::chosen(Field::Vendor, &vendor)?;
    seat::ports()?.greetings.dismiss_offers(&actor, vendor).await.map_err(seat::named)
}

/// What every preset expects.
#[server(prefix = "/ui", endpoint = "presets/facts", input = GetUrl)]
pub async fn list_facts() -> Result<Vec<PresetFacts>, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.greetings.all_facts(&actor).await.map_err(seat::named)
}

/// What one preset expects.
#[server(prefix = "/ui", endpoint = "preset/facts", input = GetUrl)]
pub async fn read_facts(preset: String) -> Result<PresetFacts, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.greetings.facts(&actor, &preset).await.map_err(seat::named)
}

/// Adds a vendor with a scheme of its own. One that cannot be used comes back with what is wrong, and with what was
/// typed, also without JavaScript.
#[server(prefix = "/ui", endpoint = "vendor/add/custom")]
pub async fn add_custom_vendor(slug: String, scheme: String, secret: Option<String>) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{error::Field, view::connections::NewVendor};
    use std::collections::BTreeMap;
    let actor = seat::configurer()?;
    let ports = seat::ports()?;
    let slug = typed::needed(Field::Slug, &slug)?;
    let scheme = typed::needed(Field::Scheme, &scheme)?;
    let draft = SchemeDraft { slug: slug.clone(), scheme: scheme.clone(), fault: String::new() };
    if let Some(handle) = ports.greetings.keep_draft(&actor, draft).await.map_err(seat::named)? {
        leptos_axum::redirect(&typed::safe_path(Some(format!("/vendors/new/custom?draft={handle}"))));
        return Ok(());
    }
    let new = NewVendor {
        slug,
        preset: String::new(),
        secret: typed::optional(secret),
        secret_later: false,
        scheme: Some(scheme),
    };
    let handle = ports.vendors.add(&actor, new, BTreeMap::new()).await.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(Some(format!("/vendors/added?once={handle}"))));
    Ok(())
}

/// A scheme that somebody is writing.
#[server(prefix = "/ui", endpoint = "vendor/draft", input = GetUrl)]
pub async fn read_draft(handle: String) -> Result<SchemeDraft, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.greetings.draft(&actor, &handle).await.map_err(seat::named)
}
