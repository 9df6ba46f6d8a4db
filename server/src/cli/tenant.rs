//! `tidegate tenant`: customers or sites, and how their payloads are kept.

use super::{Usage, actor, output::Output, said};
use crate::{clock::fresh, serve::Base};
use app::ports::Actor;
use domain::{id::TenantId, privacy::TenantPrivacy, slug::Slug, tenant::Tenant};
use serde_json::json;
use store::{AuditEntry, StoreError};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a tenant
    Add {
        /// Short name in URLs
        slug: Slug,
        /// Name people read; the short name when not given
        #[arg(long)]
        name: Option<String>,
    },
    /// List tenants
    List,
    /// How a tenant's payloads are kept
    Show {
        /// Short name
        slug: String,
    },
    /// Change how a tenant's payloads are kept
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Set {
        /// Short name
        slug: String,
        /// Seal new payloads under the tenant's own key; what is stored already stays as it is
        #[arg(long, group = "what", value_name = "on|off")]
        encrypt_payloads: Option<Switch>,
        /// Remove events and what came of them after so many days; `all` keeps them
        #[arg(long, group = "what", value_name = "DAYS|all", value_parser = days)]
        keep_days: Option<Days>,
    },
    /// Destroy a tenant's data key: every sealed payload becomes unreadable, for good
    Shred {
        /// Short name
        slug: String,
        /// That this is meant
        #[arg(long)]
        yes: bool,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// A number of days, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days(Option<i32>);

fn days(text: &str) -> Result<Days, String> {
    match text {
        "all" => Ok(Days(None)),
        text => {
            text.parse().map(|days| Days(Some(days))).map_err(|_| "give a number of days, or all".to_owned())
        }
    }
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List | Command::Show { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, name } => {
            let now = base.clock.now();
            let name = name.unwrap_or_else(|| slug.to_string());
            let tenant = Tenant { id: TenantId::new(fresh()), slug, name, created_at: now };
            let audit = AuditEntry {
                id: fresh(),
                at: now,
                tenant_id: Some(tenant.id),
                actor: "cli".to_owned(),
                action: "tenant.add".to_owned(),
                target: tenant.slug.to_string(),
                detail: String::new(),
            };
            match base.store.add_tenant(&tenant, &audit).await {
                Err(StoreError::Conflict) => anyhow::bail!("this name is in use already: {}", tenant.slug),
                other => other?,
            }
            out.value(&tenant, &[("added", tenant.slug.to_string())]);
        }
        Command::List => {
            let snapshot = base.live.now();
            let mut tenants: Vec<&Tenant> = snapshot.tenants().collect();
            tenants.sort_by(|a, b| a.slug.cmp(&b.slug));
            out.list(&tenants, &["slug", "name"], |tenant| {
                vec![tenant.slug.to_string(), tenant.name.clone()]
            });
        }
        Command::Show { slug } => show(base, &slug, out)?,
        Command::Set { slug, encrypt_payloads, keep_days } => {
            let who = actor(base, Some(&slug))?;
            let tenant = tenant_of(&who)?;
            if let Some(switch) = encrypt_payloads {
                base.services.set_encryption(&who, tenant, switch == Switch::On).await.map_err(said)?;
            }
            if let Some(Days(days)) = keep_days {
                base.services.set_keep_days(&who, tenant, days).await.map_err(said)?;
            }
            show(base, &slug, out)?;
        }
        Command::Shred { slug, yes } => {
            let who = actor(base, Some(&slug))?;
            let tenant = tenant_of(&who)?;
            if !yes {
                anyhow::bail!(Usage(format!(
                    "this makes every sealed payload of {slug:?} unreadable, for good; say --yes if that is meant"
                )));
            }
            base.services.shred_payloads(&who, tenant).await.map_err(said)?;
            out.done("The data key is destroyed. What was sealed under it cannot be read any more.");
        }
    }
    Ok(())
}

/// The tenant the command line acts in; it always acts in one.
fn tenant_of(who: &Actor) -> anyhow::Result<TenantId> {
    who.tenant.ok_or_else(|| anyhow::anyhow!("no tenant"))
}

fn show(base: &Base, slug: &str, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, Some(slug))?;
    let tenant = tenant_of(&who)?;
    let privacy: TenantPrivacy = base.services.tenant_privacy(&who, tenant).map_err(said)?;
    let word = |on: bool| if on { "on" } else { "off" }.to_owned();
    let keep = privacy.keep_days.map_or_else(|| "all".to_owned(), |days| format!("{days} days"));
    out.value(
        &json!({
            "slug": slug, "encrypt_payloads": privacy.encrypt, "has_data_key": privacy.has_key,
            "keep_days": privacy.keep_days, "shredded_at": privacy.shredded_at,
        }),
        &[
            ("tenant", slug.to_owned()),
            ("encrypt payloads", word(privacy.encrypt)),
            ("data key", if privacy.has_key { "yes" } else { "none" }.to_owned()),
            ("events kept", keep),
            ("shredded", privacy.shredded_at.map(|at| at.long()).unwrap_or_default()),
        ],
    );
    Ok(())
}
