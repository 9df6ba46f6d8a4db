//! `tidegate schema`: event types, what their payloads must look like, and what waits for it.

use super::{Usage, actor, input, output::Output, said};
use crate::serve::Base;
use app::{
    ports::types::TypesPort,
    view::types::{Saved, type_name},
};
use domain::schema::SchemaMode;
use serde_json::json;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List event types that were seen, with their schemas
    List {
        /// Of this vendor only
        #[arg(long)]
        vendor: Option<String>,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Print the schema in use, its versions and what waits for it
    Show(Of),
    /// Save a schema as the next version and use it
    Set {
        #[command(flatten)]
        of: Of,
        /// File with the schema; standard input when none is given
        #[arg(long)]
        file: Option<std::path::PathBuf>,
        /// Apply it like this from now on; a type's first schema warns
        #[arg(long)]
        mode: Option<SchemaMode>,
    },
    /// Learn a schema from the last stored events, save it as the next version and use it
    Learn {
        #[command(flatten)]
        of: Of,
        /// How many events to learn from, up to 100
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100))]
        samples: u32,
        /// Apply it like this from now on; a type's first schema warns
        #[arg(long)]
        mode: Option<SchemaMode>,
    },
    /// Check nothing (off), mark jobs (warn) or hold them (hold); or use an older version again
    Mode {
        #[command(flatten)]
        of: Of,
        /// off, warn or hold
        mode: SchemaMode,
        /// Use this version of the schema
        #[arg(long = "use", value_name = "VERSION")]
        number: Option<i32>,
    },
    /// Put held jobs whose payload fits now back in the queue
    Release {
        #[command(flatten)]
        of: Of,
        /// Count only
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which event type.
#[derive(clap::Args, Debug)]
pub(super) struct Of {
    /// Who sends it
    #[arg(long)]
    pub(super) vendor: String,
    /// The vendor's word for it; none where the vendor names no type
    #[arg(long = "type", default_value = "", hide_default_value = true)]
    pub(super) event_type: String,
    /// Whose it is
    #[arg(long)]
    pub(super) tenant: Option<String>,
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn TypesPort = base.services.as_ref();
    match command {
        Command::List { vendor, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let page = services.catalogue(&who, vendor.as_deref()).await.map_err(said)?;
            out.list(
                &page.rows,
                &["vendor", "type", "events", "last seen", "schema", "drift since"],
                |row| {
                    let schema =
                        row.version.zip(row.mode).map(|(version, mode)| format!("{mode} v{version}"));
                    vec![
                        row.vendor.clone(),
                        type_name(&row.event_type).to_owned(),
                        row.events.to_string(),
                        row.last_seen.rfc3339(),
                        schema.unwrap_or_else(|| "none".to_owned()),
                        row.drift_since.map(|at| at.rfc3339()).unwrap_or_default(),
                    ]
                },
            );
        }
        Command::Show(of) => {
            let who = actor(base, of.tenant.as_deref())?;
            let page = services.page(&who, &of.vendor, &of.event_type, None).await.map_err(said)?;
            let versions: Vec<String> = page
                .schemas
                .iter()
                .map(|one| format!("v{}{}", one.version, if one.used { " (in use)" } else { "" }))
                .collect();
            let mode = page.row.mode.map(|mode| mode.to_string()).unwrap_or_else(|| "none".to_owned());
            let held = format!("{}, {} of them fit now", page.held.held, page.held.fitting);
            out.value(
                &page,
                &[
                    ("mode", mode),
                    ("versions", versions.join(", ")),
                    ("events", page.row.events.to_string()),
                    ("held", held),
                    ("mapping", page.mapping.text.clone()),
                    ("schema", page.schema.text.clone()),
                ],
            );
        }
        Command::Set { of, file, mode } => {
            let text = input::text("schema", file.as_deref())?;
            let who = actor(base, of.tenant.as_deref())?;
            let saved = services.save_schema(&who, &of.vendor, &of.event_type, text).await.map_err(said)?;
            let version = version(saved)?;
            used(services, &who, &of, version, mode, out).await?;
        }
        Command::Learn { of, samples, mode } => {
            let who = actor(base, of.tenant.as_deref())?;
            let version =
                services.learn_schema(&who, &of.vendor, &of.event_type, samples).await.map_err(said)?;
            used(services, &who, &of, version, mode, out).await?;
        }
        Command::Mode { of, mode, number } => {
            let who = actor(base, of.tenant.as_deref())?;
            let done = services.use_schema(&who, &of.vendor, &of.event_type, number, Some(mode)).await;
            done.map_err(said)?;
            out.value(
                &json!({"vendor": of.vendor, "type": of.event_type, "mode": mode}),
                &[("mode", mode.to_string())],
            );
        }
        Command::Release { of, dry_run } => {
            let who = actor(base, of.tenant.as_deref())?;
            let count = services.count_held(&who, &of.vendor, &of.event_type).await.map_err(said)?;
            let released = match dry_run {
                true => 0,
                false => services.release_held(&who, &of.vendor, &of.event_type).await.map_err(said)?,
            };
            out.value(
                &json!({"held": count.held, "fitting": count.fitting, "more": count.more, "released": released}),
                &[
                    ("held", format!("{}{}", count.held, if count.more { " and more" } else { "" })),
                    ("fit now", count.fitting.to_string()),
                    ("released", released.to_string()),
                ],
            );
        }
    }
    Ok(())
}

/// The version that was saved, or what is wrong with the text.
pub(super) fn version(saved: Saved) -> anyhow::Result<i32> {
    match saved {
        Saved::Version(version) => Ok(version),
        Saved::Faulty(fault, _) => Err(Usage(format!("line {}: {}", fault.line, fault.words)).into()),
    }
}

async fn used(
    services: &dyn TypesPort,
    who: &app::ports::Actor,
    of: &Of,
    version: i32,
    mode: Option<SchemaMode>,
    out: &Output,
) -> anyhow::Result<()> {
    if mode.is_some() {
        services.use_schema(who, &of.vendor, &of.event_type, Some(version), mode).await.map_err(said)?;
    }
    out.value(
        &json!({"vendor": of.vendor, "type": of.event_type, "version": version}),
        &[("saved", format!("schema v{version}"))],
    );
    Ok(())
}
