//! Event types: the catalogue, schemas in versions, mappings, and releasing what waits for them.

use super::Actor;
use crate::{
    error::AppError,
    view::types::{HeldCount, NewMapping, Saved, ShapeReport, TypePage, TypesPage},
};
use async_trait::async_trait;
use domain::{id::EventId, schema::SchemaMode};

/// Event types. `vendor` is a short name in the actor's tenant (the default one for owners) or a vendor's id.
#[async_trait]
pub trait TypesPort: Send + Sync {
    /// The catalogue, of all vendors or of one.
    async fn catalogue(&self, actor: &Actor, vendor: Option<&str>) -> Result<TypesPage, AppError>;
    /// One type. `draft` is the handle of a text that could not be saved.
    async fn page(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        draft: Option<&str>,
    ) -> Result<TypePage, AppError>;
    /// Saves a schema as the next version and uses it, in the mode the type has, `warn` for its first.
    async fn save_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        text: String,
    ) -> Result<Saved, AppError>;
    /// Learns a schema from the newest `samples` stored events and saves it like [`Self::save_schema`]. No event
    /// yet: `Invalid { Schema, Missing }`.
    async fn learn_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        samples: u32,
    ) -> Result<i32, AppError>;
    /// Uses another version (the one in use when `None`) in another mode (the same when `None`). Without a schema:
    /// `Invalid { Schema, Missing }`.
    async fn use_schema(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        version: Option<i32>,
        mode: Option<SchemaMode>,
    ) -> Result<(), AppError>;
    /// Saves a mapping as the next version and uses it.
    async fn save_mapping(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        new: NewMapping,
    ) -> Result<Saved, AppError>;
    /// Uses a version of a mapping, or no longer.
    async fn use_mapping(
        &self,
        actor: &Actor,
        vendor: &str,
        event_type: &str,
        version: i32,
        active: bool,
    ) -> Result<(), AppError>;
    /// Counts the jobs that wait, and those of them whose payload fits now.
    async fn count_held(&self, actor: &Actor, vendor: &str, event_type: &str) -> Result<HeldCount, AppError>;
    /// Puts the jobs whose payload fits now back in the queue. Returns how many.
    async fn release_held(&self, actor: &Actor, vendor: &str, event_type: &str) -> Result<i64, AppError>;
    /// What is known of one payload's shape.
    async fn shape(&self, actor: &Actor, event: EventId) -> Result<ShapeReport, AppError>;
}
