//! How far a vendor's side of the connection is: whether it greeted, what became of its greeting, and secrets it
//! handed over that wait for a person's yes.

use crate::{
    id::{OfferId, RequestId, VendorId},
    time::{DAY, Timestamp},
};
use serde::{Deserialize, Serialize};

/// How long an offered secret waits, in microseconds.
pub const OFFER_LASTS: i64 = DAY;

/// What is known of a vendor's greetings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// When it last greeted and was answered.
    pub greeted_at: Option<Timestamp>,
    /// How often it was answered.
    pub greetings: i64,
    /// What came of the request the last greeting asked for, where one did.
    pub follow_up: Option<FollowUp>,
}

/// What came of a request that completes a greeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// When it was made.
    pub at: Timestamp,
    /// Whether the vendor took it.
    pub ok: bool,
    /// What it answered, in words.
    pub words: String,
}

/// A secret that came with an unsigned request. Anybody can have sent it, so it counts for nothing until accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedSecret {
    /// Identity.
    pub id: OfferId,
    /// To whom it would belong.
    pub vendor_id: VendorId,
    /// The request that brought it.
    pub request_id: RequestId,
    /// When it came.
    pub offered_at: Timestamp,
}
