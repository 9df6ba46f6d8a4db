//! Counters kept as rows, one per minute and name, so that no page ever counts a table.
//! Nodes write rows of their own and never wait for each other; readers add them up.

use super::Result;
use async_trait::async_trait;
use domain::{
    id::{NodeId, TenantId},
    time::Timestamp,
};

/// What is to be added to a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterDelta {
    /// The minute it belongs to (its beginning).
    pub minute: Timestamp,
    /// Whose.
    pub tenant_id: TenantId,
    /// What is counted, such as `accepted` or `answer_ms:8`.
    pub name: String,
    /// Who counts.
    pub node_id: NodeId,
    /// How much.
    pub add: i64,
}

/// A counter of one minute, over all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// The minute (its beginning).
    pub minute: Timestamp,
    /// What is counted.
    pub name: String,
    /// How much.
    pub value: i64,
}

/// Counters.
#[async_trait]
pub trait CounterStore {
    /// Adds to counters.
    async fn count(&self, counters: &[CounterDelta]) -> Result<()>;
    /// The counters of all minutes from `since` on, by minute and name.
    async fn counters(&self, scope: Option<TenantId>, since: Timestamp) -> Result<Vec<CounterRow>>;
    /// These counters of one tenant, of all minutes from `since` on, by minute and name. Reads nothing else, so it
    /// stays cheap however much is counted.
    async fn counters_named(
        &self,
        tenant: TenantId,
        names: &[String],
        since: Timestamp,
    ) -> Result<Vec<CounterRow>>;
    /// The last minute in which this counter was added to, as far back as counters are kept.
    async fn last_counted(&self, tenant: TenantId, name: &str) -> Result<Option<Timestamp>>;
    /// Forgets minutes before `before`.
    async fn forget_counters(&self, before: Timestamp) -> Result<u64>;
}
