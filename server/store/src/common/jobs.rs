//! Jobs as people see them: lists, stories, and putting one back in the queue.

use super::{Adapter, CHECKED_EQUALS, Database, GIVES_UP_IN, along, audit, insert, is_one_of, listed, rows};
use crate::{AuditEntry, JobStore, QueueStore, Result, StoreError};
use async_trait::async_trait;
use domain::{
    attempt::Attempt,
    filter::{Cursor, JobFilter},
    id::{EventId, JobId, TenantId},
    job::{Job, JobKind, JobResult, JobState},
    time::Timestamp,
};
use rows::job_columns;
use sqlx::{QueryBuilder, query};

/// The index that brings a list in its order without passing by many jobs that are not in it.
fn index_of(scope: Option<TenantId>, filter: &JobFilter) -> &'static str {
    match (filter.state, filter.kind, filter.vendor_id) {
        (Some(JobState::Pending), ..) => "jobs_pending",
        // Not in the list's order, but never more than the nodes run at once.
        (Some(JobState::Running), ..) => "jobs_leases",
        (Some(JobState::Held), ..) => "jobs_held",
        (Some(JobState::Failed), ..) => "jobs_failed",
        (Some(JobState::Deadletter), ..) => "jobs_deadletter",
        (Some(JobState::Cancelled), ..) => "jobs_cancelled",
        (_, Some(JobKind::Callback), _) => "jobs_callback",
        (_, Some(JobKind::Forward), _) => "jobs_forward",
        (_, _, Some(_)) => "jobs_of_vendor",
        (Some(JobState::Succeeded), ..) => "jobs_succeeded",
        _ if scope.is_some() => OF_TENANT,
        _ => "jobs_newest",
    }
}

const OF_TENANT: &str = "jobs_of_tenant";

/// The list's statement.
fn list(
    scope: Option<TenantId>,
    filter: &JobFilter,
    after: Option<Cursor>,
    limit: i64,
) -> QueryBuilder<Database> {
    let mut list = QueryBuilder::new("");
    list_into(&mut list, job_columns!(), scope, filter, after, limit);
    list
}

/// Goes on with the list's statement. States and kinds are written out, not bound: they are words of this program, and only
/// when the planner sees them can it use the partial index of that word.
pub(super) fn list_into(
    list: &mut QueryBuilder<Database>,
    columns: &'static str,
    scope: Option<TenantId>,
    filter: &JobFilter,
    after: Option<Cursor>,
    limit: i64,
) {
    let index = index_of(scope, filter);
    let names = listed(list.push("select ").push(columns), index);
    list.push(" where true");
    if let Some(tenant) = scope {
        list.push(format_args!(" and {}", names.tenant));
        list.push(if index == OF_TENANT { " = " } else { CHECKED_EQUALS }).push_bind(tenant.uuid());
    }
    if let Some(state) = filter.state {
        list.push(format_args!(" and state = '{state}'"));
    }
    if let Some(kind) = filter.kind {
        list.push(format_args!(" and {} = '{kind}'", names.kind));
    }
    if let Some(vendor) = filter.vendor_id {
        list.push(format_args!(" and {} = ", names.vendor)).push_bind(vendor.uuid());
    }
    let Listed { made_at, id, .. } = names;
    if let Some(after) = after {
        list.push(format_args!(" and ({made_at}, {id}) < ("))
            .push_bind(after.created_at.0)
            .push(", ")
            .push_bind(after.id.uuid())
            .push(")");
    }
    list.push(format_args!(" order by {made_at} desc, {id} desc limit ")).push_bind(limit);
}

/// What the columns are called by which a list is narrowed and ordered.
pub(super) struct Listed {
    pub(super) made_at: &'static str,
    pub(super) id: &'static str,
    pub(super) tenant: &'static str,
    pub(super) vendor: &'static str,
    pub(super) kind: &'static str,
}

impl Listed {
    /// Those of the jobs themselves.
    pub(super) const JOBS: Self =
        Self { made_at: "created_at", id: "id", tenant: "tenant_id", vendor: "vendor_id", kind: "kind" };
}

#[async_trait]
impl JobStore for Adapter {
    async fn jobs(
        &self,
        scope: Option<TenantId>,
        filter: &JobFilter,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Job>> {
        // Not kept prepared: PostgreSQL would come to plan it without looking at whose jobs are asked for, and
        // walk past all of a large tenant's to find a small one's.
        let found = list(scope, filter, after, limit).build().persistent(false).fetch_all(&self.read).await?;
        rows::all(&found, rows::job)
    }

    async fn job(&self, scope: Option<TenantId>, id: JobId) -> Result<Job> {
        let row = query(concat!(
            "select ",
            job_columns!(),
            " from jobs where id = $1 and ($2 is null or tenant_id = $2)"
        ))
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        rows::job(&row)
    }

    async fn jobs_of_event(&self, event: EventId) -> Result<Vec<Job>> {
        let found = query(concat!(
            "select ",
            job_columns!(),
            " from job_facts join jobs on id = job_id where of_event = $1 order by made_at, job_id"
        ))
        .bind(event.uuid())
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::job)
    }

    async fn children(&self, parent: JobId) -> Result<Vec<Job>> {
        let found = query(concat!(
            "select ",
            job_columns!(),
            " from job_facts join jobs on id = job_id where of_parent = $1 order by made_at, job_id"
        ))
        .bind(parent.uuid())
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::job)
    }

    async fn attempts(&self, jobs: &[JobId]) -> Result<Vec<Attempt>> {
        let mut attempts = QueryBuilder::new(
            "select job_id, number, node_id, started_at, finished_at, outcome, error_class, error, status,
                 answer, model, input_tokens, output_tokens, cost_micros, next_run_at
             from all_attempts where job_id",
        );
        is_one_of(&mut attempts, jobs.iter().map(|id| id.uuid()));
        attempts.push(" order by started_at, job_id, number");
        rows::all(&attempts.build().fetch_all(&self.read).await?, rows::attempt)
    }

    async fn results(&self, jobs: &[JobId]) -> Result<Vec<(JobId, JobResult)>> {
        let mut results = QueryBuilder::new("select job_id, result from results where job_id");
        is_one_of(&mut results, jobs.iter().map(|id| id.uuid()));
        rows::all(&results.build().fetch_all(&self.read).await?, |row| {
            Ok((rows::get(row, "job_id").map(JobId::new)?, rows::json(row, "result")?))
        })
    }

    async fn state_counts(&self, scope: Option<TenantId>, cap: i64) -> Result<Vec<(JobState, i64)>> {
        // One small counted list per state, each of which ends at `cap` or at the end of its partial index.
        let mut counts = QueryBuilder::<Database>::new("");
        for (place, state) in JobState::ALL.iter().enumerate() {
            counts
                .push(if place == 0 { "" } else { " union all " })
                .push(format_args!("select {place} as place, (select count(*) from (select 1 from jobs"));
            along(&mut counts, index_of(None, &JobFilter { state: Some(*state), ..JobFilter::default() }));
            counts.push(format_args!(" where state = '{state}'"));
            if let Some(tenant) = scope {
                counts.push(" and tenant_id").push(CHECKED_EQUALS).push_bind(tenant.uuid());
            }
            counts.push(" limit ").push_bind(cap).push(") as capped) as jobs");
        }
        counts.push(" order by place");
        let found = counts.build().persistent(false).fetch_all(&self.read).await?;
        JobState::ALL.iter().zip(&found).map(|(state, row)| Ok((*state, rows::get(row, "jobs")?))).collect()
    }

    async fn waiting_by_tenant(&self) -> Result<Vec<(TenantId, i64)>> {
        let found =
            query("select tenant_id, count(*) as jobs from jobs where state = 'pending' group by tenant_id")
                .fetch_all(&self.read)
                .await?;
        rows::all(&found, |row| Ok((TenantId::new(rows::get(row, "tenant_id")?), rows::get(row, "jobs")?)))
    }

    async fn oldest_due(&self, scope: Option<TenantId>, now: Timestamp) -> Result<Option<Timestamp>> {
        // The jobs of a queue are all of one tenant.
        let heads = self.queues().await?.into_iter();
        let of = heads.filter(|head| scope.is_none_or(|tenant| head.tenant_id == tenant));
        Ok(of.map(|head| head.due_at).min().filter(|at| *at <= now))
    }

    async fn jobs_named(&self, ids: &[JobId]) -> Result<Vec<Job>> {
        let mut jobs = QueryBuilder::new(concat!("select ", job_columns!(), " from jobs where id"));
        is_one_of(&mut jobs, ids.iter().map(|id| id.uuid()));
        rows::all(&jobs.build().fetch_all(&self.read).await?, rows::job)
    }

    async fn add_jobs(&self, jobs: &[Job]) -> Result<()> {
        let jobs: Vec<&Job> = jobs.iter().collect();
        insert::jobs_at_once(&mut *self.writer().await?, &jobs).await
    }

    async fn retry(
        &self,
        scope: Option<TenantId>,
        id: JobId,
        tries: i32,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let mut again = QueryBuilder::<Database>::new(
            "update jobs set state = 'pending', reason = null, held_by = null, error_class = null,
                 finished_at = null, max_attempts = attempt + ",
        );
        again
            .push_bind(tries)
            .push(", next_run_at = ")
            .push_bind(now.0)
            .push(", updated_at = ")
            .push_bind(now.0);
        again.push(", gives_up_at = ").push_bind(now.0).push(GIVES_UP_IN);
        again
            .push(" where state in ('failed', 'deadletter', 'cancelled', 'held') and id = ")
            .push_bind(id.uuid());
        if let Some(tenant) = scope {
            again.push(" and tenant_id = ").push_bind(tenant.uuid());
        }
        let changed = again.build().execute(&mut *transaction).await?;
        if changed.rows_affected() == 0 {
            // Ask in the same transaction which of the two it was.
            query("select 1 from jobs where id = $1 and ($2 is null or tenant_id = $2)")
                .bind(id.uuid())
                .bind(scope.map(TenantId::uuid))
                .fetch_one(&mut *transaction)
                .await?;
            return Err(StoreError::Conflict);
        }
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }
}
