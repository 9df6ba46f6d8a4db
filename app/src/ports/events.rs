//! Events: accepted webhooks and their versions. Their bytes are read through [`super::PayloadsPort`].

use super::Actor;
use crate::{
    error::AppError,
    view::{
        events::{EventPage, EventStory},
        jobs::Facet,
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, VendorId},
    place::{EventFilter, Place},
};

/// Events.
#[async_trait]
pub trait EventsPort: Send + Sync {
    /// One page, newest first, of at most `limit` rows, those after `cursor` when there is one.
    async fn list(
        &self,
        actor: &Actor,
        filter: &EventFilter,
        cursor: Option<Place>,
        limit: u32,
    ) -> Result<EventPage, AppError>;
    /// The vendors the list can be narrowed to, by name.
    async fn vendors(&self, actor: &Actor) -> Result<Vec<Facet<VendorId>>, AppError>;
    /// One event with its versions and the jobs it started.
    async fn event(&self, actor: &Actor, id: EventId) -> Result<EventStory, AppError>;
}
