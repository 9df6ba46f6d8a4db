//! Who did what.

use super::Actor;
use crate::{error::AppError, view::audit::AuditPage};
use async_trait::async_trait;
use domain::audit::{AuditCursor, AuditFilter};

/// The audit log.
#[async_trait]
pub trait AuditPort: Send + Sync {
    /// At most `limit` entries of the actor's tenant, for owners of all, newest first, those after `cursor` when there
    /// is one.
    async fn page(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        cursor: Option<AuditCursor>,
        limit: u32,
    ) -> Result<AuditPage, AppError>;
}
