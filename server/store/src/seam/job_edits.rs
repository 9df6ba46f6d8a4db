//! Jobs that were made from others, with something changed. The first stays as it was.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    id::{JobId, TenantId},
    job::Job,
};

/// A job that was made from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobEdit {
    /// The new one.
    pub job_id: JobId,
    /// The one it was made from.
    pub origin_id: JobId,
}

/// Edited copies of jobs. `scope` is the tenant whose jobs are meant; `None` means all.
#[async_trait]
pub trait JobEditStore {
    /// Adds `copy` as an edited copy of `origin`. `Conflict` while that one does not rest: it may still do what the copy is
    /// to do otherwise.
    async fn add_edited(
        &self,
        scope: Option<TenantId>,
        origin: JobId,
        copy: &Job,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// What one of these jobs was made from, or what was made from it; oldest copy first.
    async fn edits_of(&self, jobs: &[JobId]) -> Result<Vec<JobEdit>>;
}
