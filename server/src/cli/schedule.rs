//! `tidegate schedule`: events that are made at set times.

use super::{Usage, actor, input, named, named::Whose, output::Output, said};
use crate::serve::Base;
use app::{
    error::AppError,
    ports::{Actor, SchedulesPort},
    view::schedules::{NewSchedule, ScheduleRow},
};
use domain::{id::ScheduleId, schedule::Pace, time::SECOND, zone::Zone};
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Make an event at set times, as if its vendor had sent it
    Add {
        /// Short name
        slug: String,
        /// Whose events
        #[arg(long)]
        vendor: String,
        /// Their type
        #[arg(long = "type", value_name = "TYPE")]
        event_type: String,
        /// What they are about
        #[arg(long)]
        subject: Option<String>,
        /// Their body: JSON; {} when not given
        #[arg(long, value_name = "JSON", conflicts_with = "payload_file")]
        payload: Option<String>,
        /// A file with it, or - for standard input
        #[arg(long, value_name = "FILE")]
        payload_file: Option<PathBuf>,
        #[command(flatten)]
        times: Times,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List schedules
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Change at which times events are made
    Set {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        times: Times,
    },
    /// Go on with the next time after now
    Enable(Whose),
    /// Make no more events; times that pass meanwhile are not made up for
    Disable(Whose),
    /// Make an event now, and leave the next time as it is
    RunNow(Whose),
    /// Remove a schedule; the events it made stay
    Remove(Whose),
}

/// At which times.
#[derive(clap::Args, Debug)]
pub(super) struct Times {
    /// Times as minute, hour, day of the month, month and day of the week, such as '0 7 * * 1-5'
    #[arg(long, value_name = "EXPRESSION", conflicts_with = "every")]
    cron: Option<String>,
    /// Time between two of them, such as 15m
    #[arg(long, value_name = "TIME", value_parser = input::duration)]
    every: Option<i64>,
    /// Whose clocks the cron expression goes by, such as Europe/Berlin; UTC when not given. A time that clocks leave out
    /// when they are put forward comes right after it, one they show twice comes once
    #[arg(long, conflicts_with = "every")]
    zone: Option<Zone>,
}

impl Times {
    /// The pace that was given; what was not is as it was `before`.
    pub(super) fn pace(self, before: Option<&Pace>) -> anyhow::Result<Pace> {
        let known = before.and_then(Pace::expression);
        let expression = self.cron.or_else(|| known.map(|(expression, _)| expression.to_owned()));
        match (expression, self.every, self.zone) {
            (_, Some(micros), _) => Ok(Pace::Every(u32::try_from(micros / SECOND).unwrap_or(u32::MAX))),
            (Some(expression), None, Some(zone)) => Ok(Pace::cron(expression, Some(zone))),
            (Some(expression), None, None) => {
                let zone = known.and_then(|(_, zone)| zone.parse().ok());
                Ok(Pace::cron(expression, zone))
            }
            (None, None, Some(_)) => Err(Usage("a time zone goes with --cron".to_owned()).into()),
            (None, None, None) => Err(Usage("give --cron or --every".to_owned()).into()),
        }
    }

    /// Whether nothing was given.
    pub(super) const fn is_empty(&self) -> bool {
        self.cron.is_none() && self.every.is_none() && self.zone.is_none()
    }
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn SchedulesPort = base.services.as_ref();
    match command {
        Command::Add { slug, vendor, event_type, subject, payload, payload_file, times, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let pace = times.pace(None)?;
            let payload = match payload_file {
                Some(file) => {
                    Some(input::text("payload", Some(file).filter(|file| is_file(file)).as_deref())?)
                }
                None => payload,
            };
            let vendor_id = named::vendor(base, &who, &vendor)?.vendor.id;
            let new = NewSchedule { slug, vendor_id, event_type, subject_id: subject, payload, pace };
            let row = services.add(&who, new).await.map_err(said)?;
            out.value(&row, &[("added", row.slug.clone()), ("next", row.next_at.rfc3339())]);
        }
        Command::List { tenant } => {
            let page = services.list(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            let columns = ["name", "vendor", "type", "times", "state", "next", "last", "last event"];
            out.list(&page.rows, &columns, |row: &ScheduleRow| {
                let last = row.last_at.map(|at| at.rfc3339());
                vec![
                    row.slug.clone(),
                    row.vendor.clone(),
                    row.event_type.clone(),
                    row.pace.in_words(),
                    if row.enabled { "on" } else { "off" }.to_owned(),
                    if row.enabled { row.next_at.rfc3339() } else { String::new() },
                    last.unwrap_or_default(),
                    row.last_event_id.map(|id| id.to_string()).unwrap_or_default(),
                ]
            });
        }
        Command::Set { whose: Whose { slug, tenant }, times } => {
            if times.is_empty() {
                return Err(Usage("give --cron, --zone or --every".to_owned()).into());
            }
            let who = actor(base, tenant.as_deref())?;
            let id = schedule(base, &who, &slug).await?;
            let page = services.list(&who).await.map_err(said)?;
            let before = page.rows.into_iter().find(|row| row.id == id).map(|row| row.pace);
            let pace = times.pace(before.as_ref())?;
            let row = services.set_pace(&who, id, pace).await.map_err(said)?;
            let lines =
                [("set", row.slug.clone()), ("times", row.pace.in_words()), ("next", row.next_at.rfc3339())];
            out.value(&row, &lines);
        }
        Command::Enable(whose) => switch(base, out, &whose, true).await?,
        Command::Disable(whose) => switch(base, out, &whose, false).await?,
        Command::RunNow(Whose { slug, tenant }) => {
            let who = actor(base, tenant.as_deref())?;
            let id = schedule(base, &who, &slug).await?;
            let event = services.run_now(&who, id).await.map_err(said)?;
            out.value(&serde_json::json!({"slug": slug, "event": event}), &[("event", event.to_string())]);
        }
        Command::Remove(Whose { slug, tenant }) => {
            let who = actor(base, tenant.as_deref())?;
            let id = schedule(base, &who, &slug).await?;
            services.remove(&who, id).await.map_err(said)?;
            out.value(&serde_json::json!({"slug": slug, "removed": true}), &[("removed", slug)]);
        }
    }
    Ok(())
}

fn is_file(path: &Path) -> bool {
    path.as_os_str() != "-"
}

/// The schedule of this name.
async fn schedule(base: &Base, who: &Actor, name: &str) -> anyhow::Result<ScheduleId> {
    let found = base.services.schedule_named(who, name).await;
    match found {
        Err(AppError::NotFound) => anyhow::bail!("there is no schedule {name:?}"),
        other => other.map_err(said),
    }
}

async fn switch(base: &Base, out: &Output, whose: &Whose, on: bool) -> anyhow::Result<()> {
    let services: &dyn SchedulesPort = base.services.as_ref();
    let who = actor(base, whose.tenant.as_deref())?;
    let id = schedule(base, &who, &whose.slug).await?;
    services.switch(&who, id, on).await.map_err(said)?;
    out.switched(&whose.slug, on);
    Ok(())
}
