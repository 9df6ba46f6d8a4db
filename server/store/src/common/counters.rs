//! Counters. How a batch is added is each database's own (`insert::counters`); adding up is the same.

use super::{Adapter, insert, rows};
use crate::{CounterDelta, CounterRow, CounterStore, Result};
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};
use sqlx::query;

#[async_trait]
impl CounterStore for Adapter {
    async fn count(&self, counters: &[CounterDelta]) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        insert::counters(&mut transaction, counters).await?;
        Ok(transaction.commit().await?)
    }

    async fn counters(&self, scope: Option<TenantId>, since: Timestamp) -> Result<Vec<CounterRow>> {
        let found = query(
            "select minute, name, cast(sum(value) as bigint) as value from counters
             where minute >= $1 and ($2 is null or tenant_id = $2)
             group by minute, name order by minute, name",
        )
        .bind(since.0)
        .bind(scope.map(TenantId::uuid))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, |row| {
            Ok(CounterRow {
                minute: rows::time(row, "minute")?,
                name: rows::get(row, "name")?,
                value: rows::get(row, "value")?,
            })
        })
    }

    async fn forget_counters(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let forgotten =
            query("delete from counters where minute < $1").bind(before.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected())
    }
}
