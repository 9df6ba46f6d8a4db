//! `tidegate vendor`: senders of webhooks and their secrets.

use super::{Usage, actor, input, open, output::Output, said};
use crate::{config::Settings, serve::Base};
use app::{ports::VendorsPort, view::connections::NewVendor};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a vendor; prints its URL and, when it is made here, its secret – once
    Add {
        /// Short name in the URL
        slug: String,
        /// How it signs; see `vendor presets`
        #[arg(long)]
        preset: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// Read the secret the vendor gave from standard input instead of making one
        #[arg(long)]
        secret_stdin: bool,
        /// What the preset lets one choose, such as signature_header=X-Sign; can be repeated
        #[arg(long = "option", value_name = "NAME=VALUE", value_parser = option)]
        options: Vec<(String, String)>,
    },
    /// List vendors
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// List presets
    Presets,
    /// Replace a secret; the old one is still accepted for a while
    Rotate {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// How long the old secret is accepted, up to 7d
        #[arg(long, default_value = "24h", value_parser = overlap)]
        overlap: i64,
        /// Read the new secret from standard input instead of making one
        #[arg(long)]
        secret_stdin: bool,
    },
    /// End one version of a secret at once
    Revoke {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// Which version
        #[arg(long)]
        version: i32,
    },
}

fn option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn overlap(text: &str) -> Result<i64, String> {
    let micros = input::duration(text)?;
    if micros <= 7 * domain::time::DAY { Ok(micros) } else { Err("at most 7d".to_owned()) }
}

fn given(stdin: bool) -> anyhow::Result<Option<String>> {
    stdin.then(|| input::secret("secret")).transpose()
}

pub(super) async fn run(command: Command, settings: &Settings, out: &Output) -> anyhow::Result<()> {
    match command {
        // Needs no database.
        Command::Presets => presets(out),
        command => with_database(command, &open(settings).await?, out).await?,
    }
    Ok(())
}

fn presets(out: &Output) {
    let rows: Vec<_> = signature::presets()
        .iter()
        .filter(|preset| crate::services::is_supported(preset))
        .map(|preset| json!({"id": preset.id, "name": preset.name, "doc_url": preset.doc_url}))
        .collect();
    out.list(&rows, &["id", "name", "described at"], |row| {
        ["id", "name", "doc_url"].map(|key| row[key].as_str().unwrap_or_default().to_owned()).to_vec()
    });
}

async fn with_database(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, preset, tenant, secret_stdin, options } => {
            let who = actor(base, tenant.as_deref())?;
            if signature::preset(&preset).is_none() {
                anyhow::bail!(Usage(format!("there is no preset {preset:?}; see `tidegate vendor presets`")));
            }
            let new = NewVendor { slug, preset, secret: given(secret_stdin)? };
            let options: BTreeMap<String, String> = options.into_iter().collect();
            let added = base.services.create_vendor(&who, new, options).await.map_err(said)?;
            let secret = added.secret.clone().unwrap_or_default();
            out.value(
                &json!({"slug": added.slug, "url": added.url, "secret": added.secret}),
                &[("slug", added.slug), ("url", added.url), ("secret", secret)],
            );
        }
        Command::List { tenant } => {
            let page = VendorsPort::list(base.services.as_ref(), &actor(base, tenant.as_deref())?)
                .await
                .map_err(said)?;
            out.list(&page.rows, &["slug", "preset", "url", "secrets"], |row| {
                let secrets: Vec<String> = row
                    .secrets
                    .iter()
                    .map(|secret| format!("v{} {}", secret.version, secret.state))
                    .collect();
                vec![row.slug.clone(), row.preset.clone(), row.url.clone(), secrets.join(", ")]
            });
        }
        Command::Rotate { slug, tenant, overlap, secret_stdin } => {
            let who = actor(base, tenant.as_deref())?;
            let live = base.services.vendor_named(&who, &slug).map_err(said)?;
            let (version, secret) = base
                .services
                .rotate_secret(&who, &live, given(secret_stdin)?, overlap)
                .await
                .map_err(said)?;
            out.value(
                &json!({"slug": slug, "version": version, "secret": secret}),
                &[
                    ("slug", slug),
                    ("version", version.to_string()),
                    ("secret", secret.clone().unwrap_or_default()),
                ],
            );
        }
        Command::Revoke { slug, tenant, version } => {
            let who = actor(base, tenant.as_deref())?;
            let live = base.services.vendor_named(&who, &slug).map_err(said)?;
            base.services.revoke_secret(&who, &live, version).await.map_err(said)?;
            out.done(&format!("Version {version} of {slug}'s secret is accepted no more."));
        }
        Command::Presets => {}
    }
    Ok(())
}
