//! The event of a due time, with the jobs it starts: what it would be, had its vendor sent it.

use crate::{
    clock::fresh,
    ingress::{redact, rules, unique},
    live::LiveVendor,
    payloads::{self, CannotSeal},
    schema::types,
};
use domain::{
    event::{Event, EventPayload},
    id::{EventId, RequestId},
    schedule::{Schedule, ScheduledEvent},
    time::Timestamp,
};
use sha2::{Digest, Sha256};
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
    let body = schedule.payload.clone().into_bytes();
    let body_hash: [u8; 32] = Sha256::digest(&body).into();
    let event = Event {
        id,
        tenant_id: schedule.tenant_id,
        vendor_id: schedule.vendor_id,
        external_id,
        event_type: schedule.event_type.clone(),
        subject_id: schedule.subject_id.clone(),
        occurred_at: Some(due_at),
        schema_version: None,
        received_at: now,
        request_id: RequestId::new(fresh()),
        trace_id: fresh().simple().to_string(),
        secret_version: None,
        body_len: body.len() as i64,
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let payload = redact::stored(live.redaction(), EventPayload { headers, body });
    let mut jobs = rules::jobs_for(&event, live.vendor.slug.as_str(), &live.rules);
    types::judge(&live.types, &event, &payload, &mut jobs);
    let unique = unique::keys(&event, &payload, &jobs, || types::seen(&live.types, &event, &payload));
    let payload = payloads::seal(live.privacy.as_deref(), id, payload)?;
    let made = ScheduledEvent {
        event_id: id,
        schedule_id: schedule.id,
        slug: schedule.slug.clone(),
        due_at,
        run_by,
    };
    Ok((NewEvent { event, body_hash, payload, jobs, unique }, made))
}
