//! Lines: jobs of a rule that wants order, about one subject, run one after the other in the order their events came.

use super::Result;
use async_trait::async_trait;
use domain::{job::Job, time::Timestamp};

/// Lines.
#[async_trait]
pub trait LineStore {
    /// Whether no unfinished job stands before this one in its line. A look, not a lock: who comes later finds this one.
    async fn is_first_in_line(&self, job: &Job) -> Result<bool>;
    /// Puts those jobs back in the queue that are held by their line although nobody stands before them any more. How a
    /// job ends does that for the next one; this is for ends nobody saw, such as a cancelled job's.
    async fn move_lines_up(&self, now: Timestamp, limit: i64) -> Result<u64>;
}
