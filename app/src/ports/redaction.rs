//! What of a vendor's requests is never stored.

use super::Actor;
use crate::{
    error::AppError,
    view::{payload::Reading, redaction::VendorPrivacy},
};
use async_trait::async_trait;
use domain::{id::VendorId, redaction::Redaction};

/// Redaction rules of vendors.
#[async_trait]
pub trait RedactionPort: Send + Sync {
    /// The rules of a vendor, and how its tenant keeps payloads.
    async fn of_vendor(&self, actor: &Actor, vendor: VendorId) -> Result<VendorPrivacy, AppError>;
    /// Replaces the rules; they apply to what arrives from then on.
    async fn set(&self, actor: &Actor, vendor: VendorId, rules: Redaction) -> Result<(), AppError>;
    /// The vendor's last event as it would be stored under these rules; `None` when it sent none yet. Noted in the audit
    /// log, as every look at a payload.
    async fn preview(
        &self,
        actor: &Actor,
        vendor: VendorId,
        rules: Redaction,
    ) -> Result<Option<Reading>, AppError>;
}
