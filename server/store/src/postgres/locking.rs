//! The queue's statements: what is claimed by one is skipped by the others, what must be changed is locked in
//! the order of ids.

use super::{Connection, Row, insert::column, rows::job_columns};
use crate::{Result, batch::Change, text::clean_opt};
use domain::{
    id::{JobId, NodeId},
    queue::Take,
    time::Timestamp,
};
use sqlx::{Row as _, query, query_scalar};
use uuid::Uuid;

/// Takes due jobs, queue by queue in the order given: the lateral join reads only what is due in each, and stops at
/// `room`.
pub(super) async fn claim(
    connection: &mut Connection,
    node: NodeId,
    takes: &[Take],
    room: i64,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Row>> {
    let claimed = query(concat!(
        "with due as materialized (
             select job.id
             from unnest($4::smallint[], $5::bigint[], $6::bigint[]) as take (priority, queue, most)
             cross join lateral (
                 select id from jobs
                 where state = 'pending' and priority = take.priority and queue = take.queue
                     and next_run_at <= $3
                 order by next_run_at, id limit take.most for update skip locked
             ) as job
             limit $7
         )
         update jobs
         set state = 'running', node_id = $1, lease_until = $2, attempt = attempt + 1, updated_at = $3
         where id = any (array(select id from due))
         returning ",
        job_columns!()
    ))
    .bind(node.uuid())
    .bind(lease_until.0)
    .bind(now.0)
    .bind(column(takes, |take| take.head.priority))
    .bind(column(takes, |take| take.head.number))
    .bind(column(takes, |take| take.most))
    .bind(room)
    .fetch_all(connection)
    .await?;
    Ok(claimed)
}

/// Changes the jobs of those tries that still hold theirs; returns job, number and line of each.
///
/// The state is compared in a way that no index supports: the planner takes the running jobs to be few, and would compare
/// every one of them with every try instead of looking each job up by its id.
pub(super) async fn finish(
    connection: &mut Connection,
    changes: &[Change<'_>],
    now: Timestamp,
) -> Result<Vec<(JobId, i32, Option<String>)>> {
    let found = query(
        "with ended (job_id, number, node, state, uncount, run_at, why, class, answered_by, tokens_in,
             tokens_out, cost, began, ended_at, holder) as materialized (
             select * from unnest(
                 $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::text[],
                 $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
                 $14::bigint[], $15::text[])
         ),
         held as materialized (
             select ended.job_id, ended.number, ended.state, ended.uncount, ended.run_at, ended.why,
                 ended.class, ended.answered_by, ended.tokens_in, ended.tokens_out, ended.cost, ended.began,
                 ended.ended_at, ended.holder
             from jobs join ended on jobs.id = ended.job_id
             where jobs.node_id = ended.node and jobs.attempt = ended.number
                 and jobs.state is not distinct from 'running'
             order by jobs.id for update of jobs
         )
         update jobs set
             state = held.state,
             attempt = jobs.attempt - held.uncount,
             next_run_at = coalesce(held.run_at, jobs.next_run_at),
             node_id = null,
             lease_until = null,
             reason = held.why,
             held_by = held.holder,
             error_class = held.class,
             model = coalesce(held.answered_by, jobs.model),
             input_tokens = jobs.input_tokens + held.tokens_in,
             output_tokens = jobs.output_tokens + held.tokens_out,
             cost_micros = coalesce(jobs.cost_micros + held.cost, held.cost, jobs.cost_micros),
             started_at = coalesce(jobs.started_at, held.began),
             finished_at = held.ended_at,
             updated_at = $16
         from held
         where jobs.id = held.job_id
         returning held.job_id, held.number, jobs.line",
    )
    .bind(column(changes, |change| change.finished.attempt.job_id.uuid()))
    .bind(column(changes, |change| change.finished.attempt.number))
    .bind(column(changes, |change| change.finished.attempt.node_id.uuid()))
    .bind(column(changes, |change| change.state.as_str()))
    .bind(column(changes, |change| change.uncount))
    .bind(column(changes, |change| change.next_run_at.map(|at| at.0)))
    .bind(column(changes, |change| change.reason.as_deref()))
    .bind(column(changes, |change| change.class.map(|class| class.as_str())))
    .bind(column(changes, |change| clean_opt(change.finished.attempt.model.as_ref())))
    .bind(column(changes, |change| change.finished.attempt.usage.input_tokens))
    .bind(column(changes, |change| change.finished.attempt.usage.output_tokens))
    .bind(column(changes, |change| change.finished.attempt.usage.cost_micros))
    .bind(column(changes, |change| change.began.map(|at| at.0)))
    .bind(column(changes, |change| change.finished_at.map(|at| at.0)))
    .bind(column(changes, |change| change.held_by.as_deref()))
    .bind(now.0)
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|row| Ok((JobId::new(row.try_get("job_id")?), row.try_get("number")?, row.try_get("line")?)))
        .collect()
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
