//! Writing how tries ended: the change of each job, and its attempt where the job's row does not tell it.

use super::{
    Connection, Database,
    insert::{self, pieces},
    queue::{change_by_end, change_by_success, ended_columns, success_columns},
};
use crate::{
    Result,
    batch::{self, Change, Ended},
    text::clean_opt,
};
use domain::{id::JobId, time::Timestamp};
use sqlx::{QueryBuilder, Row as _};

/// The try that ended still holds its job.
macro_rules! still_held {
    () => {
        "jobs.id = ended.job_id and jobs.node_id = ended.node and jobs.attempt = ended.number and jobs.state = 'running'"
    };
}

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
async fn succeed(connection: &mut Connection, changes: &[Change<'_>], now: Timestamp) -> Result<Vec<Ended>> {
    let mut ended = Vec::with_capacity(changes.len());
    // One bind is left for `now`.
    for piece in pieces(changes, 7) {
        let mut update = QueryBuilder::<Database>::new(concat!("with ended (", success_columns!(), ") as ("));
        update.push_values(piece, |mut row, change| {
            let attempt = &change.finished.attempt;
            row.push_bind(attempt.job_id.uuid())
                .push_bind(attempt.number)
                .push_bind(attempt.node_id.uuid())
                .push_bind(attempt.started_at.0)
                .push_bind(attempt.finished_at.0)
                .push_bind(attempt.status.map(i32::from));
        });
        update.push(concat!(") update jobs set ", change_by_success!(), ", updated_at = "));
        update.push_bind(now.0);
        update.push(concat!(
            " from ended where ",
            still_held!(),
            " returning id, attempt, line, \
             subject_id is not null as about_something, node_id is not null as whole"
        ));
        for row in update.build().fetch_all(&mut *connection).await? {
            ended.push(Ended {
                job: JobId::new(row.try_get("id")?),
                number: row.try_get("attempt")?,
                line: row.try_get("line")?,
                about_something: row.try_get("about_something")?,
                whole: row.try_get("whole")?,
            });
        }
    }
    Ok(ended)
}

/// All else.
async fn change(connection: &mut Connection, changes: &[Change<'_>], now: Timestamp) -> Result<Vec<Ended>> {
    let mut ended = Vec::with_capacity(changes.len());
    // One bind is left for `now`.
    for piece in pieces(changes, 18) {
        let mut update = QueryBuilder::<Database>::new(concat!("with ended (", ended_columns!(), ") as ("));
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
                .push_bind(change.held_by.as_deref())
                .push_bind(change.is_plain_success())
                .push_bind(attempt.status.map(i32::from));
        });
        update.push(concat!(") update jobs set ", change_by_end!(), ", updated_at = "));
        update.push_bind(now.0);
        update.push(concat!(
            " from ended where ",
            still_held!(),
            " returning id, attempt, state, line, subject_id is not null as about_something,
             node_id is not null as whole"
        ));
        for row in update.build().fetch_all(&mut *connection).await? {
            // The row tells the count after the change: a held job's try was uncounted.
            let uncounted = i32::from(row.try_get::<&str, _>("state")? == "held");
            let number: i32 = row.try_get("attempt")?;
            ended.push(Ended {
                job: JobId::new(row.try_get("id")?),
                number: number + uncounted,
                line: row.try_get("line")?,
                about_something: row.try_get("about_something")?,
                whole: row.try_get("whole")?,
            });
        }
    }
    Ok(ended)
}
