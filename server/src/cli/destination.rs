//! `tidegate destination`: where results go.

use super::{
    Usage, actor, input,
    named::{self, Whose},
    output::Output,
    said,
};
use crate::serve::Base;
use app::{
    ports::{DestinationPort, DestinationsPort},
    view::connections::NewDestination,
};
use domain::destination::{DestinationAuth, DestinationKind, DestinationMethod};

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
        /// How an HTTP endpoint is called: post or put
        #[arg(long)]
        method: Option<DestinationMethod>,
        /// File with headers an HTTP endpoint is called with, one `Name: value` a line; they are stored sealed
        #[arg(long, value_name = "FILE")]
        headers_file: Option<std::path::PathBuf>,
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
    /// Replace the signing secret of an HTTP endpoint; the old one signs, too, for a while
    Rotate {
        /// Short name
        slug: String,
        /// How long the old one signs, too: 24h, 7d at most
        #[arg(long, default_value = "24h", value_parser = input::duration)]
        overlap: i64,
        /// Read the new secret from standard input instead of making one
        #[arg(long)]
        secret_stdin: bool,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// End the signing secret that was replaced and still signs, before its time
    Revoke {
        /// Short name
        slug: String,
        /// Why, for the audit log
        #[arg(long, value_name = "WORDS")]
        why: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Let a destination take part again; its held jobs go on
    Enable(Whose),
    /// Call a destination no more; its jobs are held
    Disable(Whose),
    /// Try whether a destination would take a result; changes nothing there
    Test(Whose),
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Command::List { .. } | Command::Test { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, kind, url, user, auth, password_stdin, method, headers_file, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let password = password_stdin.then(|| input::secret("password")).transpose()?;
            let headers = headers_file.map(|file| input::text("headers", Some(&file))).transpose()?;
            let new = NewDestination { slug: slug.clone(), kind, url, auth, user, password, method, headers };
            let made = base.services.create_destination(&who, new).await.map_err(said)?;
            let secret = made.and_then(|made| made.secret);
            let tokens = base.delivery.tokens();
            let keys = (auth == Some(DestinationAuth::Jwt)).then(|| tokens.issuer().to_owned());
            let mut told =
                vec![("added", slug.clone()), ("signing secret", secret.clone().unwrap_or_default())];
            if let Some(issuer) = &keys {
                told.push((
                    "connect",
                    format!("in WordPress, Settings → Writing, Address of Tidegate: {issuer}"),
                ));
            }
            out.value(&serde_json::json!({"slug": slug, "secret": secret, "issuer": keys}), &told);
        }
        Command::List { tenant } => {
            let services: &dyn DestinationsPort = base.services.as_ref();
            let page = services.list(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            out.list(&page.rows, &["slug", "kind", "url", "user", "state"], |row| {
                vec![
                    row.slug.clone(),
                    row.kind.to_string(),
                    row.url.clone(),
                    row.user.clone().unwrap_or_default(),
                    match (row.enabled, &row.off_reason) {
                        (true, _) => "on".to_owned(),
                        (false, None) => "off".to_owned(),
                        (false, Some(reason)) => format!("off: {reason}"),
                    },
                ]
            });
        }
        Command::Rotate { slug, overlap, secret_stdin, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::destination(base, &who, &slug)?;
            let given = secret_stdin.then(|| input::secret("signing secret")).transpose()?;
            let rotated =
                base.services.rotate_destination(&who, &live, given, overlap).await.map_err(said)?;
            let mut lines = vec![
                ("replaced", slug.clone()),
                (
                    "old secret",
                    match overlap {
                        0 => "ended".to_owned(),
                        _ => format!("signs, too, for {}", domain::time::in_words(overlap)),
                    },
                ),
            ];
            lines.extend(rotated.secret.clone().map(|secret| ("new signing secret", secret)));
            out.value(
                &serde_json::json!({"slug": slug, "secret": rotated.secret, "overlap_seconds": overlap / domain::time::SECOND}),
                &lines,
            );
        }
        Command::Revoke { slug, why, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::destination(base, &who, &slug)?;
            if why.trim().is_empty() {
                return Err(Usage("give a reason with --why".to_owned()).into());
            }
            let services: &dyn DestinationPort = base.services.as_ref();
            services.end_old_secret(&who, live.destination.id, why.trim().to_owned()).await.map_err(said)?;
            out.value(
                &serde_json::json!({"slug": slug, "old_secret": "ended"}),
                &[("ended", format!("the old signing secret of {slug}"))],
            );
        }
        Command::Enable(whose) => switch(&whose, base, out, true).await?,
        Command::Disable(whose) => switch(&whose, base, out, false).await?,
        Command::Test(whose) => {
            let live = named::destination(base, &actor(base, whose.tenant.as_deref())?, &whose.slug)?;
            let report = base.services.try_destination(&live).await;
            out.value(
                &report,
                &[("result", report.words.clone()), ("took", domain::time::in_words(report.took))],
            );
            if !report.ok {
                anyhow::bail!("{} would not take a result", whose.slug);
            }
        }
    }
    Ok(())
}

async fn switch(whose: &Whose, base: &Base, out: &Output, on: bool) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::destination(base, &who, &whose.slug)?;
    let services: &dyn DestinationsPort = base.services.as_ref();
    services.switch(&who, live.destination.id, on).await.map_err(said)?;
    out.switched(&whose.slug, on);
    Ok(())
}
