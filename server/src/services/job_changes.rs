//! What people do to jobs, one or many.

use super::{Services, sees, unavailable};
use crate::{live::Snapshot, tries};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, JobChangesPort},
    view::jobs::{COUNT_CAP, JobsChanged, JobsToChange},
};
use async_trait::async_trait;
use domain::{
    filter::{Cursor, JobFilter},
    id::JobId,
    job::{Job, JobState},
    operation::{JobOperation, LATER, SOONER, USUAL},
};
use std::collections::BTreeMap;
use store::JobChange;
use uuid::Uuid;

/// Jobs changed in one transaction.
const BATCH: i64 = 500;

/// What is done to jobs: what a button says, or the very priority somebody chose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Operation(JobOperation),
    Priority(i16),
}

impl Deed {
    /// The operation whose states it needs.
    const fn operation(self) -> JobOperation {
        match self {
            Self::Operation(what) => what,
            Self::Priority(_) => JobOperation::Later,
        }
    }

    /// For the audit log.
    fn action(self) -> String {
        match self {
            Self::Operation(what) => format!("job.{what}"),
            Self::Priority(_) => "job.prioritise".to_owned(),
        }
    }

    /// What the audit log says beside the action.
    fn detail(self, of: &str) -> String {
        match self {
            Self::Operation(_) => of.to_owned(),
            Self::Priority(to) => format!("to {to}: {of}"),
        }
    }

    fn change(self, tries: i32, actor: &Actor) -> JobChange {
        let what = match self {
            Self::Operation(what) => what,
            Self::Priority(to) => return JobChange::Prioritise(to),
        };
        match what {
            JobOperation::Retry => JobChange::Retry { tries },
            JobOperation::Hold => JobChange::Hold { reason: format!("held by {}", actor.email) },
            JobOperation::Release => JobChange::Release,
            JobOperation::Cancel => JobChange::Cancel {
                reason: format!("cancelled by {}", actor.email),
                note: format!(
                    "cancelled by {} while it ran; a call that was under way may have been made",
                    actor.email
                ),
            },
            JobOperation::Sooner => JobChange::Hurry(SOONER),
            JobOperation::Later => JobChange::Prioritise(LATER),
            JobOperation::Usual => JobChange::Prioritise(USUAL),
        }
    }
}

#[async_trait]
impl JobChangesPort for Services {
    async fn change(&self, actor: &Actor, id: JobId, what: JobOperation) -> Result<(), AppError> {
        self.change_one(actor, id, Deed::Operation(what)).await
    }

    async fn count(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        what: JobOperation,
    ) -> Result<JobsToChange, AppError> {
        let mut sum = 0;
        for state in states(filter, what) {
            let filter = JobFilter { state: Some(state), ..filter.clone() };
            let left = COUNT_CAP - sum;
            sum += self.store.count_jobs(actor.tenant, &filter, left).await.map_err(unavailable)?;
        }
        let snapshot = self.live.now();
        let vendor = filter.vendor_id.and_then(|id| snapshot.vendor(id));
        let vendor =
            vendor.filter(|live| sees(actor, live.vendor.tenant_id)).map(|live| live.vendor.slug.to_string());
        Ok(JobsToChange { count: sum, vendor })
    }

    async fn change_all(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        what: JobOperation,
        most: i64,
    ) -> Result<JobsChanged, AppError> {
        self.change_many(actor, filter, Deed::Operation(what), most).await
    }
}

impl Services {
    /// Gives one waiting job this priority, one of [`PRIORITIES`](domain::operation::PRIORITIES).
    ///
    /// # Errors
    /// `Invalid { Form, DoesNotFit }` when it does not wait.
    pub async fn prioritise(&self, actor: &Actor, id: JobId, to: i16) -> Result<(), AppError> {
        self.change_one(actor, id, Deed::Priority(to)).await
    }

    /// Gives the waiting jobs of a filter this priority, as [`JobChangesPort::change_all`] changes them.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn prioritise_all(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        to: i16,
        most: i64,
    ) -> Result<JobsChanged, AppError> {
        self.change_many(actor, filter, Deed::Priority(to), most).await
    }

    async fn change_one(&self, actor: &Actor, id: JobId, deed: Deed) -> Result<(), AppError> {
        let job = self.store.job(actor.tenant, id).await.map_err(unavailable)?;
        let detail = deed.detail(&job.title);
        let audit = self.audit(actor, Some(job.tenant_id), &deed.action(), id, detail);
        let change = deed.change(tries::of(&job), actor);
        let changed = self
            .store
            .change_jobs(actor.tenant, &[id], &change, self.clock.now(), &audit)
            .await
            .map_err(unavailable)?;
        if changed.is_empty() {
            return Err(AppError::invalid(Field::Form, Reason::DoesNotFit));
        }
        Ok(())
    }

    async fn change_many(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        deed: Deed,
        most: i64,
    ) -> Result<JobsChanged, AppError> {
        let target = deed.detail(&told(filter, &self.live.now()));
        let mut changed = 0;
        // What arrives from now on is not meant.
        let newest = Cursor { created_at: self.clock.now(), id: JobId::new(Uuid::max()) };
        for state in states(filter, deed.operation()) {
            let filter = JobFilter { state: Some(state), ..filter.clone() };
            let mut cursor = newest;
            loop {
                if changed >= most {
                    return Ok(JobsChanged { changed, more: true });
                }
                let page =
                    self.store.jobs(actor.tenant, &filter, Some(cursor), BATCH).await.map_err(unavailable)?;
                let Some(last) = page.last() else { break };
                cursor = Cursor { created_at: last.created_at, id: last.id };
                changed += self.change_some(actor, &page, deed, &target).await?;
                if (page.len() as i64) < BATCH {
                    break;
                }
            }
        }
        Ok(JobsChanged { changed, more: false })
    }

    /// Changes a page of jobs; those with as many tries together, because that is all in which changes differ.
    async fn change_some(
        &self,
        actor: &Actor,
        page: &[Job],
        deed: Deed,
        target: &str,
    ) -> Result<i64, AppError> {
        let mut together: BTreeMap<i32, Vec<JobId>> = BTreeMap::new();
        for job in page {
            let tries = if deed == Deed::Operation(JobOperation::Retry) { tries::of(job) } else { 0 };
            together.entry(tries).or_default().push(job.id);
        }
        let mut changed = 0;
        for (tries, ids) in together {
            let audit = self.audit(actor, actor.tenant, &deed.action(), "jobs", target.to_owned());
            let change = deed.change(tries, actor);
            let done = self
                .store
                .change_jobs(actor.tenant, &ids, &change, self.clock.now(), &audit)
                .await
                .map_err(unavailable)?;
            changed += done.len() as i64;
        }
        Ok(changed)
    }
}

/// The states of a filter in which jobs can be changed so.
fn states(filter: &JobFilter, what: JobOperation) -> Vec<JobState> {
    let fits = |state: &JobState| filter.state.is_none_or(|only| only == *state);
    what.states().iter().copied().filter(fits).collect()
}

/// A filter in words, for the audit log.
fn told(filter: &JobFilter, snapshot: &Snapshot) -> String {
    let vendor = filter.vendor_id.map(|id| {
        let live = snapshot.vendor(id);
        live.map_or_else(|| id.to_string(), |live| live.vendor.slug.to_string())
    });
    let parts = [
        filter.state.map(|state| format!("state {state}")),
        filter.kind.map(|kind| format!("kind {kind}")),
        vendor.map(|vendor| format!("vendor {vendor}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "all".to_owned() } else { parts.join(", ") }
}
