//! Events in the order they came, for exports, imports and replays. `scope` is the tenant whose events may be seen; `None`
//! sees all.

use super::{Result, StoredPayload};
use async_trait::async_trait;
use domain::{
    event::Event,
    id::{EventId, TenantId, VendorId},
    replay::ReplayLink,
    selection::{EventCursor, Selection},
};

/// An event with everything that is stored of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedEvent {
    /// What was read from it.
    pub event: Event,
    /// What it was deduplicated by, beside vendor and external id: the SHA-256 of the body as it came.
    pub body_hash: [u8; 32],
    /// Its bytes; `None` when they were removed.
    pub payload: Option<StoredPayload>,
    /// What it is a copy of.
    pub copy: Option<ReplayLink>,
}

/// Events as an archive.
#[async_trait]
pub trait ArchiveStore {
    /// Oldest first with all that is stored of them, those that came after `after`; at most `limit`.
    async fn archived_events(
        &self,
        scope: Option<TenantId>,
        filter: &Selection,
        after: Option<EventCursor>,
        limit: i64,
    ) -> Result<Vec<ArchivedEvent>>;
    /// The event of a vendor that came last.
    async fn newest_event(&self, tenant: TenantId, vendor: VendorId) -> Result<Option<Event>>;
    /// How many there are. Walks over all of them.
    async fn count_events(&self, scope: Option<TenantId>, filter: &Selection) -> Result<i64>;
    /// Which of these exist.
    async fn known_events(&self, ids: &[EventId]) -> Result<Vec<EventId>>;
    /// What these are copies of, for those that are.
    async fn origins_of(&self, events: &[EventId]) -> Result<Vec<ReplayLink>>;
    /// The copies of one event, oldest first; at most `limit`.
    async fn copies_of(&self, origin: EventId, limit: i64) -> Result<Vec<ReplayLink>>;
    /// Notes that events are copies; what is noted already stays.
    async fn link_copies(&self, links: &[ReplayLink]) -> Result<()>;
}
