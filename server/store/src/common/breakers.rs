//! What circuit breakers decide by.

use super::{Adapter, Connection, Database, audit::end_change, rows};
use crate::{
    AuditEntry, BreakerStore, Result,
    text::{clean, to_json},
};
use async_trait::async_trait;
use domain::{
    breaker::BreakerKey,
    calls::CallBucket,
    id::{NodeId, TenantId},
    thresholds::SetThresholds,
    time::Timestamp,
};
use sqlx::{QueryBuilder, query};

/// Rows written by one statement; keeps the number of its binds far below what either database takes.
const AT_ONCE: usize = 200;

/// All thresholds that are set.
pub(super) async fn thresholds(connection: &mut Connection) -> Result<Vec<SetThresholds>> {
    let found = query("select target, tenant_id, chosen from breaker_thresholds order by target")
        .fetch_all(connection)
        .await?;
    rows::all(&found, |row| {
        Ok(SetThresholds {
            of: rows::parse(row, "target")?,
            tenant_id: rows::get::<Option<_>>(row, "tenant_id")?.map(TenantId::new),
            chosen: rows::json(row, "chosen")?,
        })
    })
}

#[async_trait]
impl BreakerStore for Adapter {
    async fn set_thresholds(&self, set: &SetThresholds, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let target = set.of.to_string();
        if set.chosen.is_empty() {
            query("delete from breaker_thresholds where target = $1")
                .bind(target)
                .execute(&mut *transaction)
                .await?;
        } else {
            query(
                "insert into breaker_thresholds (target, tenant_id, chosen) values ($1, $2, $3)
                 on conflict (target) do update set chosen = excluded.chosen",
            )
            .bind(target)
            .bind(set.tenant_id.map(TenantId::uuid))
            .bind(to_json(&set.chosen)?)
            .execute(&mut *transaction)
            .await?;
        }
        end_change(transaction, 1, audit).await
    }

    async fn count_calls(&self, buckets: &[CallBucket]) -> Result<()> {
        if buckets.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin_hasty().await?;
        for some in buckets.chunks(AT_ONCE) {
            let mut ills = Vec::with_capacity(some.len());
            for one in some {
                ills.push(to_json(&one.ill)?);
            }
            let mut write = QueryBuilder::<Database>::new(
                "insert into breaker_calls (target, revision, begins_at, node_id, calls, failed, slow, good_at, ill,
                     words, asked_until) ",
            );
            write.push_values(some.iter().zip(ills), |mut row, (one, ill)| {
                row.push_bind(clean(&one.key.to_string()).into_owned())
                    .push_bind(one.revision)
                    .push_bind(one.begins_at.0)
                    .push_bind(one.node_id.uuid())
                    .push_bind(one.calls)
                    .push_bind(one.failed)
                    .push_bind(one.slow)
                    .push_bind(one.good_at.map(|at| at.0))
                    .push_bind(ill)
                    .push_bind(clean(&one.words).into_owned())
                    .push_bind(one.asked_until.map(|at| at.0));
            });
            write.push(
                " on conflict (target, revision, begins_at, node_id) do update set calls = excluded.calls,
                     failed = excluded.failed, slow = excluded.slow, good_at = excluded.good_at,
                     ill = excluded.ill, words = excluded.words, asked_until = excluded.asked_until",
            );
            write.build().execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn calls_since(&self, of: Option<&[BreakerKey]>, since: Timestamp) -> Result<Vec<CallBucket>> {
        let mut read = QueryBuilder::<Database>::new(
            "select target, revision, begins_at, node_id, calls, failed, slow, good_at, ill, words, asked_until
             from breaker_calls where begins_at > ",
        );
        read.push_bind(since.0);
        match of {
            Some([]) => return Ok(Vec::new()),
            Some(keys) => {
                read.push(" and target in (");
                let mut list = read.separated(", ");
                for key in keys {
                    list.push_bind(clean(&key.to_string()).into_owned());
                }
                read.push(")");
            }
            None => {}
        }
        read.push(" order by target, begins_at, node_id");
        rows::all(&read.build().fetch_all(&self.read).await?, |row| {
            Ok(CallBucket {
                key: rows::parse(row, "target")?,
                revision: rows::get(row, "revision")?,
                begins_at: rows::time(row, "begins_at")?,
                node_id: NodeId::new(rows::get(row, "node_id")?),
                calls: rows::get(row, "calls")?,
                failed: rows::get(row, "failed")?,
                slow: rows::get(row, "slow")?,
                good_at: rows::time_opt(row, "good_at")?,
                ill: rows::json(row, "ill")?,
                words: rows::get(row, "words")?,
                asked_until: rows::time_opt(row, "asked_until")?,
            })
        })
    }

    async fn forget_calls(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let gone = query("delete from breaker_calls where begins_at < $1")
            .bind(before.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}
