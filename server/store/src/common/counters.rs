//! Counters. How a batch is added is each database's own (`insert::counters`); adding up is the same.

use super::{Adapter, Database, Row, insert, rows};
use crate::{CounterDelta, CounterRow, CounterStore, Result, text::clean};
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};
use sqlx::{QueryBuilder, query, query_scalar};

fn counter(row: &Row) -> Result<CounterRow> {
    Ok(CounterRow {
        minute: rows::time(row, "minute")?,
        name: rows::get(row, "name")?,
        value: rows::get(row, "value")?,
    })
}

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
        rows::all(&found, counter)
    }

    async fn counters_named(
        &self,
        tenant: TenantId,
        names: &[String],
        since: Timestamp,
    ) -> Result<Vec<CounterRow>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::<Database>::new(
            "select minute, name, cast(sum(value) as bigint) as value from counters where tenant_id = ",
        );
        query.push_bind(tenant.uuid()).push(" and minute >= ").push_bind(since.0).push(" and name in (");
        let mut list = query.separated(", ");
        for name in names {
            list.push_bind(clean(name));
        }
        query.push(") group by minute, name order by minute, name");
        rows::all(&query.build().fetch_all(&self.read).await?, counter)
    }

    async fn last_counted(&self, tenant: TenantId, name: &str) -> Result<Option<Timestamp>> {
        let minute: Option<i64> =
            query_scalar("select max(minute) from counters where tenant_id = $1 and name = $2")
                .bind(tenant.uuid())
                .bind(clean(name))
                .fetch_one(&self.read)
                .await?;
        Ok(minute.map(Timestamp))
    }

    async fn forget_counters(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let forgotten =
            query("delete from counters where minute < $1").bind(before.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(forgotten.rows_affected())
    }
}
