//! `tidegate pause` and `tidegate breaker`: what keeps jobs from running for a while.

use super::{Usage, actor, output::Output, said};
use crate::{live::Snapshot, serve::Base};
use app::{
    ports::{Actor, FlowPort},
    view::flow::BreakerRow,
};
use domain::{
    breaker::{BreakerKey, BreakerMode},
    pause::{Pause, PauseTarget},
};

/// What can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum What {
    /// All work of the installation
    Everything,
    /// All calls to destinations
    Deliveries,
    /// All work of the tenant
    Tenant,
    /// What a vendor's events started; they are accepted all the same
    Vendor,
    /// What goes to a destination
    Destination,
    /// What is asked of a provider
    Provider,
}

#[derive(clap::Subcommand, Debug)]
pub(super) enum PauseCommand {
    /// Pause something; its jobs wait without using up tries
    Begin {
        /// What
        what: What,
        /// Short name of the vendor, destination or provider
        name: Option<String>,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// End a pause; the jobs that waited run again, spread out
    End {
        /// What
        what: What,
        /// Short name of the vendor, destination or provider
        name: Option<String>,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List what is paused
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
}

#[derive(clap::Subcommand, Debug)]
pub(super) enum BreakerCommand {
    /// List breakers that ever opened or were decided about
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Force a breaker open or closed, or let it decide by itself again
    Set {
        /// open, closed or automatic
        mode: BreakerMode,
        /// Short name of the destination
        #[arg(long, conflicts_with = "provider", required_unless_present = "provider")]
        destination: Option<String>,
        /// Short name of the provider
        #[arg(long)]
        provider: Option<String>,
        /// Its model, when not the one asked for usually
        #[arg(long, requires = "provider")]
        model: Option<String>,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl PauseCommand {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

impl BreakerCommand {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn pause(command: PauseCommand, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn FlowPort = base.services.as_ref();
    match command {
        PauseCommand::Begin { what, name, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let target = target(what, name.as_deref(), &who, &base.live.now())?;
            services.pause(&who, target).await.map_err(said)?;
            out.done("Paused. What is accepted meanwhile waits.");
        }
        PauseCommand::End { what, name, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let target = target(what, name.as_deref(), &who, &base.live.now())?;
            services.resume(&who, target).await.map_err(said)?;
            out.done("Resumed. What waited runs again, spread out.");
        }
        PauseCommand::List { tenant } => {
            let view = services.flow(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            let snapshot = base.live.now();
            out.list(&view.pauses, &["what", "by", "since"], |pause: &Pause| {
                let what = crate::worker::gate::target_name(pause.target, &snapshot);
                vec![what, pause.by.clone(), pause.since.rfc3339()]
            });
        }
    }
    Ok(())
}

pub(super) async fn breaker(command: BreakerCommand, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn FlowPort = base.services.as_ref();
    match command {
        BreakerCommand::List { tenant } => {
            let view = services.flow(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            out.list(&view.breakers, &["target", "state", "why", "tried again"], |row: &BreakerRow| {
                let again = row.breaker.open_until.map(|at| at.rfc3339()).unwrap_or_default();
                vec![row.name.clone(), row.word().to_owned(), row.breaker.reason.clone(), again]
            });
        }
        BreakerCommand::Set { mode, destination, provider, model, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let snapshot = base.live.now();
            let key = match (destination, provider) {
                (Some(name), _) => match target(What::Destination, Some(&name), &who, &snapshot)? {
                    PauseTarget::Destination(id) => BreakerKey::Destination(id),
                    other => anyhow::bail!("{other} has no breaker"),
                },
                (None, Some(name)) => match target(What::Provider, Some(&name), &who, &snapshot)? {
                    PauseTarget::Provider(id) => {
                        let usual = snapshot.provider(id).map(|live| live.provider.model.clone());
                        BreakerKey::Model(id, model.or(usual).unwrap_or_default())
                    }
                    other => anyhow::bail!("{other} has no breaker"),
                },
                (None, None) => return Err(Usage("name a destination or a provider".to_owned()).into()),
            };
            services.set_breaker(&who, key, mode).await.map_err(said)?;
            out.done("The breaker is set.");
        }
    }
    Ok(())
}

/// What is meant by a word and a name.
fn target(what: What, name: Option<&str>, who: &Actor, snapshot: &Snapshot) -> anyhow::Result<PauseTarget> {
    let own = |tenant| who.tenant == Some(tenant);
    let named = |slug: &str| name == Some(slug);
    let found = match what {
        What::Everything => Some(PauseTarget::Everything),
        What::Deliveries => Some(PauseTarget::Deliveries),
        What::Tenant => who.tenant.map(PauseTarget::Tenant),
        What::Vendor => snapshot
            .vendors()
            .map(|live| &live.vendor)
            .find(|vendor| own(vendor.tenant_id) && named(vendor.slug.as_str()))
            .map(|vendor| PauseTarget::Vendor(vendor.id)),
        What::Destination => snapshot
            .destinations()
            .map(|live| &live.destination)
            .find(|destination| own(destination.tenant_id) && named(destination.slug.as_str()))
            .map(|destination| PauseTarget::Destination(destination.id)),
        What::Provider => snapshot
            .providers()
            .map(|live| &live.provider)
            .find(|provider| own(provider.tenant_id) && named(provider.slug.as_str()))
            .map(|provider| PauseTarget::Provider(provider.id)),
    };
    if found.is_none() && name.is_none() {
        return Err(Usage("name the vendor, destination or provider".to_owned()).into());
    }
    found.ok_or_else(|| Usage(format!("there is no {} {:?}", word(what), name.unwrap_or_default())).into())
}

const fn word(what: What) -> &'static str {
    match what {
        What::Vendor => "vendor",
        What::Destination => "destination",
        What::Provider => "provider",
        What::Everything | What::Deliveries | What::Tenant => "such thing as",
    }
}
