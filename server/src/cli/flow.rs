//! `tidegate pause`: making work wait.

use super::{Usage, actor, named, output::Output, said};
use crate::serve::Base;
use app::ports::{Actor, FlowPort};
use domain::pause::{Pause, PauseTarget};

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

impl PauseCommand {
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
            let target = target(what, name.as_deref(), &who, base)?;
            services.pause(&who, target).await.map_err(said)?;
            out.done("Paused. What is accepted meanwhile waits.");
        }
        PauseCommand::End { what, name, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let target = target(what, name.as_deref(), &who, base)?;
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

/// What is meant by a word and a name.
fn target(what: What, name: Option<&str>, who: &Actor, base: &Base) -> anyhow::Result<PauseTarget> {
    let name = || name.ok_or_else(|| Usage("name the vendor, destination or provider".to_owned()));
    Ok(match what {
        What::Everything => PauseTarget::Everything,
        What::Deliveries => PauseTarget::Deliveries,
        What::Tenant => PauseTarget::Tenant(who.tenant.ok_or_else(|| Usage("name a tenant".to_owned()))?),
        What::Vendor => PauseTarget::Vendor(named::vendor(base, who, name()?)?.vendor.id),
        What::Destination => PauseTarget::Destination(named::destination(base, who, name()?)?.destination.id),
        What::Provider => PauseTarget::Provider(named::provider(base, who, name()?)?.provider.id),
    })
}
