//! `tidegate limit`: how much of a connection's work is done at once and in a minute, and how it shares the workers.

use super::{actor, named, output::Output, said};
use crate::serve::Base;
use app::{
    ports::{Actor, WorkLimitsPort},
    view::work_limits::NewWorkLimit,
};
use domain::limit::{Limited, MAX_LIMIT, MAX_WEIGHT};

/// What can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum What {
    /// What a vendor's events started
    Vendor,
    /// What is asked of a provider
    Provider,
    /// What goes to a destination
    Destination,
}

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List what is set
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Set all limits of a connection; what is not named is not limited
    Set {
        /// What
        what: What,
        /// Its short name
        name: String,
        /// Jobs that run at the same time, on all nodes together
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LIMIT)))]
        at_once: Option<u32>,
        /// Jobs begun in a minute, on all nodes together, spread over it
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LIMIT)))]
        per_minute: Option<u32>,
        /// Turns its queues get where others get one
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_WEIGHT)))]
        weight: u32,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn WorkLimitsPort = base.services.as_ref();
    match command {
        Command::List { tenant } => {
            let page = services.work_limits(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            let any =
                |number: Option<u32>| number.map_or_else(|| "any".to_owned(), |number| number.to_string());
            out.list(&page.rows, &["what", "name", "at once", "a minute", "weight"], |row| {
                vec![
                    row.kind().to_owned(),
                    row.name.clone(),
                    any(row.limit.at_once),
                    any(row.limit.per_minute),
                    row.limit.weight.to_string(),
                ]
            });
        }
        Command::Set { what, name, at_once, per_minute, weight, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let of = of(what, &name, &who, base)?;
            let new = NewWorkLimit { of, at_once, per_minute, weight: Some(weight) };
            services.set_work_limit(&who, new).await.map_err(said)?;
            out.done("Set. Running nodes keep to it within a second.");
        }
    }
    Ok(())
}

fn of(what: What, name: &str, who: &Actor, base: &Base) -> anyhow::Result<Limited> {
    Ok(match what {
        What::Vendor => Limited::Vendor(named::vendor(base, who, name)?.vendor.id),
        What::Provider => Limited::Provider(named::provider(base, who, name)?.provider.id),
        What::Destination => Limited::Destination(named::destination(base, who, name)?.destination.id),
    })
}
