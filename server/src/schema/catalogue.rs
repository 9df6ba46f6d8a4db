//! Which event types were seen: counted in memory when an event is stored, written now and then behind the answers, so
//! that an event costs one entry in a map. A crash loses the counts of the last two seconds, never an event.

use super::{shape::Shape, types::Verdict};
use crate::envelope;
use bytes::Bytes;
use domain::{
    event::Event,
    id::{EventId, TenantId},
    schema::TypeKey,
    time::Timestamp,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::{Sighting, Store};
use tokio_util::sync::CancellationToken;

/// How often what was seen is written.
const EVERY: Duration = Duration::from_secs(2);
/// Types that are remembered between two writings; the events of more are not counted.
const MAX_TYPES: usize = 2_000;
/// Types a vendor can have in the catalogue. One that puts an id into the type's name would fill it for ever.
pub const MAX_PER_VENDOR: i64 = 500;
/// Event ids remembered per type between two writings, to learn schemas from.
const MAX_SAMPLES: usize = 20;
/// Bodies kept for a look at their structure, and the largest of them in bytes.
const MAX_BODIES: usize = 100;
const MAX_BODY: usize = 128 * 1024;

/// A stored event, as the catalogue takes it.
#[derive(Debug)]
pub struct Seen {
    tenant_id: TenantId,
    of: TypeKey,
    id: EventId,
    at: Timestamp,
    content_type: Option<String>,
    verdict: Verdict,
}

impl Seen {
    /// What is worth noting of `event`, found to be `verdict`.
    pub fn of(event: &Event, content_type: Option<&str>, verdict: Verdict) -> Self {
        Self {
            tenant_id: event.tenant_id,
            of: TypeKey { vendor_id: event.vendor_id, event_type: event.event_type.clone() },
            id: event.id,
            at: event.received_at,
            content_type: content_type.map(str::to_owned),
            verdict,
        }
    }
}

struct Waiting {
    tenant_id: TenantId,
    events: i64,
    broken: i64,
    first: Timestamp,
    last: Timestamp,
    sample: EventId,
    first_broken: Option<Timestamp>,
    good: Option<EventId>,
    body: Option<(Option<String>, Bytes)>,
    samples: Vec<EventId>,
}

/// What was seen since the last writing.
#[derive(Default)]
pub struct Catalogue {
    /// A std mutex: held for one map operation, never across an await.
    waiting: Mutex<HashMap<TypeKey, Waiting>>,
}

impl Catalogue {
    /// Nothing seen yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Notes a stored event.
    pub fn saw(&self, seen: Seen, body: &Bytes) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len();
        if count >= MAX_TYPES && !waiting.contains_key(&seen.of) {
            return;
        }
        let entry = waiting.entry(seen.of).or_insert_with(|| Waiting {
            tenant_id: seen.tenant_id,
            events: 0,
            broken: 0,
            first: seen.at,
            last: seen.at,
            sample: seen.id,
            first_broken: None,
            good: None,
            body: None,
            samples: Vec::new(),
        });
        entry.events += 1;
        entry.last = entry.last.max(seen.at);
        entry.sample = seen.id;
        if seen.verdict == Verdict::Broken {
            entry.broken += 1;
            entry.first_broken.get_or_insert(seen.at);
            return;
        }
        entry.good = Some(seen.id);
        if entry.samples.len() < MAX_SAMPLES {
            entry.samples.push(seen.id);
        }
        if body.len() <= MAX_BODY && (entry.body.is_some() || count < MAX_BODIES) {
            entry.body = Some((seen.content_type, body.clone()));
        }
    }

    fn take(&self) -> Vec<Sighting> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut sightings: Vec<Sighting> = waiting
            .into_iter()
            .map(|(of, seen)| Sighting {
                tenant_id: seen.tenant_id,
                of,
                events: seen.events,
                broken: seen.broken,
                first: seen.first,
                last: seen.last,
                sample: seen.sample,
                first_broken: seen.first_broken,
                good: seen.good,
                shape_hash: seen
                    .body
                    .map(|(kind, body)| Shape::of(&envelope::data(kind.as_deref(), &body)).hash()),
                samples: seen.samples,
            })
            .collect();
        // One order for all nodes, so that two of them never wait for each other in a circle.
        sightings.sort_by(|a, b| a.of.cmp(&b.of));
        sightings
    }

    /// Writes what was seen every two seconds until `stop`, and a last time then.
    pub async fn write(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        loop {
            let more = stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some();
            let sightings = self.take();
            if !sightings.is_empty()
                && let Err(error) = store.sight_types(&sightings, MAX_PER_VENDOR).await
            {
                tracing::warn!(%error, types = sightings.len(), "two seconds of the catalogue of event types could not be written");
            }
            if !more {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{RequestId, VendorId};

    fn event(n: u128, event_type: &str) -> Event {
        let nil = uuid::Uuid::nil();
        Event {
            id: EventId::new(uuid::Uuid::from_u128(n)),
            tenant_id: TenantId::new(nil),
            vendor_id: VendorId::new(nil),
            external_id: n.to_string(),
            event_type: event_type.into(),
            subject_id: None,
            occurred_at: None,
            schema_version: None,
            received_at: Timestamp(n as i64),
            request_id: RequestId::new(nil),
            trace_id: String::new(),
            secret_version: None,
            body_len: 0,
        }
    }

    #[test]
    fn events_of_a_type_become_one_row_and_broken_ones_are_no_samples() {
        let catalogue = Catalogue::default();
        let body = Bytes::from_static(b"{\"a\":1}");
        for (n, verdict) in
            [(1, Verdict::Unchecked), (2, Verdict::Broken), (3, Verdict::Fits), (4, Verdict::Broken)]
        {
            catalogue.saw(Seen::of(&event(n, "a"), Some("application/json"), verdict), &body);
        }
        catalogue.saw(Seen::of(&event(5, "b"), None, Verdict::Broken), &body);
        let [a, b] = catalogue.take().try_into().unwrap();
        assert_eq!((a.events, a.broken, a.first, a.last), (4, 2, Timestamp(1), Timestamp(4)));
        assert_eq!(
            (a.first_broken, a.sample, a.good),
            (Some(Timestamp(2)), event(4, "").id, Some(event(3, "").id))
        );
        assert_eq!(a.samples, [event(1, "").id, event(3, "").id]);
        assert_eq!(a.shape_hash, Some(Shape::of(&serde_json::json!({"a": 2})).hash()));
        assert_eq!((b.good, b.shape_hash), (None, None));
        assert!(catalogue.take().is_empty());
    }

    #[test]
    fn memory_stays_bounded_whatever_types_are_sent() {
        let catalogue = Catalogue::default();
        let body = Bytes::from(vec![b' '; 1000]);
        for n in 0..MAX_TYPES as u128 * 2 {
            catalogue.saw(Seen::of(&event(n, &n.to_string()), None, Verdict::Unchecked), &body);
        }
        let seen = catalogue.take();
        assert_eq!(seen.len(), MAX_TYPES);
        assert!(seen.iter().filter(|one| one.shape_hash.is_some()).count() <= MAX_BODIES);
    }
}
