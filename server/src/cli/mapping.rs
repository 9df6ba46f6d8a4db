//! `tidegate mapping`: rules that make changed payloads fit again.

use super::{
    actor, input,
    output::Output,
    said,
    schema::{Of, version},
};
use crate::serve::Base;
use app::{ports::types::TypesPort, view::types::NewMapping};
use serde_json::json;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Save a mapping as the next version and use it
    Set {
        #[command(flatten)]
        of: Of,
        /// File with the rules, one a line; standard input when none is given
        #[arg(long)]
        file: Option<std::path::PathBuf>,
        /// Only for payloads whose vendor states this version
        #[arg(long, value_name = "VERSION")]
        from_version: Option<String>,
    },
    /// List the versions of a type's mappings
    List(Of),
    /// Use a version of a mapping, or no longer
    Use {
        #[command(flatten)]
        of: Of,
        /// Which version
        #[arg(value_name = "VERSION")]
        number: i32,
        /// Use it no longer
        #[arg(long)]
        stop: bool,
    },
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn TypesPort = base.services.as_ref();
    match command {
        Command::Set { of, file, from_version } => {
            let new = NewMapping { text: input::text("mapping", file.as_deref())?, from_version };
            let who = actor(base, of.tenant.as_deref())?;
            let saved = services.save_mapping(&who, &of.vendor, &of.event_type, new).await.map_err(said)?;
            let version = version(saved)?;
            let count = services.count_held(&who, &of.vendor, &of.event_type).await.map_err(said)?;
            out.value(
                &json!({"vendor": of.vendor, "type": of.event_type, "version": version, "held": count.held, "fitting": count.fitting}),
                &[
                    ("saved", format!("mapping v{version}")),
                    ("held", format!("{}, {} of them fit now", count.held, count.fitting)),
                ],
            );
        }
        Command::List(of) => {
            let who = actor(base, of.tenant.as_deref())?;
            let page = services.page(&who, &of.vendor, &of.event_type, None).await.map_err(said)?;
            out.list(&page.mappings, &["version", "from version", "in use", "rules"], |row| {
                vec![
                    row.version.to_string(),
                    row.from_version.clone().unwrap_or_default(),
                    if row.active { "yes" } else { "no" }.to_owned(),
                    row.text.trim().replace('\n', "; "),
                ]
            });
        }
        Command::Use { of, number, stop } => {
            let who = actor(base, of.tenant.as_deref())?;
            services.use_mapping(&who, &of.vendor, &of.event_type, number, !stop).await.map_err(said)?;
            out.done(if stop { "No longer used." } else { "In use." });
        }
    }
    Ok(())
}
