//! How far the vendors' side of each connection is, secrets they handed over, and values that count once.

use super::{AuditEntry, Result, Sealed};
use async_trait::async_trait;
use domain::{
    connection::{Connection, FollowUp, OfferedSecret},
    id::{TenantId, VendorId},
    time::Timestamp,
};

/// Greetings of vendors. What is merely noted may be lost in a power cut; what a person decided may not.
#[async_trait]
pub trait GreetingStore {
    /// Notes that a vendor greeted so many times more, the last time at `at`.
    async fn note_greetings(&self, vendor: VendorId, times: i64, at: Timestamp) -> Result<()>;
    /// Notes what came of the request a greeting asked for.
    async fn note_follow_up(&self, vendor: VendorId, outcome: &FollowUp, audit: &AuditEntry) -> Result<()>;
    /// What is known; an empty one when nothing is.
    async fn connection(&self, vendor: VendorId) -> Result<Connection>;
    /// Keeps an offered secret unless the vendor has `at_most` already: whoever floods an address cannot push out what
    /// came before. Returns whether it was kept.
    async fn offer_secret(&self, offer: &OfferedSecret, value: &Sealed, at_most: i64) -> Result<bool>;
    /// A vendor's offers since `since`, oldest first.
    async fn offers(&self, vendor: VendorId, since: Timestamp) -> Result<Vec<(OfferedSecret, Sealed)>>;
    /// How many vendors of `scope` wait with an offer since `since`.
    async fn offering(&self, scope: Option<TenantId>, since: Timestamp) -> Result<i64>;
    /// Forgets a vendor's offers; `NotFound` when there are none.
    async fn withdraw_offers(&self, vendor: VendorId, audit: &AuditEntry) -> Result<()>;
    /// Forgets all offers before `before`.
    async fn forget_offers(&self, before: Timestamp) -> Result<u64>;
    /// Remembers until `forget_at` that `value` was seen with `content`, across nodes. `false` when it was seen with
    /// other content: a replay. A value whose time is over counts as new.
    async fn see_once(
        &self,
        vendor: VendorId,
        value: &[u8; 32],
        content: &[u8; 32],
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<bool>;
    /// Forgets values whose time is over.
    async fn forget_seen(&self, now: Timestamp) -> Result<u64>;
}
