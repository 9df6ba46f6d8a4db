//! `tidegate tenant`: customers or sites.

use super::{Usage, output::Output};
use crate::{clock::fresh, serve::Base};
use domain::{id::TenantId, slug::Slug, tenant::Tenant};
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
                Err(StoreError::Conflict) => anyhow::bail!(Usage("This name is in use already.".to_owned())),
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
    }
    Ok(())
}
