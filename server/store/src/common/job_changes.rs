//! What people do to jobs, one or many.

use super::{Adapter, Database, GIVES_UP_IN, LOCK, audit, is_one_of, jobs as lists, rows};
use crate::{AuditEntry, JobChange, JobChangeStore, Result, text::clean};
use async_trait::async_trait;
use domain::{
    filter::JobFilter,
    id::{JobId, TenantId},
    job::JobState,
    time::Timestamp,
};
use sqlx::QueryBuilder;

#[async_trait]
impl JobChangeStore for Adapter {
    async fn count_jobs(&self, scope: Option<TenantId>, filter: &JobFilter, cap: i64) -> Result<i64> {
        let mut count = QueryBuilder::<Database>::new("select count(*) as jobs from (");
        lists::list_into(&mut count, "1", scope, filter, None, cap);
        count.push(") as found");
        rows::get(&count.build().persistent(false).fetch_one(&self.read).await?, "jobs")
    }

    async fn change_jobs(
        &self,
        scope: Option<TenantId>,
        jobs: &[JobId],
        change: &JobChange,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<Vec<JobId>> {
        let mut transaction = self.begin().await?;
        // Locked in the order of their ids, as everywhere.
        let mut find = QueryBuilder::<Database>::new("select id, state from jobs where id");
        is_one_of(&mut find, jobs.iter().map(|id| id.uuid()));
        if let Some(tenant) = scope {
            find.push(" and tenant_id = ").push_bind(tenant.uuid());
        }
        let states: Vec<String> =
            change.operation().states().iter().map(|state| format!("'{state}'")).collect();
        find.push(format_args!(" and state in ({}) order by id", states.join(", "))).push(LOCK);
        let found = find.build().fetch_all(&mut *transaction).await?;
        let found: Vec<(JobId, JobState)> =
            rows::all(&found, |row| Ok((JobId::new(rows::get(row, "id")?), rows::parse(row, "state")?)))?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let running: Vec<JobId> =
            found.iter().filter(|(_, state)| *state == JobState::Running).map(|(id, _)| *id).collect();
        if let (JobChange::Cancel { note, .. }, false) = (change, running.is_empty()) {
            let mut keep = QueryBuilder::<Database>::new(
                "insert into attempts (job_id, number, node_id, started_at, finished_at, outcome, error,
                     input_tokens, output_tokens)
                 select id, attempt, node_id, updated_at, ",
            );
            keep.push_bind(now.0).push(", 'failed', ").push_bind(clean(note).into_owned());
            keep.push(", 0, 0 from jobs where id");
            is_one_of(&mut keep, running.iter().map(|id| id.uuid()));
            keep.build().execute(&mut *transaction).await?;
        }
        let mut update = QueryBuilder::<Database>::new("update jobs set updated_at = ");
        update.push_bind(now.0);
        match change {
            JobChange::Cancel { reason, note } => {
                update.push(", state = 'cancelled', held_by = null, node_id = null, lease_until = null");
                update.push(", started_at = case when state = 'running' then coalesce(started_at, updated_at) else started_at end");
                update
                    .push(", reason = case when state = 'running' then ")
                    .push_bind(clean(note).into_owned());
                update.push(" else ").push_bind(clean(reason).into_owned()).push(" end, finished_at = ");
                update.push_bind(now.0);
            }
            JobChange::Hold { reason } => {
                update.push(", state = 'held', held_by = 'person', reason = ");
                update.push_bind(clean(reason).into_owned());
            }
            JobChange::Release => {
                update.push(", state = 'pending', held_by = null, reason = null, next_run_at = ");
                update.push_bind(now.0);
                update.push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
            }
            JobChange::Retry { tries } => {
                update.push(
                    ", state = 'pending', held_by = null, reason = null, error_class = null, finished_at = null,
                       max_attempts = attempt + ",
                );
                update.push_bind(*tries).push(", next_run_at = ").push_bind(now.0);
                update.push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
            }
            JobChange::Prioritise(priority) => {
                update.push(", priority = ").push_bind(*priority);
            }
            JobChange::Hurry(priority) => {
                update.push(", priority = ").push_bind(*priority).push(", next_run_at = ").push_bind(now.0);
            }
        }
        update.push(" where id");
        is_one_of(&mut update, found.iter().map(|(id, _)| id.uuid()));
        update.build().execute(&mut *transaction).await?;
        let entry = match jobs.len() {
            1 => audit.clone(),
            _ => AuditEntry { detail: format!("{} jobs: {}", found.len(), audit.detail), ..audit.clone() },
        };
        audit::write(&mut transaction, &entry).await?;
        transaction.commit().await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }
}
