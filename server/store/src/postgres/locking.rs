//! Taking jobs: what is claimed by one is skipped by the others.

use super::{Adapter, Connection, Row, insert::column, rows::job_columns};
use crate::Result;
use domain::{
    id::{JobId, NodeId},
    queue::Take,
    time::Timestamp,
};
use sqlx::{query, query_scalar};
use uuid::Uuid;

/// Takes due jobs, queue by queue in the order given: the lateral join reads only what is due in each, from the head that
/// is known, and stops at `room`. (What stands before the head are old versions of jobs, very many while a transaction that
/// stays open keeps them from being cleared away.) What is locked is found again by its place, which needs no index.
pub(super) const CLAIM: &str = concat!(
    "with due as materialized (
         select job.place
         from unnest($4::smallint[], $5::bigint[], $6::bigint[], $8::bigint[], $9::uuid[])
             as take (priority, queue, most, due_at, id)
         cross join lateral (
             select ctid as place from jobs
             where state = 'pending' and priority = take.priority and queue = take.queue
                 and next_run_at <= $3 and (next_run_at, id) >= (take.due_at, take.id)
             order by next_run_at, id limit take.most for update skip locked
         ) as job
         limit $7
     )
     update jobs
     set state = 'running', node_id = $1, lease_until = $2, attempt = attempt + 1, updated_at = $3
     where ctid = any (array(select place from due))
     returning ",
    job_columns!()
);

impl Adapter {
    /// Takes due jobs of which none is limited: one statement that commits itself.
    pub(super) async fn claim_at_once(
        &self,
        node: NodeId,
        takes: &[Take],
        room: i64,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<Row>> {
        claim(&mut *self.claiming.acquire().await?, node, takes, room, now, lease_until).await
    }
}

/// Takes due jobs.
pub(super) async fn claim(
    connection: &mut Connection,
    node: NodeId,
    takes: &[Take],
    room: i64,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Row>> {
    let claimed = query(CLAIM)
        .bind(node.uuid())
        .bind(lease_until.0)
        .bind(now.0)
        .bind(column(takes, |take| take.head.priority))
        .bind(column(takes, |take| take.head.number))
        .bind(column(takes, |take| take.most))
        .bind(room)
        .bind(column(takes, |take| take.head.due_at.0))
        .bind(column(takes, |take| take.head.id.uuid()))
        .fetch_all(connection)
        .await?;
    Ok(claimed)
}

/// Running jobs whose lease ended, locked. Those another transaction works on are left to it.
pub(super) async fn expired(connection: &mut Connection, now: Timestamp, limit: i64) -> Result<Vec<JobId>> {
    let ids: Vec<Uuid> = query_scalar(
        "select id from jobs where state = 'running' and lease_until <= $1
         order by lease_until limit $2 for update skip locked",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(JobId::new).collect())
}
