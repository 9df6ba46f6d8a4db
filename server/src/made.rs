//! An event that is made here rather than received, with the jobs it starts: what it would be, had its vendor sent it.

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
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use store::NewEvent;

/// What is said of it.
pub struct Made {
    /// Identity.
    pub id: EventId,
    /// What a repetition would be known by.
    pub external_id: String,
    /// Its type.
    pub event_type: String,
    /// What it is about.
    pub subject_id: Option<String>,
    /// When it came about.
    pub occurred_at: Timestamp,
    /// Its body, JSON.
    pub body: String,
}

/// The event, as `live`'s, made at `now`.
///
/// # Errors
/// When its tenant wants payloads sealed and that cannot be done.
pub fn event(live: &LiveVendor, made: Made, now: Timestamp) -> Result<NewEvent, CannotSeal> {
    let body = made.body.into_bytes();
    let body_hash: [u8; 32] = Sha256::digest(&body).into();
    let event = Event {
        id: made.id,
        tenant_id: live.vendor.tenant_id,
        vendor_id: live.vendor.id,
        external_id: made.external_id,
        event_type: made.event_type,
        subject_id: made.subject_id,
        occurred_at: Some(made.occurred_at),
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
    let payload = payloads::seal(live.privacy.as_deref(), made.id, payload)?;
    Ok(NewEvent { event, body_hash, payload, jobs, unique })
}
