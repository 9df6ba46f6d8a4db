//! What people do to jobs, one or many. Who changes many goes through them in batches, so that no transaction is long.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    filter::JobFilter,
    id::{JobId, TenantId},
    operation::JobOperation,
    time::Timestamp,
};

/// A change of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobChange {
    /// End it. What runs is stopped by its node, whose outcome is not written any more; the try is kept with `note`.
    Cancel {
        /// What people read of it.
        reason: String,
        /// What they read of one that ran, and of its try.
        note: String,
    },
    /// Put it aside until a person lets it go.
    Hold {
        /// What people read of it.
        reason: String,
    },
    /// Let it go, whatever holds it; due now.
    Release,
    /// Put it back in the queue with so many more tries; due now.
    Retry {
        /// More tries.
        tries: i32,
    },
    /// Give it this priority (smaller is sooner); due when it was.
    Prioritise(i16),
    /// Give it this priority; due now.
    Hurry(i16),
}

impl JobChange {
    /// What a person calls it.
    pub const fn operation(&self) -> JobOperation {
        match self {
            Self::Cancel { .. } => JobOperation::Cancel,
            Self::Hold { .. } => JobOperation::Hold,
            Self::Release => JobOperation::Release,
            Self::Retry { .. } => JobOperation::Retry,
            Self::Prioritise(_) => JobOperation::Later,
            Self::Hurry(_) => JobOperation::Sooner,
        }
    }
}

/// Changes of jobs. `scope` is the tenant whose jobs may be changed; `None` changes all.
#[async_trait]
pub trait JobChangeStore {
    /// How many jobs a filter finds, counting no further than `cap`.
    async fn count_jobs(&self, scope: Option<TenantId>, filter: &JobFilter, cap: i64) -> Result<i64>;
    /// Changes those of these jobs whose state allows it, in one transaction with the audit entry, which says how many
    /// they were when several were asked for. Returns which; without any, nothing is written.
    async fn change_jobs(
        &self,
        scope: Option<TenantId>,
        jobs: &[JobId],
        change: &JobChange,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<Vec<JobId>>;
}
