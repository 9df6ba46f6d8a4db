//! `tidegate jobs`: looking at jobs and putting them back in the queue.

use super::{actor, output::Output, said};
use crate::serve::Base;
use app::{
    ports::{Actor, JobsPort},
    view::jobs::JobRow,
};
use domain::{
    filter::JobFilter,
    id::JobId,
    job::{JobKind, JobState},
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
    /// Put a job that rests back in the queue
    Retry {
        /// Its id
        id: JobId,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
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
        Command::Retry { id, tenant } => {
            services.retry(&actor(base, tenant.as_deref())?, id).await.map_err(said)?;
            out.done("The job is due again.");
        }
    }
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
