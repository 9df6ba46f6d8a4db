//! The page a vendor's engineer gets by link: the last refusals of that one vendor, how to sign, and a verdict on
//! what they typed. Holds no secret, no expected signature and nothing of other vendors.

use domain::{id::VendorId, refusal::ReasonCount, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Refusals shown on the page.
pub const REFUSALS_SHOWN: i64 = 20;
/// Longest body that can be checked, in bytes.
pub const BODY_CHECKED: usize = 256 * 1024;

/// What stands on the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderPage {
    /// The server's clock.
    pub now: Timestamp,
    /// Short name of the vendor.
    pub vendor: String,
    /// The whole URL it posts to.
    pub url: String,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// How to sign.
    pub recipe: Recipe,
    /// The last refusals, newest first.
    pub refusals: Vec<SenderRefusal>,
}

/// How to sign, in facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name of the preset.
    pub preset: String,
    /// Where its vendor describes it.
    pub doc_url: Option<String>,
    /// Name and value, such as `Algorithm` and `HMAC-SHA256`.
    pub facts: Vec<(String, String)>,
    /// A script that signs and sends a sample, where one can be written.
    pub script: Option<String>,
}

/// One refusal, as much of it as the sender may know: the same words it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderRefusal {
    /// What its answer called it.
    pub request_id: String,
    /// When it came.
    pub received_at: Timestamp,
    /// What was answered.
    pub status: u16,
    /// Reason code.
    pub reason: String,
    /// The reason in plain words.
    pub detail: String,
    /// Code of the likely cause, where it concerns the sender.
    pub likely: Option<String>,
    /// Size of the body in bytes.
    pub body_len: i64,
}

/// The verdict on what somebody typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureVerdict {
    /// Whether it would be accepted.
    pub valid: bool,
    /// Code, such as `valid` or `signature_mismatch`.
    pub code: String,
    /// What was found, in plain words.
    pub words: String,
    /// The likely cause, in plain words.
    pub likely: Option<String>,
}

/// A link for a vendor's engineer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderLink {
    /// Short name of the vendor.
    pub vendor: String,
    /// The whole address.
    pub url: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a vendor was refused for lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorRefusals {
    /// The server's clock.
    pub now: Timestamp,
    /// The vendor.
    pub vendor_id: VendorId,
    /// Reasons among the refused requests that are kept, the most frequent first.
    pub reasons: Vec<ReasonCount>,
}
