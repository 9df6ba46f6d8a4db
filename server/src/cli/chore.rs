//! `tidegate chore`: what the installation does for itself at set times.

use super::{Usage, actor, output::Output, said, schedule::Times};
use crate::{
    chores::run::Chores,
    clock::fresh,
    serve::{Base, host_name},
};
use anyhow::Context;
use app::{ports::ChoresPort, view::chores::ChoreRow};
use domain::{
    chore::{Chore, ChoreName},
    id::NodeId,
    time::{Timestamp, in_words},
};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a node has done what was asked for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List chores: how each went last, and when it is done next
    List,
    /// Do a chore now, here or on the node that takes it first, and wait for its end; its next time stays
    RunNow {
        /// Which one
        name: ChoreName,
    },
    /// Change at which times a chore is done
    Set {
        /// Which one
        name: ChoreName,
        #[command(flatten)]
        times: Times,
    },
    /// Do a chore by itself again, from its next time on
    Enable {
        /// Which one
        name: ChoreName,
    },
    /// Do a chore only when somebody asks for it
    Disable {
        /// Which one
        name: ChoreName,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List)
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, None)?;
    let services: &dyn ChoresPort = base.services.as_ref();
    if !command.only_looks() {
        // There are none before the first server starts.
        base.store.add_chores(ChoreName::ALL, base.clock.now()).await?;
    }
    match command {
        Command::List => list(&services.chores(&who).await.map_err(said)?.rows, base.clock.now(), out),
        Command::RunNow { name } => run_now(base, name, services, out).await?,
        Command::Set { name, times } => {
            if times.is_empty() {
                return Err(Usage("give --cron, --zone or --every".to_owned()).into());
            }
            let before = base.services.chore(name).await.map_err(said)?.pace;
            let pace = times.pace(Some(&before))?;
            let row = base.services.set_chore_pace(&who, name, pace).await.map_err(said)?;
            let lines =
                [("set", name.to_string()), ("times", row.pace.in_words()), ("next", row.next_at.rfc3339())];
            out.value(&row, &lines);
        }
        Command::Enable { name } => {
            services.switch_chore(&who, name, true).await.map_err(said)?;
            out.switched(name.as_str(), true);
        }
        Command::Disable { name } => {
            services.switch_chore(&who, name, false).await.map_err(said)?;
            out.switched(name.as_str(), false);
        }
    }
    Ok(())
}

fn list(rows: &[ChoreRow], now: Timestamp, out: &Output) {
    let columns = ["chore", "times", "state", "last", "took", "removed", "next", "last error"];
    out.list(rows, &columns, |row: &ChoreRow| {
        let last = row.last.as_ref();
        let state = match (&row.at_work, row.asked, row.enabled) {
            (Some((_, host)), ..) => format!("at work on {host}"),
            (None, true, _) => "due".to_owned(),
            (None, false, true) if row.next_at <= now => "due".to_owned(),
            (None, false, true) => "on".to_owned(),
            (None, false, false) => "off".to_owned(),
        };
        vec![
            row.name.to_string(),
            row.pace.in_words(),
            state,
            last.map(|last| last.ended_at.ago(now)).unwrap_or_default(),
            last.map(|last| in_words(last.took())).unwrap_or_default(),
            last.and_then(|last| last.removed).map(|removed| removed.to_string()).unwrap_or_default(),
            if row.enabled { row.next_at.rfc3339() } else { String::new() },
            last.and_then(|last| last.error.clone()).unwrap_or_default(),
        ]
    });
}

/// Asks for a chore and waits until it was done: here, unless a running node is faster.
async fn run_now(
    base: &Base,
    name: ChoreName,
    services: &dyn ChoresPort,
    out: &Output,
) -> anyhow::Result<()> {
    let before = base.services.chore(name).await.map_err(said)?.run;
    services.run_chore(&actor(base, None)?, name).await.map_err(said)?;
    let here = Chores {
        store: base.store.clone(),
        live: base.live.clone(),
        clock: base.clock.clone(),
        node: NodeId::new(fresh()),
        host: host_name(),
    };
    let done = loop {
        if let Some(taken) = here.take(Some(name)).await? {
            here.see_through(taken, &CancellationToken::new()).await;
        }
        let chore = base.services.chore(name).await.map_err(said)?;
        // One that was at work when it was asked for ends first, and then the run that was asked for begins.
        if chore.run > before && chore.asked_by.is_none() && chore.at_work.is_none() {
            break chore;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    tell(done, out)
}

fn tell(done: Chore, out: &Output) -> anyhow::Result<()> {
    let name = done.name.to_string();
    let last = done.last.with_context(|| format!("{name} ended without a word"))?;
    let lines = [
        ("done", name.clone()),
        ("removed", last.removed.map(|removed| removed.to_string()).unwrap_or_default()),
        ("took", in_words(last.took())),
        ("on", last.host.clone()),
    ];
    if let Some(error) = last.error {
        anyhow::bail!("{name} failed and is tried again: {error}");
    }
    out.value(
        &json!({"name": name, "removed": last.removed, "took_seconds": last.took() as f64 / 1e6, "host": last.host}),
        &lines,
    );
    Ok(())
}
