//! Work that is not done twice: jobs known by a key, of which there is one within a window.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId},
    job::Job,
    time::Timestamp,
};

/// By what a job's work is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueKey {
    /// Equal for equal work; a SHA-256, so that it says nothing about what it was made of.
    pub key: [u8; 32],
    /// A job made this long ago (microseconds) or less does the work of one that is made now.
    pub window: i64,
    /// Whether it does so although it failed for good or was cancelled.
    pub even_if_failed: bool,
}

/// What became of a job that was to be added once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedOnce {
    /// It was added.
    Added,
    /// Nothing was written: this job does its work.
    Already(JobId),
}

/// Unique jobs. However many callers, on however many nodes, ask for the same work at once, one of them gets a job of its
/// own.
#[async_trait]
pub trait UniqueStore {
    /// Adds a job unless, for any of these keys, another does its work already. From then on it is the one that does. Which
    /// jobs count is decided by the windows given now, whatever was given when those were made.
    async fn add_job_once(
        &self,
        job: &Job,
        keys: &[UniqueKey],
        audit: Option<&AuditEntry>,
    ) -> Result<AddedOnce>;
    /// The jobs that did already what an event asked for, oldest first; they may be gone by now.
    async fn done_already(&self, event: EventId) -> Result<Vec<JobId>>;
    /// The events that asked for what a job did already, oldest first; at most `limit`.
    async fn asked_again(&self, job: JobId, limit: i64) -> Result<Vec<EventId>>;
    /// Forgets up to `limit` keys whose window was over at `now`; returns how many.
    async fn forget_unique(&self, now: Timestamp, limit: i64) -> Result<u64>;
}
