//! News that wait to be told. An entry of the audit log that is news for a vendor of its tenant waits from the transaction
//! that wrote it until the one that stores its event, so that nothing is lost in between and nothing told twice.

use super::{AuditEntry, NewEvent, Result};
use async_trait::async_trait;
use domain::{
    id::{TenantId, VendorId},
    time::Timestamp,
};
use uuid::Uuid;

/// News that nobody was told of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntoldNews {
    /// What happened.
    pub entry: AuditEntry,
    /// Whose event it becomes.
    pub vendor_id: VendorId,
}

/// News. They begin to wait by themselves: see [`domain::news`].
#[async_trait]
pub trait NewsStore {
    /// Those that wait, the oldest first; at most `limit`.
    async fn untold_news(&self, limit: i64) -> Result<Vec<UntoldNews>>;
    /// Stores the event of an entry, or none where its vendor takes none any more; it waits no longer. `false`, and nothing
    /// written, when somebody else was quicker.
    async fn tell_news(&self, entry: Uuid, event: Option<&NewEvent>) -> Result<bool>;
    /// How many jobs of a tenant became dead letters from `since` on and before `until`, and still are; those of events of
    /// the vendor `besides` are not counted.
    async fn dead_letters(
        &self,
        tenant: TenantId,
        since: Timestamp,
        until: Timestamp,
        besides: VendorId,
    ) -> Result<i64>;
}
