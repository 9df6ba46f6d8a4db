//! `tidegate destination`: where results go.

use super::{actor, input, output::Output, said};
use crate::serve::Base;
use app::{ports::DestinationsPort, view::connections::NewDestination};
use domain::destination::{DestinationAuth, DestinationKind};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a destination
    Add {
        /// Short name
        slug: String,
        /// wordpress or http
        #[arg(long)]
        kind: DestinationKind,
        /// The site's or endpoint's URL
        #[arg(long)]
        url: String,
        /// WordPress user whose application password is used
        #[arg(long)]
        user: Option<String>,
        /// How Tidegate proves itself; what the kind usually has when not given
        #[arg(long)]
        auth: Option<DestinationAuth>,
        /// Read the application password, or the signing secret, from standard input
        #[arg(long)]
        password_stdin: bool,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List destinations
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Try whether a destination would take a result; changes nothing there
    Test {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List { .. } | Command::Test { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, kind, url, user, auth, password_stdin, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let password = password_stdin.then(|| input::secret("password")).transpose()?;
            let new = NewDestination { slug: slug.clone(), kind, url, auth, user, password };
            let made = base.services.create_destination(&who, new).await.map_err(said)?;
            let secret = made.and_then(|made| made.secret);
            out.value(
                &serde_json::json!({"slug": slug, "secret": secret}),
                &[("added", slug), ("signing secret", secret.clone().unwrap_or_default())],
            );
        }
        Command::List { tenant } => {
            let services: &dyn DestinationsPort = base.services.as_ref();
            let page = services.list(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            out.list(&page.rows, &["slug", "kind", "url", "user"], |row| {
                vec![
                    row.slug.clone(),
                    row.kind.to_string(),
                    row.url.clone(),
                    row.user.clone().unwrap_or_default(),
                ]
            });
        }
        Command::Test { slug, tenant } => {
            let live =
                base.services.destination_named(&actor(base, tenant.as_deref())?, &slug).map_err(said)?;
            let report = base.services.try_destination(&live).await;
            out.value(
                &report,
                &[("result", report.words.clone()), ("took", domain::time::in_words(report.took))],
            );
            if !report.ok {
                anyhow::bail!("{slug} would not take a result");
            }
        }
    }
    Ok(())
}
