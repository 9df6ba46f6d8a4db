//! Events as people see them: lists, the versions of one, and marks.

use super::Result;
use async_trait::async_trait;
use domain::{
    event::{ByHand, Event, EventVersion},
    id::{EventId, TenantId},
    place::{EventFilter, Place},
};

/// Events, for reading. `scope` is the tenant whose events may be seen; `None` sees all.
#[async_trait]
pub trait EventListStore {
    /// Newest first, after `after`; at most `limit`.
    async fn events(
        &self,
        scope: Option<TenantId>,
        filter: &EventFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Event>>;
    /// One event; `NotFound` also when it is another tenant's.
    async fn event_in(&self, scope: Option<TenantId>, id: EventId) -> Result<Event>;
    /// All bodies the event's vendor sent under its external id, oldest first, at most `limit`. Copies that replays
    /// made were not sent by the vendor and are left out, also when `event` is one.
    async fn event_versions(&self, event: &Event, limit: i64) -> Result<Vec<EventVersion>>;
    /// The mark of an event that was taken in by hand.
    async fn taken_by_hand(&self, id: EventId) -> Result<Option<ByHand>>;
    /// The event of this vendor with this external id and body, where there is one.
    async fn event_with_body(
        &self,
        vendor: domain::id::VendorId,
        external_id: &str,
        body_hash: [u8; 32],
    ) -> Result<Option<EventId>>;
}
