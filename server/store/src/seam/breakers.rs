//! What circuit breakers decide by: thresholds that are set, and calls counted by all nodes. How breakers stand is
//! [`super::SwitchStore`]'s.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{breaker::BreakerKey, calls::CallBucket, thresholds::SetThresholds, time::Timestamp};

/// Thresholds and calls.
#[async_trait]
pub trait BreakerStore {
    /// Sets all thresholds of one; none of them takes away what was set. Configuration: every node notices.
    async fn set_thresholds(&self, set: &SetThresholds, audit: &AuditEntry) -> Result<()>;
    /// Writes these buckets, over what their nodes wrote of them before. A power cut may undo it.
    async fn count_calls(&self, buckets: &[CallBucket]) -> Result<()>;
    /// The buckets of these breakers, of all when `None`, that begin after `since`; by breaker and time.
    async fn calls_since(&self, of: Option<&[BreakerKey]>, since: Timestamp) -> Result<Vec<CallBucket>>;
    /// Forgets buckets that begin before `before`.
    async fn forget_calls(&self, before: Timestamp) -> Result<u64>;
}
