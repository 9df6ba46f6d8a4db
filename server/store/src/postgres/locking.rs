//! Taking jobs: what is claimed by one is skipped by the others.

use super::{
    Adapter, Connection, Row,
    insert::column,
    rows::{self, job_columns},
};
use crate::{MOST_QUEUES, Result};
use domain::{
    id::{JobId, NodeId},
    queue::{Place, QueueHead, Take},
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

/// What of a job is read where it may be the first of its queue.
macro_rules! head_columns {
    () => {
        "jobs.id, priority, queue, next_run_at, tenant_id, vendor_id, kind, provider_id, destination_id"
    };
}

/// The first job of a queue behind this one and before the end of the gap.
macro_rules! first_behind {
    ($before:literal) => {
        concat!(
            "select ",
            head_columns!(),
            " from jobs
              where state = 'pending' and (priority, queue) > (",
            $before,
            ".priority, ",
            $before,
            ".queue) and (priority, queue) < (gap.to_priority, gap.to_queue)
              order by priority, queue, next_run_at, jobs.id limit 1"
        )
    };
}

/// The first job of each known queue at or behind its place, and those of all queues in the gaps between them.
pub(super) const HEADS_BEHIND: &str = concat!(
    "select first.* from unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::uuid[])
         as known (priority, queue, due_at, id)
     cross join lateral (
         select ",
    head_columns!(),
    " from jobs
         where state = 'pending' and priority = known.priority and queue = known.queue
             and (next_run_at, jobs.id) >= (known.due_at, known.id)
         order by next_run_at, jobs.id limit 1
     ) as first
     union all
     select first.* from unnest($5::smallint[], $6::bigint[], $7::smallint[], $8::bigint[])
         as gap (priority, queue, to_priority, to_queue)
     cross join lateral (
         with recursive head as (
             (",
    first_behind!("gap"),
    ")
             union all
             select next.* from head cross join lateral (",
    first_behind!("head"),
    ") as next
         )
         select * from head limit $9
     ) as first"
);

impl Adapter {
    /// The first jobs of queues of which these places are known, in the order of priority and number.
    pub(super) async fn heads_behind(&self, known: &[Place]) -> Result<Vec<QueueHead>> {
        // No priority is so low or so high.
        let mut begins = vec![(i16::MIN, i64::MIN)];
        begins.extend(known.iter().map(|place| place.queue));
        let ends: Vec<_> = begins[1..].iter().copied().chain([(i16::MAX, i64::MAX)]).collect();
        // On the connection of claims: whoever looks is about to claim, and statements are planned there without guesses at
        // how few jobs there may be.
        let found = query(HEADS_BEHIND)
            .bind(column(known, |place| place.queue.0))
            .bind(column(known, |place| place.queue.1))
            .bind(column(known, |place| place.position.0.0))
            .bind(column(known, |place| place.position.1.uuid()))
            .bind(column(&begins, |queue| queue.0))
            .bind(column(&begins, |queue| queue.1))
            .bind(column(&ends, |queue| queue.0))
            .bind(column(&ends, |queue| queue.1))
            .bind(MOST_QUEUES)
            .fetch_all(&self.claiming)
            .await?;
        let mut heads = rows::all(&found, rows::queue_head)?;
        heads.sort_unstable_by_key(QueueHead::queue);
        heads.truncate(usize::try_from(MOST_QUEUES).unwrap_or(usize::MAX));
        Ok(heads)
    }

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
