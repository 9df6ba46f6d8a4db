//! Lines of jobs that run in order.

use super::{Adapter, Connection, Database, GIVES_UP_IN, LOCK, along};
use crate::{LineStore, Result};
use async_trait::async_trait;
use domain::{holder::Holder, job::Job, time::Timestamp};
use sqlx::{QueryBuilder, query_scalar};
use uuid::Uuid;

/// An unfinished job of the same line whose event came before that of `jobs`.
const BEFORE: &str = "exists (select 1 from jobs as earlier where earlier.line = jobs.line
     and earlier.state in ('pending', 'running', 'held') and earlier.event_id < jobs.event_id)";

/// The beginning of a statement that puts held jobs back in the queue.
fn free(now: Timestamp) -> QueryBuilder<Database> {
    let mut free =
        QueryBuilder::new("update jobs set state = 'pending', held_by = null, reason = null, next_run_at = ");
    free.push_bind(now.0).push(", updated_at = ").push_bind(now.0);
    // A job must not give up because of the time it stood in line.
    free.push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
    free
}

/// Lets the next job of each of these lines go, if its turn has come.
pub(super) async fn move_up(connection: &mut Connection, lines: &[String], now: Timestamp) -> Result<()> {
    for line in lines {
        let next: Option<Uuid> = query_scalar(
            "select id from jobs where line = $1 and state in ('pending', 'running', 'held')
             order by event_id, id limit 1",
        )
        .bind(line)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(next) = next else { continue };
        let mut free = free(now);
        free.push(" where id = ").push_bind(next).push(" and state = 'held' and held_by = ");
        free.push_bind(Holder::Line.to_string());
        free.build().execute(&mut *connection).await?;
    }
    Ok(())
}

#[async_trait]
impl LineStore for Adapter {
    async fn is_first_in_line(&self, job: &Job) -> Result<bool> {
        let (Some(line), Some(event)) = (job.line(), job.event_id) else { return Ok(true) };
        let before: i64 = query_scalar(
            "select count(*) from (
                 select 1 from jobs
                 where line = $1 and state in ('pending', 'running', 'held') and event_id < $2 limit 1
             ) as before",
        )
        .bind(line)
        .bind(event.uuid())
        .fetch_one(&self.read)
        .await?;
        Ok(before == 0)
    }

    async fn move_lines_up(&self, now: Timestamp, limit: i64) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let mut free = free(now);
        free.push(" where id in (select id from jobs");
        along(&mut free, "jobs_held_by");
        free.push(" where state = 'held' and held_by = ").push_bind(Holder::Line.to_string());
        free.push(" and not ").push(BEFORE).push(" order by id limit ").push_bind(limit).push(LOCK).push(")");
        let moved = free.build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(moved.rows_affected())
    }
}
