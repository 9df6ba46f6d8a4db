//! The event a request becomes: its names in a length that can be kept, its bytes, and the jobs its rules start.
//! Pure but for fresh ids. Whether the request is authentic was decided before.

use super::{redact, rules, unique};
use crate::{
    clock::fresh,
    live::LiveVendor,
    payloads::{self, CannotSeal},
    schema::types::{self, Verdict},
};
use axum::http::HeaderMap;
use domain::{
    event::Event,
    id::{EventId, RequestId},
    time::Timestamp,
};
use sha2::{Digest, Sha256};
use signature::{Algorithm, Envelope, Preset, Request};
use store::NewEvent;

/// What is known of a request besides its contents.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Its id.
    pub request_id: RequestId,
    /// When it is taken in.
    pub at: Timestamp,
    /// Which version of the secret it was signed with.
    pub secret_version: Option<i32>,
}

/// The event of a request, in the form its vendor's and tenant's wishes for privacy allow, and how it fits the schema of
/// its type.
///
/// # Errors
/// When the tenant wants payloads sealed and that cannot be done; nothing may be stored then.
pub fn build(
    live: &LiveVendor,
    preset: &Preset,
    arrival: Arrival,
    envelope: Envelope,
    request: &Request<'_>,
    headers: &HeaderMap,
) -> Result<(NewEvent, Verdict), CannotSeal> {
    let body = request.body;
    let payload = redact::payload(live.redaction(), headers, &secret_headers(preset), body);
    let envelope = redact::envelope(live.redaction(), preset, envelope, request, &payload);
    let body_hash: [u8; 32] = Sha256::digest(body).into();
    let event = Event {
        id: EventId::new(fresh()),
        tenant_id: live.vendor.tenant_id,
        vendor_id: live.vendor.id,
        external_id: external_id(preset, &envelope, arrival.request_id, &body_hash),
        event_type: envelope.event_type.map(bounded).unwrap_or_default(),
        subject_id: envelope.subject_id.map(bounded),
        occurred_at: envelope.occurred_at_unix_micros.map(Timestamp),
        schema_version: envelope.schema_version,
        received_at: arrival.at,
        request_id: arrival.request_id,
        trace_id: trace_id(headers),
        secret_version: arrival.secret_version,
        body_len: body.len() as i64,
    };
    let mut jobs = rules::jobs_for(&event, live.vendor.slug.as_str(), &live.rules);
    let verdict = types::judge(&live.types, &event, &payload, &mut jobs);
    let unique = unique::keys(&event, &payload, &jobs, || types::seen(&live.types, &event, &payload));
    let payload = payloads::seal(live.privacy.as_deref(), event.id, payload)?;
    Ok((NewEvent { event, body_hash, payload, jobs, unique }, verdict))
}

/// What an event is known by at its vendor; the same body gives the same one.
pub fn external_id(
    preset: &Preset,
    envelope: &Envelope,
    request_id: RequestId,
    body_hash: &[u8; 32],
) -> String {
    match &envelope.external_id {
        // Every notification of such a vendor looks the same; none of them is a repetition.
        _ if preset.repeats() => request_id.to_string(),
        Some(external_id) => bounded(external_id.clone()),
        None => hex::encode(body_hash),
    }
}

/// Headers of a preset whose value is the secret itself; a signature is no secret and helps to see what is wrong.
pub fn secret_headers(preset: &Preset) -> Vec<&str> {
    if preset.algorithm() == Algorithm::SharedSecret { preset.security_headers() } else { Vec::new() }
}

/// Longest id, type or subject kept as it is, in bytes; longer ones fit no index.
const MAX_NAME: usize = 255;

/// A vendor's own text in a length that can be kept: a longer one by its hash, so that equal ones stay equal.
fn bounded(text: String) -> String {
    if text.len() <= MAX_NAME { text } else { format!("sha256:{}", hex::encode(Sha256::digest(&text))) }
}

/// The trace a sender began (W3C `traceparent`), or a new one.
fn trace_id(headers: &HeaderMap) -> String {
    let given = headers
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split('-').nth(1));
    match given {
        Some(id) if id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()) => id.to_ascii_lowercase(),
        _ => fresh().simple().to_string(),
    }
}
