//! What delivery keeps beside the queue: targets that are switched off and on, secrets of destinations that overlap,
//! jobs whose turn has not come, and whose turn it is for a subject.

use super::{AuditEntry, Result, Sealed};
use async_trait::async_trait;
use domain::{
    id::{DestinationId, EventId, JobId, NodeId, ProviderId},
    time::Timestamp,
};

/// Which result of which destination a publishing job brings up to date, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publishing {
    /// Where it goes.
    pub destination_id: DestinationId,
    /// What the far side knows the result by.
    pub external_id: String,
    /// The job.
    pub job_id: JobId,
    /// The event behind it.
    pub event_id: EventId,
    /// Decides, before the event's id, which of two events is newer.
    pub occurred_at: Timestamp,
}

/// What comes of asking for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectTurn {
    /// It is this job's until it ends.
    Yours,
    /// A newer event about the subject was published already.
    Superseded(EventId),
    /// Another job publishes at the moment.
    Busy,
}

/// Delivery. Changes of the configuration are audited in their own transaction.
#[async_trait]
pub trait DeliveryStore {
    /// Switches a destination on or off; `reason` says why when it is not a person who does. `NotFound` when it is
    /// already so, or does not exist. Switching on puts its held jobs back in the queue.
    async fn switch_destination(
        &self,
        destination: DestinationId,
        on: bool,
        reason: Option<&str>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// The same for a provider.
    async fn switch_provider(
        &self,
        provider: ProviderId,
        on: bool,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Puts jobs back in the queue that were held because their target was off and whose target is on: those that
    /// were held while it was being switched on. At most `limit`; returns how many.
    async fn release_switched_on(&self, now: Timestamp, limit: i64) -> Result<u64>;
    /// Makes `value` a destination's signing secret. The one before, sealed as a retiring part, signs too until
    /// `old_until`; with `None` it ends at once, and so does one that was retiring already.
    async fn rotate_destination(
        &self,
        destination: DestinationId,
        value: &Sealed,
        old: Option<(&Sealed, Timestamp)>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Ends a destination's retiring secret before its time. `NotFound` when none signs any more at `now`.
    async fn end_retiring_of_destination(
        &self,
        destination: DestinationId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Forgets retiring secrets whose time is over.
    async fn forget_retired(&self, now: Timestamp) -> Result<u64>;
    /// Returns a claimed job whose turn has not come to the queue, due at `at`, uncounting the try.
    async fn put_off(&self, node: NodeId, job: JobId, at: Timestamp, now: Timestamp) -> Result<()>;
    /// Asks for the turn to publish: one job at a time for a result, older events not after newer ones. The turn ends
    /// with the job's try, in the transaction that ends it, or at `until` when its node went away.
    async fn take_subject(&self, job: &Publishing, now: Timestamp, until: Timestamp) -> Result<SubjectTurn>;
    /// Forgets subjects nothing was published about since `before`.
    async fn forget_subjects(&self, before: Timestamp) -> Result<u64>;
}
