//! Events: the list, one of them with its versions and jobs, and its bytes.

use super::{Services, sees, unavailable};
use crate::live::Snapshot;
use app::{
    error::AppError,
    ports::{Actor, EventsPort},
    view::{
        events::{DoneAlready, EventPage, EventRow, EventStory},
        jobs::Facet,
    },
};
use async_trait::async_trait;
use domain::{
    event::Event,
    id::{EventId, VendorId},
    place::{EventFilter, Place},
};

/// Versions of one event that are shown; a vendor that sends more under one id gives no ids.
const VERSIONS_SHOWN: i64 = 50;

#[async_trait]
impl EventsPort for Services {
    async fn list(
        &self,
        actor: &Actor,
        filter: &EventFilter,
        cursor: Option<Place>,
        limit: u32,
    ) -> Result<EventPage, AppError> {
        let limit = i64::from(limit.clamp(1, 1_000));
        // One more than shown tells whether there are older ones.
        let mut events =
            self.store.events(actor.tenant, filter, cursor, limit + 1).await.map_err(unavailable)?;
        let older = events.len() as i64 > limit;
        events.truncate(limit as usize);
        let last = events.last().filter(|_| older);
        let next_cursor = last.map(|event| place(event).to_string());
        let snapshot = self.live.now();
        let rows = events.into_iter().map(|event| row(event, &snapshot)).collect();
        Ok(EventPage { now: self.clock.now(), rows, next_cursor })
    }

    async fn vendors(&self, actor: &Actor) -> Result<Vec<Facet<VendorId>>, AppError> {
        Ok(vendor_facets(actor, &self.live.now()))
    }

    async fn event(&self, actor: &Actor, id: EventId) -> Result<EventStory, AppError> {
        let event = self.store.event_in(actor.tenant, id).await.map_err(unavailable)?;
        let versions = self.store.event_versions(&event, VERSIONS_SHOWN).await.map_err(unavailable)?;
        let by_hand = self.store.taken_by_hand(id).await.map_err(unavailable)?;
        let copied = !self.store.origins_of(&[id]).await.map_err(unavailable)?.is_empty();
        let jobs = self.store.jobs_of_event(id).await.map_err(unavailable)?;
        let scheduled = self.store.scheduled(id).await.map_err(unavailable)?;
        let done = self.store.done_already(id).await.map_err(unavailable)?;
        let doers = match done.is_empty() {
            true => Vec::new(),
            false => self.store.jobs_named(&done).await.map_err(unavailable)?,
        };
        let snapshot = self.live.now();
        let live = snapshot.vendor(event.vendor_id);
        let path = live.and_then(|live| {
            Some(self.url_of(live)?.strip_prefix(&self.public_url).unwrap_or_default().to_owned())
        });
        Ok(EventStory {
            now: self.clock.now(),
            vendor: live.map(|live| live.vendor.slug.to_string()).unwrap_or_default(),
            path: path.unwrap_or_default(),
            versions,
            copied,
            by_hand,
            is_news: scheduled.is_none() && live.is_some_and(|live| live.vendor.tells_news()),
            scheduled,
            done_already: done
                .into_iter()
                .map(|id| {
                    let job = doers.iter().find(|job| job.id == id);
                    DoneAlready { id, job: job.map(|job| super::jobs::row(job, &snapshot)) }
                })
                .collect(),
            jobs: jobs.iter().map(|job| super::jobs::row(job, &snapshot)).collect(),
            event,
        })
    }
}

/// Where an event stands in the list.
pub(super) const fn place(event: &Event) -> Place {
    Place { at: event.received_at, id: event.id.uuid() }
}

fn row(event: Event, snapshot: &Snapshot) -> EventRow {
    EventRow {
        id: event.id,
        vendor: vendor_name(event.vendor_id, snapshot),
        event_type: event.event_type,
        subject_id: event.subject_id,
        external_id: event.external_id,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        secret_version: event.secret_version,
        body_len: event.body_len,
    }
}

/// A vendor's short name.
pub(super) fn vendor_name(id: VendorId, snapshot: &Snapshot) -> String {
    snapshot.vendor(id).map(|live| live.vendor.slug.to_string()).unwrap_or_default()
}

/// The vendors an actor may narrow a list to, by name.
pub(super) fn vendor_facets(actor: &Actor, snapshot: &Snapshot) -> Vec<Facet<VendorId>> {
    let mut vendors: Vec<_> = snapshot
        .vendors()
        .filter(|live| sees(actor, live.vendor.tenant_id))
        .map(|live| Facet { value: live.vendor.id, label: live.vendor.slug.to_string(), count: None })
        .collect();
    vendors.sort_by(|a, b| a.label.cmp(&b.label));
    vendors
}
