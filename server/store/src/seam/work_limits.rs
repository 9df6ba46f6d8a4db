//! Limits of work. They are configuration: every change counts up its version, and they are read with the rest of it.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::limit::WorkLimit;

/// Limits of work.
#[async_trait]
pub trait WorkLimitStore {
    /// Sets all of a limit; one that says nothing is taken away.
    async fn set_work_limit(&self, limit: &WorkLimit, audit: &AuditEntry) -> Result<()>;
}
