//! The event of a due time, with the jobs it starts: what it would be, had its vendor sent it.

use crate::{
    clock::fresh,
    live::LiveVendor,
    made::{self, Made},
    payloads::CannotSeal,
};
use domain::{
    id::EventId,
    schedule::{Schedule, ScheduledEvent},
    time::Timestamp,
};
use store::NewEvent;

/// The event a schedule makes at `now` for the time `due_at`, or, where somebody did not wait for that, for `run_by`.
///
/// # Errors
/// When its tenant wants payloads sealed and that cannot be done.
pub fn event(
    schedule: &Schedule,
    live: &LiveVendor,
    due_at: Timestamp,
    run_by: Option<String>,
    now: Timestamp,
) -> Result<(NewEvent, ScheduledEvent), CannotSeal> {
    let id = EventId::new(fresh());
    let external_id = match run_by {
        // The same on every node, so that the time makes one event even if it came twice.
        None => format!("schedule:{}:{}", schedule.id, due_at.rfc3339()),
        Some(_) => format!("schedule:{}:{id}", schedule.id),
    };
    let made = Made {
        id,
        external_id,
        event_type: schedule.event_type.clone(),
        subject_id: schedule.subject_id.clone(),
        occurred_at: due_at,
        body: schedule.payload.clone(),
    };
    let new = made::event(live, made, now)?;
    let scheduled = ScheduledEvent {
        event_id: id,
        schedule_id: schedule.id,
        slug: schedule.slug.clone(),
        due_at,
        run_by,
    };
    Ok((new, scheduled))
}
