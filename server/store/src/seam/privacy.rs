//! What tenants decided about their payloads, and their data keys.

use super::{AuditEntry, Result, Sealed};
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};

/// Privacy of tenants. Every change is audited in its own transaction and counts as a change of the configuration.
#[async_trait]
pub trait PrivacyStore {
    /// Begins or ends sealing new payloads. `key` becomes the tenant's data key when it has none.
    async fn set_encryption(
        &self,
        tenant: TenantId,
        encrypt: bool,
        key: Option<&Sealed>,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Sets how many days events are kept; `None` keeps all.
    async fn set_keep_days(&self, tenant: TenantId, days: Option<i32>, audit: &AuditEntry) -> Result<()>;
    /// Destroys a tenant's data key, and its refused requests as far as they are kept whole; `next` takes the key's place
    /// for what arrives from now on. `NotFound` when there is none.
    async fn shred(
        &self,
        tenant: TenantId,
        next: Option<&Sealed>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
}
