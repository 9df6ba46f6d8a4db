//! `tidegate node`: the processes of this installation.

use super::{actor, output::Output, said};
use crate::serve::Base;
use app::ports::NodesPort;
use serde_json::json;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List nodes that live, and those that went away during the last day without saying so
    List,
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let Command::List = command;
    let page = base.services.nodes(&actor(base, None)?).await.map_err(said)?;
    let now = page.now;
    let rows: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            let mut value = json!(row);
            value["gone"] = row.is_gone(now).into();
            value["heard"] = row.heartbeat_at.ago(now).into();
            value["since"] = row.started_at.ago(now).into();
            value
        })
        .collect();
    out.list(
        &rows,
        &["id", "host", "runs", "version", "jobs", "started", "last heartbeat", "state"],
        |row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let state = if row["gone"] == true { "gone" } else { "alive" };
            vec![
                text("id"),
                text("host"),
                text("roles"),
                text("version"),
                row["running"].to_string(),
                text("since"),
                text("heard"),
                state.to_owned(),
            ]
        },
    );
    Ok(())
}
