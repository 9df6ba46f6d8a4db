//! Storing what arrives: events with the jobs they start.

use super::{CounterDelta, Result, Sealed, UniqueKey};
use async_trait::async_trait;
use domain::{
    event::{Event, EventPayload},
    id::{EventId, JobId},
    job::Job,
};

/// An event to store, with the jobs it starts.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What was read from it.
    pub event: Event,
    /// SHA-256 of the body: the same id with another body is another event.
    pub body_hash: [u8; 32],
    /// Its bytes.
    pub payload: StoredPayload,
    /// What its rules start; each names the event.
    pub jobs: Vec<Job>,
    /// By what the work of these of its jobs is known. One whose work another job does already is not stored; which job
    /// that is, is (see [`super::UniqueStore`]).
    pub unique: Vec<(JobId, UniqueKey)>,
}

/// The bytes of an event as they are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredPayload {
    /// Readable by whoever reads the database.
    Plain(EventPayload),
    /// Headers and body in one, sealed under the data key of the event's tenant.
    Sealed(Sealed),
}

impl StoredPayload {
    /// Bytes of the body, as far as the cost of storing them goes.
    pub fn weight(&self) -> usize {
        match self {
            Self::Plain(payload) => payload.body.len(),
            Self::Sealed(sealed) => sealed.0.len(),
        }
    }
}

impl From<EventPayload> for StoredPayload {
    fn from(payload: EventPayload) -> Self {
        Self::Plain(payload)
    }
}

/// What became of one [`NewEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The stored event: this one, or the first with the same vendor, external id and body.
    pub id: EventId,
    /// Whether it was already there; then none of its jobs was stored.
    pub duplicate: bool,
}

/// Events.
#[async_trait]
pub trait EventStore {
    /// Stores the whole batch in one durable transaction (SQLite `synchronous=FULL`, PostgreSQL
    /// `synchronous_commit=on`) and answers in the batch's order. Equal events, in the database or
    /// earlier in the batch, are duplicates. Of jobs that do the same work one is stored. All or nothing.
    async fn record(&self, batch: &[NewEvent], counters: &[CounterDelta]) -> Result<Vec<Recorded>>;
    /// One event.
    async fn event(&self, id: EventId) -> Result<Event>;
    /// Those of these events that there are, in no order.
    async fn events_named(&self, ids: &[EventId]) -> Result<Vec<Event>>;
    /// The bytes of those of these events that have any, as they are stored, in no order.
    async fn event_payloads(&self, ids: &[EventId]) -> Result<Vec<(EventId, StoredPayload)>>;
    /// The bytes of one event, as they are stored.
    async fn event_payload(&self, id: EventId) -> Result<StoredPayload>;
}
