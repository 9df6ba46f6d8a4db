//! Putting waiting jobs aside and letting them go again, by what holds them. Everything is done in small batches, each
//! a transaction of its own that a power cut may undo: it is merely done again.

use super::Result;
use async_trait::async_trait;
use domain::{holder::Holder, id::JobId, job::Job, time::Timestamp};

/// Jobs that are put aside.
#[async_trait]
pub trait HoldStore {
    /// The first due jobs in the order they would be claimed in, unclaimed.
    async fn due(&self, limit: i64, now: Timestamp) -> Result<Vec<Job>>;
    /// Puts those of these jobs aside that wait; returns how many.
    async fn hold_waiting(&self, jobs: &[JobId], by: &Holder, reason: &str, now: Timestamp) -> Result<u64>;
    /// What holds any jobs now. Looks once at each holder, however many jobs it holds.
    async fn holders(&self) -> Result<Vec<Holder>>;
    /// Lets go the oldest jobs a holder holds, at most `limit`, the first due at `now` and each further one `step`
    /// microseconds later. Returns how many.
    async fn let_go(&self, by: &Holder, limit: i64, now: Timestamp, step: i64) -> Result<u64>;
}
