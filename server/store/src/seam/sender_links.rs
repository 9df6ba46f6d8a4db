//! Which links to a vendor's sender page count: a number per vendor, written into each link.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::id::VendorId;

/// Numbers of links to sender pages.
#[async_trait]
pub trait SenderLinkStore {
    /// The number whose links count now; 1 until it is renewed for the first time.
    async fn sender_link_number(&self, vendor: VendorId) -> Result<i32>;
    /// Makes all links given out until now worthless; returns the new number.
    async fn renew_sender_links(&self, vendor: VendorId, audit: &AuditEntry) -> Result<i32>;
}
