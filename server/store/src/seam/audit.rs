//! Who did what, when. Entries about a change are written in its transaction.

use super::Result;
use async_trait::async_trait;
use domain::{
    audit::{AuditCursor, AuditFilter},
    id::TenantId,
    time::Timestamp,
};
use uuid::Uuid;

/// One thing a person or program did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Identity (UUIDv7).
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// In which tenant; `None` for the whole installation.
    pub tenant_id: Option<TenantId>,
    /// Who: an e-mail, or `cli`.
    pub actor: String,
    /// What, such as `vendor.add`.
    pub action: String,
    /// To what: an id or name.
    pub target: String,
    /// More, in plain words; never a secret.
    pub detail: String,
}

/// The audit log.
#[async_trait]
pub trait AuditStore {
    /// Adds an entry about something that changed nothing, such as looking at a payload.
    async fn note(&self, entry: &AuditEntry) -> Result<()>;
    /// Newest first, before `before`.
    async fn audit_log(
        &self,
        scope: Option<TenantId>,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<AuditEntry>>;
    /// Newest first, narrowed, after `after`; at most `limit`.
    async fn audit_page(
        &self,
        scope: Option<TenantId>,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>>;
    /// Writes an entry about something that changed no row, such as that a secret was looked at.
    async fn add_audit_entry(&self, entry: &AuditEntry) -> Result<()>;
}
