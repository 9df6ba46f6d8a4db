//! Event types: the catalogue, schemas in versions, mappings, and releasing what waits for them.

use crate::{
    error::AppError,
    view::types::{ShapeReport, TypePage, TypesPage},
};
use domain::{id::EventId, schema::SchemaMode};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The catalogue, of all vendors or of one.
#[server(prefix = "/ui", endpoint = "types", input = GetUrl)]
pub async fn list_types(vendor: Option<String>) -> Result<TypesPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.types.catalogue(&actor, vendor.as_deref()).await.map_err(seat::named)
}

/// One type; `draft` names a text that could not be saved.
#[server(prefix = "/ui", endpoint = "type", input = GetUrl)]
pub async fn read_type(
    vendor: String,
    event_type: String,
    draft: Option<String>,
) -> Result<TypePage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.types.page(&actor, &vendor, &event_type, draft.as_deref()).await.map_err(seat::named)
}

/// What is known of the shape of one event's payload.
#[server(prefix = "/ui", endpoint = "shape", input = GetUrl)]
pub async fn read_shape(event: EventId) -> Result<ShapeReport, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.types.shape(&actor, event).await.map_err(seat::named)
}

/// Saves a schema and goes back to the type, or to what is wrong with it.
#[server(prefix = "/ui", endpoint = "schema/save")]
pub async fn save_schema(vendor: String, event_type: Option<String>, text: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    let text = typed::needed(Field::Schema, &text.replace("\r\n", "\n"))?;
    let saved = seat::ports()?.types.save_schema(&actor, &vendor, &event_type, text).await;
    back(&vendor, &event_type, saved.map_err(seat::named)?, "schema");
    Ok(())
}

/// Learns a schema from stored events and goes back to the type.
#[server(prefix = "/ui", endpoint = "schema/learn")]
pub async fn learn_schema(
    vendor: String,
    event_type: Option<String>,
    samples: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::types::Saved,
    };
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    let samples = typed::maybe(Field::Samples, samples, Reason::Malformed)?.unwrap_or(50);
    let learned = seat::ports()?.types.learn_schema(&actor, &vendor, &event_type, samples).await;
    back(&vendor, &event_type, Saved::Version(learned.map_err(seat::named)?), "schema");
    Ok(())
}

/// Uses another version or mode of a schema.
#[server(prefix = "/ui", endpoint = "schema/use")]
pub async fn use_schema(
    vendor: String,
    event_type: Option<String>,
    version: Option<i32>,
    mode: Option<SchemaMode>,
) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    seat::ports()?
        .types
        .use_schema(&actor, &vendor, &event_type, version, mode)
        .await
        .map_err(seat::named)?;
    home(&vendor, &event_type, "");
    Ok(())
}

/// Saves a mapping and goes back to the type, or to what is wrong with it.
#[server(prefix = "/ui", endpoint = "mapping/save")]
pub async fn save_mapping(
    vendor: String,
    event_type: Option<String>,
    text: String,
    from_version: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{error::Field, view::types::NewMapping};
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    let new = NewMapping {
        text: typed::needed(Field::Mapping, &text.replace("\r\n", "\n"))?,
        from_version: typed::optional(from_version),
    };
    let saved = seat::ports()?.types.save_mapping(&actor, &vendor, &event_type, new).await;
    back(&vendor, &event_type, saved.map_err(seat::named)?, "mapping");
    Ok(())
}

/// Uses a version of a mapping, or no longer.
#[server(prefix = "/ui", endpoint = "mapping/use")]
pub async fn use_mapping(
    vendor: String,
    event_type: Option<String>,
    version: i32,
    active: bool,
) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    let done = seat::ports()?.types.use_mapping(&actor, &vendor, &event_type, version, active).await;
    done.map_err(seat::named)?;
    home(&vendor, &event_type, "");
    Ok(())
}

/// Puts the jobs whose payload fits now back in the queue.
#[server(prefix = "/ui", endpoint = "schema/release")]
pub async fn release_held(vendor: String, event_type: Option<String>) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let event_type = event_type.unwrap_or_default();
    let released = seat::ports()?.types.release_held(&actor, &vendor, &event_type).await;
    home(&vendor, &event_type, &format!("?released={}", released.map_err(seat::named)?));
    Ok(())
}

/// To the page of the type, with what was saved or the text that could not be.
#[cfg(feature = "ssr")]
fn back(vendor: &str, event_type: &str, saved: crate::view::types::Saved, what: &str) {
    use crate::view::types::Saved;
    match saved {
        Saved::Version(version) => home(vendor, event_type, &format!("?{what}={version}")),
        Saved::Faulty(_, handle) => home(vendor, event_type, &format!("?draft={handle}#{what}")),
    }
}

#[cfg(feature = "ssr")]
fn home(vendor: &str, event_type: &str, rest: &str) {
    let href = crate::view::types::type_href(vendor, event_type);
    leptos_axum::redirect(&super::typed::safe_path(Some(format!("{href}{rest}"))));
}
