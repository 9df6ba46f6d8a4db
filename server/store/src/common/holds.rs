//! Putting waiting jobs aside and letting them go again.

use super::{Adapter, Database, GIVES_UP_IN, LOCK, along, is_one_of, rows};
use crate::{HoldStore, QueueStore, Result, text::clean};
use async_trait::async_trait;
use domain::{holder::Holder, id::JobId, job::Job, time::Timestamp};
use rows::job_columns;
use sqlx::{QueryBuilder, query};

#[async_trait]
impl HoldStore for Adapter {
    async fn due(&self, limit: i64, now: Timestamp) -> Result<Vec<Job>> {
        let mut jobs = Vec::new();
        let mut wanted = limit;
        for head in self.queues().await?.iter().filter(|head| head.due_at <= now) {
            if wanted <= 0 {
                break;
            }
            let found = query(concat!(
                "select ",
                job_columns!(),
                " from jobs where state = 'pending' and priority = $1 and queue = $2 and next_run_at <= $3
                 order by next_run_at, id limit $4"
            ))
            .bind(head.priority)
            .bind(head.number)
            .bind(now.0)
            .bind(wanted)
            .fetch_all(&self.read)
            .await?;
            wanted -= i64::try_from(found.len()).unwrap_or(wanted);
            jobs.extend(rows::all(&found, rows::job)?);
        }
        Ok(jobs)
    }

    async fn hold_waiting(&self, jobs: &[JobId], by: &Holder, reason: &str, now: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let mut hold = QueryBuilder::<Database>::new("update jobs set state = 'held', held_by = ");
        hold.push_bind(by.to_string()).push(", reason = ").push_bind(clean(reason).into_owned());
        hold.push(", updated_at = ").push_bind(now.0);
        hold.push(" where id in (select id from jobs where id");
        is_one_of(&mut hold, jobs.iter().map(|id| id.uuid()));
        hold.push(" and state = 'pending' order by id").push(LOCK).push(")");
        let held = hold.build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(held.rows_affected())
    }

    async fn holders(&self) -> Result<Vec<Holder>> {
        let found = query(
            "with recursive holder (held_by) as (
                 select min(held_by) from jobs where state = 'held' and held_by is not null
                 union all
                 select (select min(held_by) from jobs where state = 'held' and held_by > holder.held_by)
                 from holder where holder.held_by is not null
             )
             select held_by from holder where held_by is not null",
        )
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, |row| rows::parse(row, "held_by"))
    }

    async fn let_go(&self, by: &Holder, limit: i64, now: Timestamp, step: i64) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let mut oldest = QueryBuilder::<Database>::new("select id, next_run_at from jobs");
        along(&mut oldest, "jobs_held_by");
        oldest.push(" where state = 'held' and held_by = ").push_bind(by.to_string());
        oldest.push(" order by created_at, id limit ").push_bind(limit);
        let found = oldest.build().fetch_all(&mut *transaction).await?;
        let mut freed: Vec<(uuid::Uuid, i64)> =
            rows::all(&found, |row| Ok((rows::get(row, "id")?, rows::get(row, "next_run_at")?)))?;
        if freed.is_empty() {
            return Ok(0);
        }
        // Locked in the order of their ids, as everywhere; what is not held any more is left out below.
        let mut lock = QueryBuilder::<Database>::new("select id from jobs where id");
        is_one_of(&mut lock, freed.iter().map(|(id, _)| *id));
        lock.push(" order by id").push(LOCK);
        lock.build().fetch_all(&mut *transaction).await?;
        for (place, (_, at)) in (0_i64..).zip(&mut freed) {
            // A pause does not shorten the time a failed job waits anyway.
            *at = (*at).max(now.0.saturating_add(step.saturating_mul(place)));
        }
        let mut update = QueryBuilder::<Database>::new("with freed (job_id, at) as (");
        update.push_values(&freed, |mut row, (id, at)| {
            row.push_bind(*id).push_bind(*at);
        });
        update.push(
            ") update jobs set state = 'pending', held_by = null, reason = null, next_run_at = freed.at,
                 updated_at = ",
        );
        // A job must not give up because of the time it was held.
        update.push_bind(now.0).push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
        update.push(" from freed where jobs.id = freed.job_id and jobs.state = 'held' and jobs.held_by = ");
        update.push_bind(by.to_string());
        let changed = update.build().execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(changed.rows_affected())
    }
}
