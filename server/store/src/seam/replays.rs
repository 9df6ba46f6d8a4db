//! Replays, step by step. Whoever takes a step writes its copies and moves the replay on in one transaction, and only
//! if nobody else took it: any number of processes may drive the same replay, and one that is killed loses nothing.

use super::{AuditEntry, NewEvent, Result};
use async_trait::async_trait;
use domain::{
    id::{ReplayId, TenantId},
    replay::{Replay, ReplayLink},
    time::Timestamp,
};

/// Replays. `scope` is the tenant whose replays may be seen; `None` sees all.
#[async_trait]
pub trait ReplayStore {
    /// Adds a replay.
    async fn add_replay(&self, replay: &Replay, audit: &AuditEntry) -> Result<()>;
    /// One replay.
    async fn replay(&self, scope: Option<TenantId>, id: ReplayId) -> Result<Replay>;
    /// Newest first; at most `limit`.
    async fn replays(&self, scope: Option<TenantId>, limit: i64) -> Result<Vec<Replay>>;
    /// The running replay whose next step falls due first.
    async fn next_replay(&self) -> Result<Option<Replay>>;
    /// Writes one step: `copies`, and the replay as it is `after`. `false`, and nothing written, when it is not any more
    /// as it was `before`.
    async fn step_replay(
        &self,
        before: &Replay,
        after: &Replay,
        copies: &[(NewEvent, ReplayLink)],
    ) -> Result<bool>;
    /// Ends a replay early. `Conflict` when it does not run.
    async fn cancel_replay(
        &self,
        scope: Option<TenantId>,
        id: ReplayId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
}
