//! What ends secrets by itself: the policy of each vendor, and the guarded end of a retiring version.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    id::{SecretId, VendorId},
    time::Timestamp,
};

/// Ends of secrets.
#[async_trait]
pub trait RotationStore {
    /// After how many hours without a match a vendor's retiring secrets end; vendors without a policy are absent.
    async fn rotation_policies(&self) -> Result<Vec<(VendorId, i32)>>;
    /// Sets a vendor's policy (1 to 720 hours), or takes it away.
    async fn set_rotation_policy(
        &self,
        vendor: VendorId,
        quiet_hours: Option<i32>,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Revokes a version that is still retiring with exactly this end. `NotFound` when it is not: somebody changed
    /// it meanwhile.
    async fn end_retiring(&self, secret: SecretId, not_after: Timestamp, audit: &AuditEntry) -> Result<()>;
}
