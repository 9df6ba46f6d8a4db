//! Jobs as people see them: lists, stories, and putting one back in the queue.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    attempt::Attempt,
    filter::{Cursor, JobFilter},
    id::{EventId, JobId, TenantId},
    job::{Job, JobResult, JobState},
    time::Timestamp,
};

/// Jobs, for reading and for the few things people do to them. `scope` is the tenant whose jobs may be seen;
/// `None` sees all.
#[async_trait]
pub trait JobStore {
    /// Newest first, after `after`; at most `limit`.
    async fn jobs(
        &self,
        scope: Option<TenantId>,
        filter: &JobFilter,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Job>>;
    /// One job.
    async fn job(&self, scope: Option<TenantId>, id: JobId) -> Result<Job>;
    /// All jobs an event started, oldest first.
    async fn jobs_of_event(&self, event: EventId) -> Result<Vec<Job>>;
    /// Jobs that go on from this one, oldest first.
    async fn children(&self, parent: JobId) -> Result<Vec<Job>>;
    /// The tries of these jobs, oldest first.
    async fn attempts(&self, jobs: &[JobId]) -> Result<Vec<Attempt>>;
    /// What these jobs made.
    async fn results(&self, jobs: &[JobId]) -> Result<Vec<(JobId, JobResult)>>;
    /// How many jobs are in each state, counting no further than `cap` per state so that the cost stays flat.
    async fn state_counts(&self, scope: Option<TenantId>, cap: i64) -> Result<Vec<(JobState, i64)>>;
    /// How many jobs of each tenant wait. Passes by every one of them, so it is for when too many do.
    async fn waiting_by_tenant(&self) -> Result<Vec<(TenantId, i64)>>;
    /// When the longest-waiting due job fell due; `None` when nothing waits.
    async fn oldest_due(&self, scope: Option<TenantId>, now: Timestamp) -> Result<Option<Timestamp>>;
    /// Those of these jobs that there are, in no order.
    async fn jobs_named(&self, ids: &[JobId]) -> Result<Vec<Job>>;
    /// Adds jobs that no event started.
    async fn add_jobs(&self, jobs: &[Job]) -> Result<()>;
    /// Puts a resting job (see `JobState::may_retry`) back in the queue, due now, with `tries` more tries.
    /// `Conflict` when it does not rest.
    async fn retry(
        &self,
        scope: Option<TenantId>,
        id: JobId,
        tries: i32,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
}
