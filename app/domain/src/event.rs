//! An accepted, immutable webhook.

use crate::{
    id::{EventId, RequestId, TenantId, VendorId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What was read from an accepted webhook. Its bytes are kept apart ([`EventPayload`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Identity.
    pub id: EventId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Who sent it.
    pub vendor_id: VendorId,
    /// The sender's own id for it; the body's hash where a vendor has none.
    pub external_id: String,
    /// What happened, in the vendor's words; empty where a vendor does not say.
    pub event_type: String,
    /// What it is about, where the vendor says.
    pub subject_id: Option<String>,
    /// When it happened at the vendor.
    pub occurred_at: Option<Timestamp>,
    /// Version of the vendor's schema, where it says.
    pub schema_version: Option<String>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The HTTP call that brought it.
    pub request_id: RequestId,
    /// Joins logs and traces of everything it caused.
    pub trace_id: String,
    /// Which version of the vendor's secret its signature matched.
    pub secret_version: Option<i32>,
    /// Size of the body in bytes.
    pub body_len: i64,
}

/// The bytes of an accepted webhook, as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPayload {
    /// Header names and values, values of secret ones replaced.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An event that is a refused request which somebody took in by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// The refused request.
    pub request_id: RequestId,
    /// When it was taken in.
    pub at: Timestamp,
    /// Who took it in.
    pub by: String,
    /// Why it had been refused: the reason code.
    pub reason: String,
}

/// One of the bodies a vendor sent under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventVersion {
    /// The event with this body.
    pub id: EventId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its type; a later body may name another.
    pub event_type: String,
    /// Size of the body in bytes.
    pub body_len: i64,
}
