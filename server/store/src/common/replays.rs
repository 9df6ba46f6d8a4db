//! Replays, step by step.

use super::{Adapter, archive, audit, insert, rows};
use crate::{
    AuditEntry, NewEvent, ReplayStore, Result, StoreError,
    text::{clean, to_json},
};
use async_trait::async_trait;
use domain::{
    id::{ReplayId, TenantId},
    replay::{Replay, ReplayLink},
    time::Timestamp,
};
use rows::replay_columns;
use sqlx::query;

#[async_trait]
impl ReplayStore for Adapter {
    async fn add_replay(&self, replay: &Replay, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        query(concat!(
            "insert into replays (",
            replay_columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        ))
        .bind(replay.id.uuid())
        .bind(replay.tenant_id.uuid())
        .bind(clean(&replay.actor))
        .bind(to_json(&replay.selection)?)
        .bind(replay.per_second)
        .bind(replay.state.as_str())
        .bind(replay.total)
        .bind(replay.done)
        .bind(replay.skipped)
        .bind(replay.at.map(|at| at.received_at.0))
        .bind(replay.at.map(|at| at.id.uuid()))
        .bind(replay.next_step_at.0)
        .bind(replay.created_at.0)
        .bind(replay.finished_at.map(|at| at.0))
        .execute(&mut *transaction)
        .await?;
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn replay(&self, scope: Option<TenantId>, id: ReplayId) -> Result<Replay> {
        let row = query(concat!(
            "select ",
            replay_columns!(),
            " from replays where id = $1 and ($2 is null or tenant_id = $2)"
        ))
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        rows::replay(&row)
    }

    async fn replays(&self, scope: Option<TenantId>, limit: i64) -> Result<Vec<Replay>> {
        let found = query(concat!(
            "select ",
            replay_columns!(),
            " from replays where $1 is null or tenant_id = $1 order by created_at desc, id desc limit $2"
        ))
        .bind(scope.map(TenantId::uuid))
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::replay)
    }

    async fn next_replay(&self) -> Result<Option<Replay>> {
        let row = query(concat!(
            "select ",
            replay_columns!(),
            " from replays where state = 'running' order by next_step_at limit 1"
        ))
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(rows::replay).transpose()
    }

    async fn step_replay(
        &self,
        before: &Replay,
        after: &Replay,
        copies: &[(NewEvent, ReplayLink)],
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        // First, so that of two who take the same step one waits here and then finds it taken.
        let moved = query(
            "update replays set state = $2, done = $3, skipped = $4, at_received = $5, at_event = $6,
                 next_step_at = $7, finished_at = $8
             where id = $1 and state = 'running' and done = $9 and skipped = $10 and next_step_at = $11",
        )
        .bind(before.id.uuid())
        .bind(after.state.as_str())
        .bind(after.done)
        .bind(after.skipped)
        .bind(after.at.map(|at| at.received_at.0))
        .bind(after.at.map(|at| at.id.uuid()))
        .bind(after.next_step_at.0)
        .bind(after.finished_at.map(|at| at.0))
        .bind(before.done)
        .bind(before.skipped)
        .bind(before.next_step_at.0)
        .execute(&mut *transaction)
        .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        let events: Vec<&NewEvent> = copies.iter().map(|(new, _)| new).collect();
        let links: Vec<ReplayLink> = copies.iter().map(|(_, link)| *link).collect();
        let stored = insert::events_and_jobs(&mut transaction, &events).await?;
        if stored.len() != events.len() {
            // Each copy has a key of its own; one that is taken would be lost without a word.
            return Err(StoreError::Conflict);
        }
        archive::link(&mut transaction, &links).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn cancel_replay(
        &self,
        scope: Option<TenantId>,
        id: ReplayId,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query(
            "update replays set state = 'cancelled', finished_at = $3
             where id = $1 and ($2 is null or tenant_id = $2) and state = 'running'",
        )
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::Conflict);
        }
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}
