//! `tidegate provider`: AI APIs.

use super::{Usage, actor, input, output::Output, said};
use crate::serve::Base;
use app::{ports::ProvidersPort, view::connections::NewProvider};
use domain::provider::ProviderKind;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a provider
    Add {
        /// Short name
        slug: String,
        /// openai (and every server that speaks the same) or anthropic
        #[arg(long)]
        kind: ProviderKind,
        /// Base URL, such as http://127.0.0.1:8071/v1; the vendor's own when not given
        #[arg(long)]
        base_url: Option<String>,
        /// Model to ask unless a rule names another
        #[arg(long)]
        model: String,
        /// Read the API key from standard input
        #[arg(long)]
        key_stdin: bool,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Let a provider take part again; its held jobs go on
    Enable {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Ask a provider no more; its jobs are held
    Disable {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List providers
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn ProvidersPort = base.services.as_ref();
    match command {
        Command::Add { slug, kind, base_url, model, key_stdin, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let key = key_stdin.then(|| input::secret("API key")).transpose()?;
            services
                .add(&who, NewProvider { slug: slug.clone(), kind, base_url, model, key })
                .await
                .map_err(said)?;
            out.value(&serde_json::json!({"slug": slug}), &[("added", slug.clone())]);
        }
        Command::Enable { slug, tenant } => switch(base, out, &slug, tenant.as_deref(), true).await?,
        Command::Disable { slug, tenant } => switch(base, out, &slug, tenant.as_deref(), false).await?,
        Command::List { tenant } => {
            let page = services.list(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            out.list(&page.rows, &["slug", "kind", "model", "base url", "state"], |row| {
                vec![
                    row.slug.clone(),
                    row.kind.to_string(),
                    row.model.clone(),
                    row.base_url.clone().unwrap_or_default(),
                    if row.enabled { "on" } else { "off" }.to_owned(),
                ]
            });
        }
    }
    Ok(())
}

async fn switch(base: &Base, out: &Output, slug: &str, tenant: Option<&str>, on: bool) -> anyhow::Result<()> {
    let who = actor(base, tenant)?;
    let services: &dyn ProvidersPort = base.services.as_ref();
    let page = services.list(&who).await.map_err(said)?;
    let found = page.rows.iter().find(|row| row.slug == slug);
    let id = found.ok_or_else(|| Usage(format!("there is no provider {slug:?}")))?.id;
    services.switch(&who, id, on).await.map_err(said)?;
    let state = if on { "on" } else { "off" };
    out.value(&serde_json::json!({"slug": slug, "enabled": on}), &[(state, slug.to_owned())]);
    Ok(())
}
