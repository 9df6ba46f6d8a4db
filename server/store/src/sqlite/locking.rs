//! Taking jobs. The write lock is taken by the transaction, so none of them locks anything itself.

use super::{Adapter, Connection, Row, rows::job_columns};
use crate::{QueueStore as _, Result};
use domain::{
    id::{JobId, NodeId},
    queue::{Place, QueueHead, Take},
    time::Timestamp,
};
use sqlx::{query, query_scalar};
use uuid::Uuid;

impl Adapter {
    /// The first job of each queue. There are no old versions here to begin behind.
    pub(super) async fn heads_behind(&self, _: &[Place]) -> Result<Vec<QueueHead>> {
        self.queues().await
    }

    /// Takes due jobs of which none is limited.
    pub(super) async fn claim_at_once(
        &self,
        node: NodeId,
        takes: &[Take],
        room: i64,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Row>> {
        let mut transaction = self.begin_claim().await?;
        let claimed = claim(&mut transaction, node, takes, room, now, lease_until).await?;
        transaction.commit().await?;
        Ok(claimed)
    }
}

/// Takes due jobs, queue by queue in the order given, until there are `room`.
pub(super) async fn claim(
    connection: &mut Connection,
    node: NodeId,
    takes: &[Take],
    room: i64,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Row>> {
    let mut claimed = Vec::new();
    let mut left = room;
    for take in takes {
        if left <= 0 {
            break;
        }
        let taken = query(concat!(
            "update jobs set state = 'running', node_id = $1, lease_until = $2, attempt = attempt + 1,
                 updated_at = $3
             where id in (
                 select id from jobs indexed by jobs_due
                 where state = 'pending' and priority = $4 and queue = $5 and next_run_at <= $3
                 order by next_run_at, id limit $6)
             returning ",
            job_columns!()
        ))
        .bind(node.uuid())
        .bind(lease_until.0)
        .bind(now.0)
        .bind(take.head.priority)
        .bind(take.head.number)
        .bind(take.most.min(left))
        .fetch_all(&mut *connection)
        .await?;
        left -= i64::try_from(taken.len()).unwrap_or(left);
        claimed.extend(taken);
    }
    Ok(claimed)
}

/// Running jobs whose lease ended.
pub(super) async fn expired(connection: &mut Connection, now: Timestamp, limit: i64) -> Result<Vec<JobId>> {
    let ids: Vec<Uuid> = query_scalar(
        "select id from jobs where state = 'running' and lease_until <= $1 order by lease_until limit $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(JobId::new).collect())
}
