//! One try of a job, as it is kept.

use crate::{
    id::{JobId, NodeId},
    job::{Job, Usage},
    outcome::{AttemptOutcome, ErrorClass},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One try of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Of which job.
    pub job_id: JobId,
    /// 1 for the first, then counting up.
    pub number: i32,
    /// Who ran it.
    pub node_id: NodeId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// What kind of error, when it was one.
    pub error_class: Option<ErrorClass>,
    /// The error in plain words.
    pub error: Option<String>,
    /// HTTP status of the far side.
    pub status: Option<u16>,
    /// The beginning of the far side's answer when it was an error.
    pub answer: Option<String>,
    /// Model that answered.
    pub model: Option<String>,
    /// Tokens and cost of this try.
    pub usage: Usage,
    /// When the next try is planned.
    pub next_run_at: Option<Timestamp>,
}

impl Attempt {
    /// The try of `job` that is under way, as it looks when it ends well and nothing more is known of it.
    pub fn of(job: &Job, node_id: NodeId, started_at: Timestamp, finished_at: Timestamp) -> Self {
        Self {
            job_id: job.id,
            number: job.attempt,
            node_id,
            started_at,
            finished_at,
            outcome: AttemptOutcome::Succeeded,
            error_class: None,
            error: None,
            status: None,
            answer: None,
            model: None,
            usage: Usage::default(),
            next_run_at: None,
        }
    }
}
