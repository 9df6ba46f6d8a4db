//! `tidegate jobs`: looking at jobs, putting them back in the queue, holding, releasing, reordering and cancelling them,
//! running one again with something changed.

use super::{actor, named, output::Output, said};
use crate::serve::Base;
use app::{
    ports::{Actor, JobChangesPort, JobsPort},
    view::jobs::JobRow,
};
use domain::{
    filter::JobFilter,
    id::JobId,
    job::{JobKind, JobState},
    operation::{JobOperation, PRIORITIES},
};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List jobs, newest first
    List {
        /// Only in this state
        #[arg(long)]
        state: Option<JobState>,
        /// Only of this kind
        #[arg(long)]
        kind: Option<JobKind>,
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// One job with its tries and result
    Show {
        /// Its id
        id: JobId,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Put jobs that rest back in the queue
    Retry(Change),
    /// Put waiting jobs aside until they are released
    Hold(Change),
    /// Let held jobs go, whatever holds them
    Release(Change),
    /// Run a job that rests again with something changed, as a new job; the first stays as it is
    Edit(super::job_edit::Edit),
    /// End jobs, also those that run; a call that is under way may have been made
    Cancel(Change),
    /// Make waiting jobs due now, before all others
    Sooner(Change),
    /// Let all others run before waiting jobs
    Later(Change),
    /// Give waiting jobs a priority: smaller runs sooner, 0 is usual
    Prioritise {
        #[command(flatten)]
        change: Change,
        /// Which, from -20 to 20
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = priority)]
        to: i16,
    },
}

/// Which jobs are changed: one, or those of a list.
#[derive(clap::Args, Debug)]
pub(super) struct Change {
    /// One job; without it, all that fit the options
    #[arg(required_unless_present_any = ["state", "kind", "vendor", "all"])]
    id: Option<JobId>,
    /// Only in this state
    #[arg(long, conflicts_with = "id")]
    state: Option<JobState>,
    /// Only of this kind
    #[arg(long, conflicts_with = "id")]
    kind: Option<JobKind>,
    /// Only of this vendor
    #[arg(long, conflicts_with = "id")]
    vendor: Option<String>,
    /// All of them
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
    /// Whose
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn JobsPort = base.services.as_ref();
    match command {
        Command::List { state, kind, limit, tenant } => {
            let filter = JobFilter { state, kind, ..JobFilter::default() };
            let rows = list(services, &actor(base, tenant.as_deref())?, &filter, limit).await?;
            out.list(&rows, &["id", "state", "kind", "title", "tries", "reason"], |row: &JobRow| {
                let tries = format!("{}/{}", row.attempt, row.max_attempts);
                let reason = row.reason.clone().unwrap_or_default();
                vec![
                    row.id.to_string(),
                    row.state.to_string(),
                    row.kind.to_string(),
                    row.title.clone(),
                    tries,
                    reason,
                ]
            });
        }
        Command::Show { id, tenant } => {
            let story = services.story(&actor(base, tenant.as_deref())?, id).await.map_err(said)?;
            let mut lines = Vec::new();
            for chapter in &story.chapters {
                let job = &chapter.job;
                let tries = format!("{} of {}", job.attempt, job.max_attempts);
                lines.extend([
                    ("job", job.id.to_string()),
                    ("kind", job.kind.to_string()),
                    ("state", job.state.to_string()),
                    ("tries", tries),
                ]);
                lines.push(("reason", job.reason.clone().unwrap_or_default()));
                if let Some(result) = &chapter.result {
                    lines.push(("text", result.text.clone().unwrap_or_default()));
                    lines.push(("link", result.link.clone().unwrap_or_default()));
                }
            }
            out.value(&story, &lines);
        }
        Command::Retry(change) => self::change(JobOperation::Retry, change, base, out).await?,
        Command::Hold(change) => self::change(JobOperation::Hold, change, base, out).await?,
        Command::Release(change) => self::change(JobOperation::Release, change, base, out).await?,
        Command::Cancel(change) => self::change(JobOperation::Cancel, change, base, out).await?,
        Command::Sooner(change) => self::change(JobOperation::Sooner, change, base, out).await?,
        Command::Edit(edit) => super::job_edit::run(edit, base, out).await?,
        Command::Later(change) => self::change(JobOperation::Later, change, base, out).await?,
        Command::Prioritise { change, to } => prioritise(change, to, base, out).await?,
    }
    Ok(())
}

fn priority(text: &str) -> Result<i16, String> {
    let known = text.parse().ok().filter(|to| PRIORITIES.contains(to));
    known.ok_or_else(|| {
        format!("a whole number from {} to {} is needed", PRIORITIES.start(), PRIORITIES.end())
    })
}

/// Gives one job, or all that fit, a priority and says how many.
async fn prioritise(change: Change, to: i16, base: &Base, out: &Output) -> anyhow::Result<()> {
    if change.dry_run {
        return self::change(JobOperation::Later, change, base, out).await;
    }
    let who = actor(base, change.tenant.as_deref())?;
    let changed = match change.id {
        Some(id) => base.services.prioritise(&who, id, to).await.map(|()| 1),
        None => {
            let filter = change.filter(base, &who)?;
            base.services.prioritise_all(&who, &filter, to, i64::MAX).await.map(|done| done.changed)
        }
    };
    say(out, "changed", changed.map_err(said)?)
}

impl Change {
    fn filter(&self, base: &Base, who: &Actor) -> anyhow::Result<JobFilter> {
        let vendor_id = match &self.vendor {
            Some(name) => Some(named::vendor(base, who, name)?.vendor.id),
            None => None,
        };
        Ok(JobFilter { state: self.state, kind: self.kind, vendor_id })
    }
}

/// Changes one job, or all that fit, and says how many.
async fn change(what: JobOperation, change: Change, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, change.tenant.as_deref())?;
    let services: &dyn JobChangesPort = base.services.as_ref();
    if let Some(id) = change.id {
        if change.dry_run {
            let jobs: &dyn JobsPort = base.services.as_ref();
            let story = jobs.story(&who, id).await.map_err(said)?;
            let fits = story.focused().is_some_and(|chapter| may(what, chapter.job.state));
            return say(out, "would change", i64::from(fits));
        }
        // One held job can be put back with fresh tries, too.
        match what {
            JobOperation::Retry => JobsPort::retry(base.services.as_ref(), &who, id).await,
            what => services.change(&who, id, what).await,
        }
        .map_err(said)?;
        return say(out, "changed", 1);
    }
    let filter = change.filter(base, &who)?;
    if change.dry_run {
        let count = services.count(&who, &filter, what).await.map_err(said)?;
        return say(out, "would change", count.count);
    }
    let changed = services.change_all(&who, &filter, what, i64::MAX).await.map_err(said)?;
    say(out, "changed", changed.changed)
}

/// Whether one job named by its id can be changed so.
fn may(what: JobOperation, state: JobState) -> bool {
    what.fits(state) || (what == JobOperation::Retry && state.may_retry())
}

fn say(out: &Output, word: &'static str, jobs: i64) -> anyhow::Result<()> {
    let key = if word == "changed" { "changed" } else { "would_change" };
    let value = serde_json::Map::from_iter([(key.to_owned(), jobs.into())]);
    out.value(&value, &[(word, jobs.to_string())]);
    Ok(())
}

/// The newest jobs, page by page until there are `limit` or no more.
async fn list(
    services: &dyn JobsPort,
    who: &Actor,
    filter: &JobFilter,
    limit: u32,
) -> anyhow::Result<Vec<JobRow>> {
    let mut rows: Vec<JobRow> = Vec::new();
    let mut cursor = None;
    loop {
        let left = limit.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok(rows);
        }
        let page = services.list(who, filter, cursor, left).await.map_err(said)?;
        rows.extend(page.rows);
        cursor = page.next_cursor.and_then(|text| text.parse().ok());
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}
