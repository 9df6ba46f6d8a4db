//! Accepted webhooks: listing them, looking at one.

use crate::{
    error::AppError,
    view::{
        events::{EventPage, EventStory},
        jobs::Facet,
    },
};
use domain::{
    id::{EventId, VendorId},
    time::Timestamp,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// One page of events. A cursor that cannot be read begins at the newest.
#[server(prefix = "/ui", endpoint = "events", input = GetUrl)]
pub async fn list_events(
    vendor: Option<VendorId>,
    event_type: Option<String>,
    subject: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    cursor: Option<String>,
) -> Result<EventPage, AppError> {
    use super::seat;
    use crate::view::events::EVENTS_PER_PAGE;
    let actor = seat::actor()?;
    let filter =
        domain::place::EventFilter { vendor_id: vendor, event_type, subject_id: subject, since, until };
    let cursor = cursor.and_then(|text| text.parse().ok());
    seat::ports()?.events.list(&actor, &filter, cursor, EVENTS_PER_PAGE).await.map_err(seat::named)
}

/// The vendors the list can be narrowed to.
#[server(prefix = "/ui", endpoint = "events/vendors", input = GetUrl)]
pub async fn list_event_vendors() -> Result<Vec<Facet<VendorId>>, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.events.vendors(&actor).await.map_err(seat::named)
}

/// One event.
#[server(prefix = "/ui", endpoint = "event", input = GetUrl)]
pub async fn tell_event(id: EventId) -> Result<EventStory, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.events.event(&actor, id).await.map_err(seat::named)
}
