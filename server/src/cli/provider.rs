//! `tidegate provider`: AI APIs.

use super::{
    actor, input,
    named::{self, Whose},
    output::Output,
    said,
};
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
    Enable(Whose),
    /// Ask a provider no more; its jobs are held
    Disable(Whose),
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
        Command::Enable(whose) => switch(&whose, base, out, true).await?,
        Command::Disable(whose) => switch(&whose, base, out, false).await?,
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

async fn switch(whose: &Whose, base: &Base, out: &Output, on: bool) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::provider(base, &who, &whose.slug)?;
    let services: &dyn ProvidersPort = base.services.as_ref();
    services.switch(&who, live.provider.id, on).await.map_err(said)?;
    out.switched(&whose.slug, on);
    Ok(())
}
