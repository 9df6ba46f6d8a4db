//! Writing how tries ended: the change of each job, and its attempt where the job's row does not tell it.
//!
//! Run by `begin_finish`, which leaves the planner one way: each job is looked up by its id, in the order given. So jobs are
//! locked in the order of their ids without a step of its own for that. For the same reason the state is compared in a way
//! that no index supports, and statements are planned once for batches of any size: planned for a large one, while statistics
//! say that no job runs, all jobs were read and compared with the whole batch.

use super::{
    Connection,
    insert::{self, column},
    queue::{change_by_end, change_by_success, ended_columns, success_columns},
};
use crate::{
    Result,
    batch::{self, Change, Ended},
    text::clean_opt,
};
use domain::{id::JobId, time::Timestamp};
use sqlx::{Row as _, postgres::PgRow, query};

/// Changes the jobs of those tries that still hold theirs, and keeps the tries.
pub(super) async fn finish(
    connection: &mut Connection,
    changes: &[Change<'_>],
    now: Timestamp,
) -> Result<Vec<Ended>> {
    let ended = match changes.iter().all(Change::is_plain_success) {
        true => succeed(connection, changes, now).await?,
        false => change(connection, changes, now).await?,
    };
    insert::attempts(connection, &batch::kept(changes, &ended)).await?;
    Ok(ended)
}

/// What most tries come to, with few columns.
pub(super) const SUCCEED: &str = concat!(
    "update jobs set ",
    change_by_success!(),
    ", updated_at = $7
     from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::bigint[], $5::bigint[], $6::integer[])
         as ended (",
    success_columns!(),
    ")
     where jobs.id = ended.job_id and jobs.node_id = ended.node and jobs.attempt = ended.number
         and jobs.state is not distinct from 'running'
     returning jobs.id as job_id, jobs.attempt as number, jobs.line, jobs.subject_id is not null as about_something,
         jobs.node_id is not null as whole"
);

async fn succeed(connection: &mut Connection, changes: &[Change<'_>], now: Timestamp) -> Result<Vec<Ended>> {
    let found = query(SUCCEED)
        .bind(column(changes, |change| change.finished.attempt.job_id.uuid()))
        .bind(column(changes, |change| change.finished.attempt.number))
        .bind(column(changes, |change| change.finished.attempt.node_id.uuid()))
        .bind(column(changes, |change| change.finished.attempt.started_at.0))
        .bind(column(changes, |change| change.finished.attempt.finished_at.0))
        .bind(column(changes, |change| change.finished.attempt.status.map(i32::from)))
        .bind(now.0)
        .fetch_all(connection)
        .await?;
    found.iter().map(ended).collect()
}

/// All else.
pub(super) const CHANGE: &str = concat!(
    "update jobs set ",
    change_by_end!(),
    ", updated_at = $16
     from unnest(
         $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::text[],
         $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
         $14::bigint[], $15::text[], $17::boolean[], $18::integer[])
         as ended (",
    ended_columns!(),
    ")
     where jobs.id = ended.job_id and jobs.node_id = ended.node and jobs.attempt = ended.number
         and jobs.state is not distinct from 'running'
     returning ended.job_id, ended.number, jobs.line, jobs.subject_id is not null as about_something,
         jobs.node_id is not null as whole"
);

async fn change(connection: &mut Connection, changes: &[Change<'_>], now: Timestamp) -> Result<Vec<Ended>> {
    let found = query(CHANGE)
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
        .bind(column(changes, Change::is_plain_success))
        .bind(column(changes, |change| change.finished.attempt.status.map(i32::from)))
        .fetch_all(connection)
        .await?;
    found.iter().map(ended).collect()
}

fn ended(row: &PgRow) -> Result<Ended> {
    Ok(Ended {
        job: JobId::new(row.try_get("job_id")?),
        number: row.try_get("number")?,
        line: row.try_get("line")?,
        about_something: row.try_get("about_something")?,
        whole: row.try_get("whole")?,
    })
}
