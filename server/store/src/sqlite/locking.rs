//! The queue's statements. The write lock is taken by the transaction, so none of them locks anything itself.

use super::{Connection, Database, Row, insert::pieces, rows::job_columns};
use crate::{Result, batch::Change, text::clean_opt};
use domain::{
    id::{JobId, NodeId},
    queue::Take,
    time::Timestamp,
};
use sqlx::{QueryBuilder, Row as _, query, query_scalar};
use uuid::Uuid;

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

/// Changes the jobs of those tries that still hold theirs; returns job, number and line of each.
pub(super) async fn finish(
    connection: &mut Connection,
    changes: &[Change<'_>],
    now: Timestamp,
) -> Result<Vec<(JobId, i32, Option<String>)>> {
    let mut held = Vec::with_capacity(changes.len());
    // One bind is left for `now`.
    for piece in pieces(changes, 16) {
        let mut update = QueryBuilder::<Database>::new(
            "with ended (job_id, number, node, state, uncount, run_at, why, class, answered_by, tokens_in, \
             tokens_out, cost, began, ended_at, holder) as (",
        );
        update.push_values(piece, |mut row, change| {
            let attempt = &change.finished.attempt;
            row.push_bind(attempt.job_id.uuid())
                .push_bind(attempt.number)
                .push_bind(attempt.node_id.uuid())
                .push_bind(change.state.as_str())
                .push_bind(change.uncount)
                .push_bind(change.next_run_at.map(|at| at.0))
                .push_bind(change.reason.as_deref())
                .push_bind(change.class.map(|class| class.as_str()))
                .push_bind(clean_opt(attempt.model.as_ref()))
                .push_bind(attempt.usage.input_tokens)
                .push_bind(attempt.usage.output_tokens)
                .push_bind(attempt.usage.cost_micros)
                .push_bind(change.began.map(|at| at.0))
                .push_bind(change.finished_at.map(|at| at.0))
                .push_bind(change.held_by.as_deref());
        });
        update.push(
            ") update jobs set
                 state = ended.state,
                 attempt = jobs.attempt - ended.uncount,
                 next_run_at = coalesce(ended.run_at, jobs.next_run_at),
                 node_id = null,
                 lease_until = null,
                 reason = ended.why,
                 held_by = ended.holder,
                 error_class = ended.class,
                 model = coalesce(ended.answered_by, jobs.model),
                 input_tokens = jobs.input_tokens + ended.tokens_in,
                 output_tokens = jobs.output_tokens + ended.tokens_out,
                 cost_micros = coalesce(jobs.cost_micros + ended.cost, ended.cost, jobs.cost_micros),
                 started_at = coalesce(jobs.started_at, ended.began),
                 finished_at = ended.ended_at,
                 updated_at = ",
        );
        update.push_bind(now.0);
        update.push(
            " from ended
             where jobs.id = ended.job_id and jobs.node_id = ended.node and jobs.attempt = ended.number
                 and jobs.state = 'running'
             returning id, attempt, state, line",
        );
        for row in update.build().fetch_all(&mut *connection).await? {
            // The row tells the count after the change: a held job's try was uncounted.
            let uncounted = i32::from(row.try_get::<&str, _>("state")? == "held");
            let number: i32 = row.try_get("attempt")?;
            held.push((JobId::new(row.try_get("id")?), number + uncounted, row.try_get("line")?));
        }
    }
    Ok(held)
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
