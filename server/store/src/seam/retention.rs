//! Removing what is older than a tenant keeps it.

use super::Result;
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};

/// What one batch removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Events, each with its payload, jobs, tries and results.
    pub events: u64,
    /// Refused requests.
    pub refused: u64,
}

/// Removing old events.
#[async_trait]
pub trait RetentionStore {
    /// Removes up to `limit` of a tenant's events that arrived before `before`, oldest first, with all that came of them,
    /// and as many refused requests. An event with a job that has not ended is left for later. Each batch is a
    /// transaction of its own, so that nothing waits long for it.
    async fn forget_events(&self, tenant: TenantId, before: Timestamp, limit: i64) -> Result<Forgotten>;
}
