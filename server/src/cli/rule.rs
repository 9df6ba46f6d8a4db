//! `tidegate rule`: which events start which jobs.

use super::{actor, input, named, output::Output, said};
use crate::serve::Base;
use app::{ports::RulesPort, view::connections::NewRule};
use domain::{
    id::RuleId,
    job::JobKind,
    time::{SECOND, in_words},
    unique::{Unique, UniqueBy},
};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a rule
    Add(Box<Add>),
    /// List rules
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Remove a rule; jobs it started keep what it told them
    Remove {
        /// Its id
        id: RuleId,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
}

/// What `rule add` is told.
#[derive(clap::Args, Debug)]
pub(super) struct Add {
    /// Events of this vendor
    #[arg(long)]
    vendor: String,
    /// Which event types; * stands for any text
    #[arg(long = "type", default_value = "*", value_name = "PATTERN")]
    pattern: String,
    /// generate, publish, callback or forward; generate with a destination goes on to bring it there
    #[arg(long)]
    job: JobKind,
    /// Whom to ask
    #[arg(long)]
    provider: Option<String>,
    /// Template of the message to the model, or of the text to deliver
    #[arg(long)]
    template: Option<String>,
    /// Template of the title
    #[arg(long)]
    title: Option<String>,
    /// Template of the body an HTTP endpoint gets: of a forward, or of what follows a generate; for a JSON body each
    /// value is written as JSON
    #[arg(long)]
    body: Option<String>,
    /// Longest answer, in tokens
    #[arg(long)]
    max_tokens: Option<u32>,
    /// Tries its jobs may have, 1 to 50
    #[arg(long)]
    max_attempts: Option<i32>,
    /// Wait before the first try, such as 30s or 2h
    #[arg(long, value_parser = input::duration)]
    delay: Option<i64>,
    /// Give up after this time whatever tries are left, 60s to 30d; 3d unless said
    #[arg(long, value_parser = input::duration)]
    deadline: Option<i64>,
    /// Work off what comes about one subject one after the other, as it came
    #[arg(long)]
    in_order: bool,
    /// Do the same work once within this time, such as 10m: an event that asks again starts no job
    #[arg(long, value_name = "TIME", value_parser = input::duration)]
    unique_for: Option<i64>,
    /// What is the same: input (type and contents) or subject
    #[arg(long, value_name = "WHAT", requires = "unique_for", default_value = "input")]
    unique_by: UniqueBy,
    /// Where the result goes
    #[arg(long)]
    destination: Option<String>,
    /// Whose it is
    #[arg(long)]
    tenant: Option<String>,
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn RulesPort = base.services.as_ref();
    match command {
        Command::Add(given) => add(*given, base, out).await?,
        Command::List { tenant } => {
            let page = services.list(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            let columns = [
                "id",
                "vendor",
                "type",
                "job",
                "provider",
                "destination",
                "tries",
                "gives up after",
                "only once",
            ];
            out.list(&page.rows, &columns, |row| {
                let name = |name: &Option<String>| name.clone().unwrap_or_default();
                let (provider, destination) = (name(&row.provider), name(&row.destination));
                vec![
                    row.id.to_string(),
                    row.vendor.clone(),
                    row.pattern.clone(),
                    row.job.to_string(),
                    provider,
                    destination,
                    row.tries().to_string(),
                    in_words(row.gives_up_after()),
                    row.unique.map(once).unwrap_or_default(),
                ]
            });
        }
        Command::Remove { id, tenant } => {
            base.services.remove_rule(&actor(base, tenant.as_deref())?, id).await.map_err(said)?;
            out.done("Removed.");
        }
    }
    Ok(())
}

/// For how long, and by what, work is the same.
fn once(unique: Unique) -> String {
    format!("{} by {}", in_words(i64::from(unique.for_s) * SECOND), unique.by)
}

async fn add(given: Add, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn RulesPort = base.services.as_ref();
    let Add {
        vendor,
        pattern,
        job,
        provider,
        template,
        title,
        body,
        max_tokens,
        max_attempts,
        delay,
        deadline,
        in_order,
        unique_for,
        unique_by,
        destination,
        tenant,
    } = given;
    let who = actor(base, tenant.as_deref())?;
    let new = NewRule {
        vendor_id: named::vendor(base, &who, &vendor)?.vendor.id,
        pattern: pattern.clone(),
        job,
        provider_id: provider
            .map(|name| named::provider(base, &who, &name).map(|live| live.provider.id))
            .transpose()?,
        destination_id: destination
            .map(|name| named::destination(base, &who, &name).map(|live| live.destination.id))
            .transpose()?,
        title,
        prompt: template,
        body,
        max_tokens,
        max_attempts,
        delay_s: delay.map(|micros| u32::try_from(micros / SECOND).unwrap_or(u32::MAX)),
        deadline_s: deadline.map(|micros| u32::try_from(micros / SECOND).unwrap_or(u32::MAX)),
        in_order,
        unique: unique_for.map(|micros| Unique {
            for_s: u32::try_from(micros / SECOND).unwrap_or(u32::MAX),
            by: unique_by,
        }),
    };
    services.add(&who, new).await.map_err(said)?;
    let words = format!("{pattern} from {vendor} starts {job}");
    out.value(&serde_json::json!({"vendor": vendor, "type": pattern, "job": job}), &[("added", words)]);
    Ok(())
}
