//! What people do to jobs beside putting one back.

use super::Actor;
use crate::{
    error::AppError,
    view::jobs::{JobsChanged, JobsToChange},
};
use async_trait::async_trait;
use domain::{filter::JobFilter, id::JobId, operation::JobOperation};

/// Changes of jobs.
#[async_trait]
pub trait JobChangesPort: Send + Sync {
    /// Changes one job. One whose state does not allow it: `Invalid { Form, DoesNotFit }`.
    async fn change(&self, actor: &Actor, id: JobId, what: JobOperation) -> Result<(), AppError>;
    /// How many jobs of a filter could be changed so, counting no further than [`crate::view::jobs::COUNT_CAP`].
    async fn count(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        what: JobOperation,
    ) -> Result<JobsToChange, AppError>;
    /// Changes the jobs of a filter that were there when it began, in small batches, and at most about `most` of them.
    async fn change_all(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        what: JobOperation,
        most: i64,
    ) -> Result<JobsChanged, AppError>;
}
