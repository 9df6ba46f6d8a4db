//! Writing how tries ended: the change of each job, and its attempt.

use super::{
    Connection, Database,
    insert::{self, pieces},
    queue::{change_by_end, ended_columns},
};
use crate::{
    Result,
    batch::{self, Change, Ended},
    text::clean_opt,
};
use domain::{id::JobId, time::Timestamp};
use sqlx::{QueryBuilder, Row as _};

/// Changes the jobs of those tries that still hold theirs, and keeps the tries.
pub(super) async fn finish(
    connection: &mut Connection,
    changes: &[Change<'_>],
    now: Timestamp,
) -> Result<Vec<Ended>> {
    let ended = change(connection, changes, now).await?;
    insert::attempts(connection, &batch::kept(changes, &ended)).await?;
    Ok(ended)
}

async fn change(connection: &mut Connection, changes: &[Change<'_>], now: Timestamp) -> Result<Vec<Ended>> {
    let mut ended = Vec::with_capacity(changes.len());
    // One bind is left for `now`.
    for piece in pieces(changes, 16) {
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
                .push_bind(change.held_by.as_deref());
        });
        update.push(concat!(") update jobs set ", change_by_end!(), ", updated_at = "));
        update.push_bind(now.0);
        update.push(
            " from ended
             where jobs.id = ended.job_id and jobs.node_id = ended.node and jobs.attempt = ended.number
                 and jobs.state = 'running'
             returning id, attempt, state, line, subject_id is not null as about_something",
        );
        for row in update.build().fetch_all(&mut *connection).await? {
            // The row tells the count after the change: a held job's try was uncounted.
            let uncounted = i32::from(row.try_get::<&str, _>("state")? == "held");
            let number: i32 = row.try_get("attempt")?;
            ended.push(Ended {
                job: JobId::new(row.try_get("id")?),
                number: number + uncounted,
                line: row.try_get("line")?,
                about_something: row.try_get("about_something")?,
            });
        }
    }
    Ok(ended)
}
