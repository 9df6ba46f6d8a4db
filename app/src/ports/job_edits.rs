//! Running a job again with something changed.

use super::Actor;
use crate::{
    error::AppError,
    view::job_edits::{Ask, JobDraft, JobEdits},
};
use async_trait::async_trait;
use domain::id::JobId;

/// Edited copies of jobs.
#[async_trait]
pub trait JobEditsPort: Send + Sync {
    /// What a job was made from, and what was made from it.
    async fn edits(&self, actor: &Actor, id: JobId) -> Result<JobEdits, AppError>;
    /// What a job was asked, and what of that can be changed. A job that does not rest: `Invalid { Form, DoesNotFit }`.
    async fn draft(&self, actor: &Actor, id: JobId) -> Result<JobDraft, AppError>;
    /// Makes a new job that is asked `ask` and otherwise is what the first was; that one stays as it is. Something that
    /// cannot be changed for its kind: `Invalid { …, NotOfThisJob }` at its field; a template that cannot be read:
    /// `Invalid { Prompt | Body, BadTemplate }`; a job that does not rest: `Invalid { Form, DoesNotFit }`.
    async fn run_edited(&self, actor: &Actor, id: JobId, ask: Ask) -> Result<JobId, AppError>;
}
