//! Running stored events again.

use crate::{
    error::AppError,
    view::replays::{Chosen, EventReplays, ReplayPage},
};
use domain::id::EventId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// The newest replays, and what a new one can be about.
#[server(prefix = "/ui", endpoint = "replays", input = GetUrl)]
pub async fn list_replays() -> Result<ReplayPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.replays.list(&actor).await.map_err(seat::named)
}

/// What an event is a copy of, and its copies.
#[server(prefix = "/ui", endpoint = "event/replays", input = GetUrl)]
pub async fn read_event_replays(event: EventId) -> Result<EventReplays, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.replays.of_event(&actor, event).await.map_err(seat::named)
}

/// How many events these fields mean.
#[server(prefix = "/ui", endpoint = "replay/count", input = GetUrl)]
pub async fn count_events(
    vendor: Option<String>,
    event_type: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    until: Option<String>,
) -> Result<Chosen, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let selection = selection(None, vendor, event_type, subject, since, until)?;
    seat::ports()?.replays.choose(&actor, selection).await.map_err(seat::named)
}

/// Begins a replay of what these fields mean, or of one event, and goes to where its progress is.
#[server(prefix = "/ui", endpoint = "replay/start")]
pub async fn start_replay(
    id: Option<String>,
    vendor: Option<String>,
    event_type: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    until: Option<String>,
    per_second: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::{Field, Reason};
    let actor = seat::configurer()?;
    let selection = selection(id, vendor, event_type, subject, since, until)?;
    let rate = typed::maybe(Field::Rate, per_second, Reason::Malformed)?.unwrap_or(10);
    let replays = seat::ports()?.replays;
    let chosen = replays.choose(&actor, selection).await.map_err(seat::named)?;
    let started = replays.start(&actor, chosen, rate).await.map_err(seat::named)?;
    leptos_axum::redirect(&format!("/replays?added={started}"));
    Ok(())
}

/// Ends a replay.
#[server(prefix = "/ui", endpoint = "replay/cancel")]
pub async fn cancel_replay(id: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let actor = seat::configurer()?;
    let id = typed::chosen(Field::Form, &id)?;
    seat::ports()?.replays.cancel(&actor, id).await.map_err(seat::named)
}

/// What the fields of a form mean.
#[cfg(feature = "ssr")]
fn selection(
    id: Option<String>,
    vendor: Option<String>,
    event_type: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    until: Option<String>,
) -> Result<domain::selection::Selection, AppError> {
    use super::typed;
    use crate::{
        error::{Field, Reason},
        view::replays::moment,
    };
    let time = |field, text| {
        let text = typed::optional(text);
        text.map(|text| moment(&text).ok_or(AppError::invalid(field, Reason::Malformed))).transpose()
    };
    Ok(domain::selection::Selection {
        id: typed::maybe(Field::Form, id, Reason::Unknown)?,
        vendor_id: typed::maybe(Field::Vendor, vendor, Reason::Unknown)?,
        event_type: typed::optional(event_type),
        subject_id: typed::optional(subject),
        since: time(Field::Since, since)?,
        until: time(Field::Until, until)?,
        originals: false,
    })
}
