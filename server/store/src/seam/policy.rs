//! Changing what is decided per vendor. Reading it is the configuration's.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{id::VendorId, policy::VendorPolicy, vendor::Vendor};

/// A change of one vendor, given the vendor as it is at that moment.
pub type VendorEdit<'a> = &'a (dyn Fn(&mut Vendor) + Send + Sync);

/// What is decided per vendor. Every change is audited in its own transaction and seen by every node.
#[async_trait]
pub trait PolicyStore {
    /// Changes a vendor as it is at the moment of the change, so that of two people who change different things at
    /// once neither undoes the other. Only `options`, `enabled`, `max_body` and `policy` can be changed; whatever else
    /// `edit` does is not kept.
    async fn edit_vendor(&self, vendor: VendorId, edit: VendorEdit<'_>, audit: &AuditEntry) -> Result<()>;

    /// Replaces a vendor's whole policy; [`PolicyStore::edit_vendor`] changes one part of it.
    async fn set_vendor_policy(
        &self,
        vendor: VendorId,
        policy: &VendorPolicy,
        audit: &AuditEntry,
    ) -> Result<()> {
        self.edit_vendor(vendor, &|vendor| vendor.policy = policy.clone(), audit).await
    }
}
