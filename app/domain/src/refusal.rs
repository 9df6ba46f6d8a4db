//! A request that reached a vendor's URL and was refused: its reason code, what was found out about the cause, and
//! what people did about it. The reasons that come from checking a signature are crate `signature`'s; here they are
//! only text codes.

use crate::{
    id::{EventId, RequestId, TenantId, VendorId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A refused request of a known vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRequest {
    /// Identity, also sent back as `X-Request-Id`.
    pub id: RequestId,
    /// Whose vendor.
    pub tenant_id: TenantId,
    /// Which vendor's URL was called.
    pub vendor_id: VendorId,
    /// When it came.
    pub received_at: Timestamp,
    /// What was answered.
    pub status: u16,
    /// Reason code, such as `signature_mismatch`.
    pub reason: String,
    /// The reason in plain words.
    pub detail: String,
    /// Header names and values, values of secret ones replaced.
    pub headers: Vec<(String, String)>,
    /// Size of the body in bytes.
    pub body_len: i64,
    /// Its method; empty for those kept before methods were.
    pub method: String,
    /// Path and query, values of secret parameters replaced.
    pub path: String,
    /// Address of the sender, after trusted proxies.
    pub client: String,
    /// What was found out about the cause, after the refusal.
    pub finding: Option<Finding>,
    /// Whether the request itself is still kept, so that it can be checked again.
    pub captured: bool,
    /// What the last check after the refusal said.
    pub rechecked: Option<Recheck>,
    /// What it became when somebody accepted it by hand.
    pub accepted: Option<Acceptance>,
}

/// The likely cause of a refusal. Says more than the sender was told, so it is for people of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, such as `body_rewritten` or `revoked_secret`.
    pub code: String,
    /// What it means and what to do, in plain words.
    pub words: String,
}

/// The outcome of a later check of a refused request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recheck {
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// `valid`, or the reason code.
    pub code: String,
    /// The outcome in plain words.
    pub words: String,
}

impl Recheck {
    /// The code of a check that found nothing wrong.
    pub const VALID: &'static str = "valid";

    /// Whether the request would have been taken in.
    pub fn is_valid(&self) -> bool {
        self.code == Self::VALID
    }
}

/// A refused request that somebody took in by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// What it became, or was already.
    pub event_id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

/// How often a vendor's requests were refused for one reason, among those that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonCount {
    /// The reason code.
    pub reason: String,
    /// How many.
    pub count: i64,
    /// When the newest came.
    pub last_at: Timestamp,
}
