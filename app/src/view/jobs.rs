//! Rows, facets and pages of the list of jobs. The query of the page's URL is [`domain::filter::JobFilter`].

use domain::{
    id::{JobId, VendorId},
    job::{Job, JobKind, JobState},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Rows on one page of jobs.
pub const JOBS_PER_PAGE: u32 = 50;

/// One job in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    /// Identity.
    pub id: JobId,
    /// What it does.
    pub kind: JobKind,
    /// Where it is.
    pub state: JobState,
    /// What people call it.
    pub title: String,
    /// Short name of the vendor whose event started it.
    pub vendor: Option<String>,
    /// Short name of the provider or destination it talks to.
    pub target: Option<String>,
    /// Why it waits, is held, or ended badly, in words.
    pub reason: Option<String>,
    /// Tries begun so far.
    pub attempt: i32,
    /// Tries it may have.
    pub max_attempts: i32,
    /// Not before.
    pub next_run_at: Timestamp,
    /// When its first try began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Tokens of all tries, read and written.
    pub tokens: i64,
    /// Cost in millionths of a US dollar.
    pub cost_micros: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When any of this last changed.
    pub updated_at: Timestamp,
}

impl JobRow {
    /// A row of `job`; the names are looked up by the caller because a job knows only ids.
    pub fn of(job: &Job, vendor: Option<String>, target: Option<String>) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            state: job.state,
            title: job.title.clone(),
            vendor,
            target,
            reason: job.reason.clone(),
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            next_run_at: job.next_run_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            tokens: job.usage.input_tokens + job.usage.output_tokens,
            cost_micros: job.usage.cost_micros,
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }

    /// Microseconds from the first try to the end, or to `now` while it runs.
    pub fn took(&self, now: Timestamp) -> Option<i64> {
        let end = self.finished_at.or((self.state == JobState::Running).then_some(now))?;
        Some(end.since(self.started_at?).max(0))
    }
}

/// How many jobs a choice of the left column would show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facet<T> {
    /// The choice.
    pub value: T,
    /// What people call it.
    pub label: String,
    /// How many; `None` where counting would be slow, then no number is shown.
    pub count: Option<i64>,
}

/// The left column of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFacets {
    /// Jobs there are, whatever their state; from kept counters.
    pub total: i64,
    /// Counts by state, from kept counters; states that are missing count as 0.
    pub states: Vec<(JobState, i64)>,
    /// Kinds in use, or all of them.
    pub kinds: Vec<Facet<JobKind>>,
    /// Vendors of the actor's tenants.
    pub vendors: Vec<Facet<VendorId>>,
}

impl JobFacets {
    /// Jobs in `state`.
    pub fn in_state(&self, state: JobState) -> i64 {
        self.states.iter().filter(|(known, _)| *known == state).map(|(_, count)| count).sum()
    }
}

/// One page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPage {
    /// The server's clock.
    pub now: Timestamp,
    /// At most as many rows as were asked for.
    pub rows: Vec<JobRow>,
    /// [`domain::filter::Cursor`] as text when there are older rows.
    pub next_cursor: Option<String>,
    /// The left column.
    pub facets: JobFacets,
}

/// Jobs are counted no further than this before many are changed.
pub const COUNT_CAP: i64 = 100_000;

/// Jobs changed by one press of a button; a command goes on until there are no more.
pub const CHANGED_AT_ONCE: i64 = 10_000;

/// Which jobs would be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsToChange {
    /// How many, at most [`COUNT_CAP`].
    pub count: i64,
    /// Short name of the vendor they are narrowed to.
    pub vendor: Option<String>,
}

/// What changing many jobs came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsChanged {
    /// How many were changed.
    pub changed: i64,
    /// Whether it ended at the bound, and there may be more.
    pub more: bool,
}
