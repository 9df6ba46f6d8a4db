//! A request that reached a vendor's URL and was refused, with its reason code. The reasons that come from
//! checking a signature are crate `signature`'s; here they are only text codes.

use crate::{
    id::{RequestId, TenantId, VendorId},
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
}
