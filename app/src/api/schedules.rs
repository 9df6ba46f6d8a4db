//! Schedules.

#![expect(clippy::too_many_arguments, reason = "one argument per field of the form")]

use crate::{error::AppError, view::schedules::SchedulePage};
use domain::id::ScheduleId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All schedules, and what a new one can refer to.
#[server(prefix = "/ui", endpoint = "schedules", input = GetUrl)]
pub async fn list_schedules() -> Result<SchedulePage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.schedules.list(&actor).await.map_err(seat::named)
}

/// Adds a schedule and goes back to the list.
#[server(prefix = "/ui", endpoint = "schedule/add")]
pub async fn add_schedule(
    slug: String,
    vendor: String,
    event_type: String,
    subject: Option<String>,
    payload: Option<String>,
    cron: Option<String>,
    minutes: Option<String>,
    zone: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{error::Field, view::schedules::NewSchedule};
    let actor = seat::configurer()?;
    let pace = typed_pace(cron, minutes, zone)?;
    let new = NewSchedule {
        slug: typed::needed(Field::Slug, &slug)?,
        vendor_id: typed::chosen(Field::Vendor, &vendor)?,
        event_type: typed::needed(Field::Pattern, &event_type)?,
        subject_id: typed::optional(subject),
        payload: typed::optional(payload),
        pace,
    };
    seat::ports()?.schedules.add(&actor, new).await.map_err(seat::named)?;
    leptos_axum::redirect("/schedules?added=yes");
    Ok(())
}

/// The times a form names: a cron expression, or so many minutes apart.
#[cfg(feature = "ssr")]
fn typed_pace(
    cron: Option<String>,
    minutes: Option<String>,
    zone: Option<String>,
) -> Result<domain::schedule::Pace, AppError> {
    use super::typed;
    use crate::error::{Field, Reason};
    use domain::{schedule::Pace, zone::Zone};
    let minutes: Option<u32> = typed::maybe(Field::Every, minutes, Reason::Malformed)?;
    let zone: Option<Zone> = typed::maybe(Field::Zone, zone, Reason::Malformed)?;
    match (typed::optional(cron), minutes) {
        (Some(_), Some(_)) => Err(AppError::invalid(Field::Cron, Reason::DoesNotFit)),
        (None, None) => Err(AppError::invalid(Field::Cron, Reason::Missing)),
        (Some(expression), None) => Ok(Pace::cron(expression, zone)),
        // Browsers send the zone the form begins with.
        (None, Some(_)) if zone.as_ref().is_some_and(|zone| zone.as_str() != Zone::UTC) => {
            Err(AppError::invalid(Field::Zone, Reason::DoesNotFit))
        }
        (None, Some(minutes)) => Ok(Pace::Every(minutes.saturating_mul(60))),
    }
}

/// Changes at which times a schedule makes events, and goes back to the list.
#[server(prefix = "/ui", endpoint = "schedule/set")]
pub async fn set_schedule(
    id: ScheduleId,
    cron: Option<String>,
    minutes: Option<String>,
    zone: Option<String>,
) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    let pace = typed_pace(cron, minutes, zone)?;
    seat::ports()?.schedules.set_pace(&actor, id, pace).await.map_err(seat::named)?;
    leptos_axum::redirect("/schedules");
    Ok(())
}

/// Switches a schedule on (`on=true`) or off.
#[server(prefix = "/ui", endpoint = "schedule/switch")]
pub async fn switch_schedule(id: ScheduleId, on: bool) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.schedules.switch(&actor, id, on).await.map_err(seat::named)
}

/// Makes an event of a schedule now. The list shows which.
#[server(prefix = "/ui", endpoint = "schedule/run")]
pub async fn run_schedule(id: ScheduleId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.schedules.run_now(&actor, id).await.map_err(seat::named)?;
    Ok(())
}

/// Removes a schedule.
#[server(prefix = "/ui", endpoint = "schedule/remove")]
pub async fn remove_schedule(id: ScheduleId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.schedules.remove(&actor, id).await.map_err(seat::named)
}
