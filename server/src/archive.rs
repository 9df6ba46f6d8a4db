//! Events as lines of a file: one JSON object each, with envelope, headers, body and ids. Owns the form of a line and
//! what makes one acceptable; reading and writing files is the command line's.

use crate::{
    clock::fresh,
    ingress::{redact, rules, unique},
    live::LiveVendor,
    payloads,
    schema::types,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    event::{Event, EventPayload},
    id::{EventId, ReplayId},
    replay::ReplayLink,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{ArchivedEvent, NewEvent};

/// Form of the lines written by this program.
const FORMAT: u8 = 1;
/// Longest line read, in bytes: a body of 64 MiB in base64.
pub const MAX_LINE: u64 = 96 * 1024 * 1024;

/// One event as a line. Times are microseconds since 1970 in UTC.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line {
    /// Form of the line; 1.
    format: u8,
    /// Short name of the tenant.
    pub tenant: String,
    /// Short name of the vendor.
    pub vendor: String,
    /// Ids and envelope.
    #[serde(flatten)]
    pub event: Event,
    /// SHA-256 of the body as it came, in hexadecimal; differs from that of `body` where parts were redacted.
    body_hash: String,
    /// Header names and values; not there when the payload was removed or destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<(String, String)>>,
    /// The body in base64; not there when the payload was removed or destroyed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Why there is no payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    without_payload: Option<String>,
    /// The event this one is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replay_of: Option<EventId>,
    /// The replay that made the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replay_id: Option<ReplayId>,
}

/// Why a line cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    /// Not JSON, or a part is missing or misspelt.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Written by a newer program.
    #[error("form {0} is not known to this version, which reads form {FORMAT}")]
    Format(u8),
    /// There is nowhere to put it.
    #[error("there is no vendor {vendor:?} in tenant {tenant:?}; add it first")]
    NoVendor {
        /// Short name of the vendor.
        vendor: String,
        /// Short name of the tenant.
        tenant: String,
    },
    /// Exported after its payload was removed.
    #[error("it has no payload: {0}")]
    NoPayload(String),
    /// A value that is not what it should be.
    #[error("{0}")]
    Malformed(&'static str),
    /// It must be sealed and cannot be.
    #[error("{0}")]
    CannotSeal(#[from] payloads::CannotSeal),
}

/// What one line becomes.
#[derive(Debug)]
pub struct Import {
    /// The event.
    pub new: NewEvent,
    /// What it is a copy of.
    pub copy: Option<ReplayLink>,
}

impl Line {
    /// An event as it is exported; `payload` opened, or the reason why it cannot be.
    pub fn of(
        archived: ArchivedEvent,
        tenant: &str,
        vendor: &str,
        payload: Result<EventPayload, String>,
    ) -> Self {
        let (headers, body, without_payload) = match payload {
            Ok(payload) => (Some(payload.headers), Some(STANDARD.encode(payload.body)), None),
            Err(why) => (None, None, Some(why)),
        };
        Self {
            format: FORMAT,
            tenant: tenant.to_owned(),
            vendor: vendor.to_owned(),
            event: archived.event,
            body_hash: hex::encode(archived.body_hash),
            headers,
            body,
            without_payload,
            replay_of: archived.copy.map(|copy| copy.origin_id),
            replay_id: archived.copy.map(|copy| copy.replay_id),
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, BadLine> {
        let line: Self = serde_json::from_str(text)?;
        if line.format == FORMAT { Ok(line) } else { Err(BadLine::Format(line.format)) }
    }

    /// The event of this line for `live`, a vendor here: under its ids, without what its rules keep out, sealed if its
    /// tenant wants that, and with the jobs its rules start when `run_rules` says so.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn import(self, live: &LiveVendor, run_rules: bool) -> Result<Import, BadLine> {
        let (Some(headers), Some(body)) = (self.headers, self.body) else {
            return Err(BadLine::NoPayload(
                self.without_payload.unwrap_or_else(|| "headers or body are missing".to_owned()),
            ));
        };
        let body = STANDARD.decode(body).map_err(|_| BadLine::Malformed("body is not base64"))?;
        let mut body_hash = [0; 32];
        hex::decode_to_slice(&self.body_hash, &mut body_hash)
            .map_err(|_| BadLine::Malformed("body_hash is not 64 hexadecimal digits"))?;
        let copy = match (self.replay_of, self.replay_id) {
            (Some(origin_id), Some(replay_id)) => {
                Some(ReplayLink { event_id: self.event.id, origin_id, replay_id })
            }
            (None, None) => None,
            _ => return Err(BadLine::Malformed("replay_of and replay_id belong together")),
        };
        let event = Event { tenant_id: live.vendor.tenant_id, vendor_id: live.vendor.id, ..self.event };
        let mut jobs = match run_rules {
            true => rules::jobs_for(&event, live.vendor.slug.as_str(), &live.rules),
            false => Vec::new(),
        };
        let payload = redact::stored(live.redaction(), EventPayload { headers, body });
        types::judge(&live.types, &event, &payload, &mut jobs);
        let unique = unique::keys(&event, &payload, &jobs, || types::seen(&live.types, &event, &payload));
        let payload = payloads::seal(live.privacy.as_deref(), event.id, payload)?;
        Ok(Import { new: NewEvent { event, body_hash, payload, jobs, unique }, copy })
    }
}

/// A copy of `origin` that runs again now under `live`, its vendor: a new event with the vendor's own id, so that what it
/// delivers updates what the first run made, with new jobs of the rules as they are now.
///
/// # Errors
/// [`payloads::CannotSeal`].
pub fn copy(
    origin: &ArchivedEvent,
    payload: EventPayload,
    live: &LiveVendor,
    replay_id: ReplayId,
    now: domain::time::Timestamp,
) -> Result<(NewEvent, ReplayLink), payloads::CannotSeal> {
    let id = EventId::new(fresh());
    let event = Event { id, received_at: now, ..origin.event.clone() };
    // What it is deduplicated by is its own, or it would be taken for a repetition of the first one.
    let body_hash =
        Sha256::new().chain_update(origin.body_hash).chain_update(id.uuid().as_bytes()).finalize().into();
    let mut jobs = rules::jobs_for(&event, live.vendor.slug.as_str(), &live.rules);
    for job in &mut jobs {
        // As old as it is: a post that shows something newer must not go back.
        job.occurred_at = Some(origin.event.occurred_at.unwrap_or(origin.event.received_at));
    }
    types::judge(&live.types, &event, &payload, &mut jobs);
    let payload = payloads::seal(live.privacy.as_deref(), id, payload)?;
    // A copy of a copy is a copy of the first one.
    let origin_id = origin.copy.map_or(origin.event.id, |copy| copy.origin_id);
    // What a person asked to be run again is run again, although the first run did the same.
    let new = NewEvent { event, body_hash, payload, jobs, unique: Vec::new() };
    Ok((new, ReplayLink { event_id: id, origin_id, replay_id }))
}
