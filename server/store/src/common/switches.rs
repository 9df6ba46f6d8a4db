//! Pause switches and circuit breakers.

use super::{
    Adapter, Connection,
    audit::{self, end_change},
    rows,
};
use crate::{AuditEntry, Result, StoreError, SwitchStore, text::clean};
use async_trait::async_trait;
use domain::{
    breaker::Breaker,
    id::{NodeId, TenantId},
    pause::{Pause, PauseTarget},
    time::Timestamp,
};
use sqlx::query;

/// All switches that are on.
pub(super) async fn pauses(connection: &mut Connection) -> Result<Vec<Pause>> {
    let found = query("select target, tenant_id, paused_by, since from pauses order by since, target")
        .fetch_all(connection)
        .await?;
    rows::all(&found, |row| {
        Ok(Pause {
            target: rows::parse(row, "target")?,
            tenant_id: rows::get::<Option<_>>(row, "tenant_id")?.map(TenantId::new),
            by: rows::get(row, "paused_by")?,
            since: Timestamp(rows::get(row, "since")?),
        })
    })
}

/// All breakers.
pub(super) async fn breakers(connection: &mut Connection) -> Result<Vec<Breaker>> {
    let found = query(
        "select target, tenant_id, state, mode, reason, changed_at, changed_by, openings, open_until, probe_node,
             probe_until, revision
         from breakers",
    )
    .fetch_all(connection)
    .await?;
    rows::all(&found, |row| {
        Ok(Breaker {
            key: rows::parse(row, "target")?,
            tenant_id: TenantId::new(rows::get(row, "tenant_id")?),
            state: rows::parse(row, "state")?,
            mode: rows::parse(row, "mode")?,
            reason: rows::get(row, "reason")?,
            changed_at: Timestamp(rows::get(row, "changed_at")?),
            changed_by: rows::get(row, "changed_by")?,
            openings: rows::get(row, "openings")?,
            open_until: rows::get::<Option<_>>(row, "open_until")?.map(Timestamp),
            probe_node: rows::get::<Option<_>>(row, "probe_node")?.map(NodeId::new),
            probe_until: rows::get::<Option<_>>(row, "probe_until")?.map(Timestamp),
            revision: rows::get(row, "revision")?,
        })
    })
}

#[async_trait]
impl SwitchStore for Adapter {
    async fn pause(&self, pause: &Pause, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        query("insert into pauses (target, tenant_id, paused_by, since) values ($1, $2, $3, $4)")
            .bind(pause.target.to_string())
            .bind(pause.tenant_id.map(TenantId::uuid))
            .bind(clean(&pause.by))
            .bind(pause.since.0)
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, 1, audit).await
    }

    async fn resume(&self, target: PauseTarget, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query("delete from pauses where target = $1")
            .bind(target.to_string())
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn change_breaker(&self, breaker: &Breaker, audit: Option<&AuditEntry>) -> Result<bool> {
        let mut transaction = self.begin_change().await?;
        let changed = query(
            "insert into breakers (target, tenant_id, state, mode, reason, changed_at, changed_by, openings,
                 open_until, probe_node, probe_until, revision)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (target) do update set state = excluded.state, mode = excluded.mode,
                 reason = excluded.reason, changed_at = excluded.changed_at, changed_by = excluded.changed_by,
                 openings = excluded.openings, open_until = excluded.open_until,
                 probe_node = excluded.probe_node, probe_until = excluded.probe_until,
                 revision = excluded.revision
             where breakers.revision = excluded.revision - 1",
        )
        .bind(clean(&breaker.key.to_string()))
        .bind(breaker.tenant_id.uuid())
        .bind(breaker.state.as_str())
        .bind(breaker.mode.as_str())
        .bind(clean(&breaker.reason))
        .bind(breaker.changed_at.0)
        .bind(clean(&breaker.changed_by))
        .bind(breaker.openings)
        .bind(breaker.open_until.map(|at| at.0))
        .bind(breaker.probe_node.map(NodeId::uuid))
        .bind(breaker.probe_until.map(|at| at.0))
        .bind(breaker.revision)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            // Undone with the version it counted up.
            return Ok(false);
        }
        if let Some(entry) = audit {
            audit::write(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok::<_, StoreError>(true)
    }
}
