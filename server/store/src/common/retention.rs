//! Removing what is older than a tenant keeps it.

use super::{Adapter, Connection, Database, is_one_of};
use crate::{Forgotten, Result, RetentionStore};
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};
use sqlx::{QueryBuilder, query, query_scalar};
use uuid::Uuid;

/// Runs a statement that ends with a column, for these ids.
async fn delete(
    connection: &mut Connection,
    statement: &'static str,
    ids: &[Uuid],
    end: &'static str,
) -> Result<u64> {
    let mut delete = QueryBuilder::<Database>::new(statement);
    is_one_of(&mut delete, ids.iter().copied());
    delete.push(end);
    Ok(delete.build().execute(connection).await?.rows_affected())
}

#[async_trait]
impl RetentionStore for Adapter {
    async fn forget_events(&self, tenant: TenantId, before: Timestamp, limit: i64) -> Result<Forgotten> {
        // A removal that is lost in a power cut is merely done again.
        let mut transaction = self.begin_hasty().await?;
        let connection = &mut *transaction;
        let ids: Vec<Uuid> = query_scalar(
            "select id from events where tenant_id = $1 and received_at < $2
                 and not exists (
                     select 1 from job_facts join jobs on jobs.id = job_id where of_event = events.id
                         and state in ('pending', 'running', 'held'))
             order by received_at, id limit $3",
        )
        .bind(tenant.uuid())
        .bind(before.0)
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
        let mut forgotten = Forgotten::default();
        if !ids.is_empty() {
            const OF_JOBS: &str = ")";
            delete(
                connection,
                "delete from results where job_id in (select job_id from job_facts where of_event",
                &ids,
                OF_JOBS,
            )
            .await?;
            delete(
                connection,
                "delete from attempts where job_id in (select job_id from job_facts where of_event",
                &ids,
                OF_JOBS,
            )
            .await?;
            // A copy is of the same event as what it was made from.
            delete(
                connection,
                "delete from job_edits where job_id in (select job_id from job_facts where of_event",
                &ids,
                OF_JOBS,
            )
            .await?;
            delete(
                connection,
                "delete from jobs where id in (select job_id from job_facts where of_event",
                &ids,
                OF_JOBS,
            )
            .await?;
            delete(connection, "delete from event_payloads where event_id", &ids, "").await?;
            delete(connection, "delete from replayed_events where event_id", &ids, "").await?;
            delete(connection, "delete from repeated_work where event_id", &ids, "").await?;
            delete(connection, "delete from scheduled_events where event_id", &ids, "").await?;
            delete(connection, "delete from events_by_hand where event_id", &ids, "").await?;
            forgotten.events = delete(connection, "delete from events where id", &ids, "").await?;
        }
        forgotten.refused = query(
            "delete from refused_requests where id in (
                 select id from refused_requests where tenant_id = $1 and received_at < $2 limit $3)",
        )
        .bind(tenant.uuid())
        .bind(before.0)
        .bind(limit)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        query(
            "delete from refused_captures where received_at < $1 and not exists (
                 select 1 from refused_requests where refused_requests.id = refused_captures.request_id)",
        )
        .bind(before.0)
        .execute(&mut *connection)
        .await?;
        transaction.commit().await?;
        Ok(forgotten)
    }
}
