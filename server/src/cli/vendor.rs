//! `tidegate vendor`: senders of webhooks and their secrets.

mod set;

use super::{
    Usage, actor, input, look,
    named::{self, Whose},
    offer, open,
    output::Output,
    said,
};
use crate::{config::Settings, serve::Base, services::Rotated};
use anyhow::Context;
use app::{
    ports::{RotationPort, VendorsPort},
    view::connections::NewVendor,
};
use domain::news;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Add a vendor; prints its URL and, when it is made here, its secret – once
    Add {
        /// Short name in the URL
        slug: String,
        /// How it signs; see `vendor presets`
        #[arg(long, required_unless_present = "scheme_file")]
        preset: Option<String>,
        /// File that describes how it signs, in TOML or JSON with the fields of a preset
        #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "options"])]
        scheme_file: Option<PathBuf>,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// Read the secret the vendor gave from standard input instead of making one
        #[arg(long)]
        secret_stdin: bool,
        /// The vendor gives its secret later (with `vendor rotate`); until then only its greetings are answered
        #[arg(long, conflicts_with = "secret_stdin")]
        secret_later: bool,
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
    /// Set from where, how much and how large a vendor may send; what is not named stays as it is
    Set(set::Set),
    /// List presets
    Presets,
    /// List secrets a vendor handed over that wait to be accepted
    Offers(Whose),
    /// Take a secret that a vendor handed over as its own; prints it once, since some vendors ask to repeat it
    Accept {
        #[command(flatten)]
        whose: Whose,
        /// Which; see `vendor offers`
        #[arg(long)]
        offer: String,
    },
    /// Forget all secrets a vendor handed over
    Dismiss(Whose),
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
        /// End the old secret within the hour although requests still match it
        #[arg(long)]
        force: bool,
    },
    /// List the versions of a secret: state, end, last match, matches of the last hour
    Secrets(Whose),
    /// Accept a replaced version for longer or shorter, counted from now
    Overlap {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// Which version
        #[arg(long)]
        version: i32,
        /// How long it is accepted from now, up to 7d
        #[arg(long, value_parser = overlap)]
        overlap: i64,
        /// End it within the hour although requests still match it
        #[arg(long)]
        force: bool,
    },
    /// End replaced versions before their time when no request matched them for some hours
    Quiet {
        /// Short name
        slug: String,
        /// Whose it is
        #[arg(long)]
        tenant: Option<String>,
        /// After how many hours, 1 to 720; never when not given
        #[arg(long)]
        hours: Option<i32>,
    },
    /// Let a vendor's URL answer again
    On(Whose),
    /// Let a vendor's URL answer 404
    Off(Whose),
    /// Name values that are never stored: by JSON pointer, header or form field; without any, show the rules
    Redact(super::redact::Redact),
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
        /// Do so although requests still match it, or although it is the only one
        #[arg(long)]
        force: bool,
    },
}

fn option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn overlap(text: &str) -> Result<i64, String> {
    let micros = input::duration(text)?;
    if domain::overlap::fits(micros) { Ok(micros) } else { Err("at most 7d".to_owned()) }
}

/// A scheme of one's own from its file; what is wrong with it is said with its place.
fn scheme(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    signature::Preset::custom(&text).map_err(|words| Usage(format!("{}: {words}", file.display())))?;
    Ok(text)
}

fn given(stdin: bool) -> anyhow::Result<Option<String>> {
    stdin.then(|| input::secret("secret")).transpose()
}

pub(super) async fn run(command: Command, settings: &Settings, out: &Output) -> anyhow::Result<()> {
    match command {
        // Needs no database.
        Command::Presets => presets(out),
        command @ (Command::List { .. } | Command::Secrets { .. } | Command::Offers(_)) => {
            with_database(command, &look(settings).await?, out).await?
        }
        command => with_database(command, &open(settings).await?, out).await?,
    }
    Ok(())
}

/// About the preset that signs nothing.
const ITSELF: &str =
    "Events are made here, of what Tidegate does by itself. It has no URL and no secret; see `rule add`.";

fn presets(out: &Output) {
    let itself = json!({"id": news::PRESET, "name": news::PRESET_NAME, "notes": ITSELF});
    let rows: Vec<_> = signature::presets()
        .iter()
        .map(|preset| {
            let tolerance = preset.tolerance_secs();
            json!({
                "id": preset.id,
                "name": preset.name,
                "doc_url": preset.doc_url,
                "notes": preset.notes,
                "greeting": preset.greeting(),
                "deadline_seconds": preset.deadline_secs,
                "retries": preset.retries,
                "max_body": preset.default_max_body,
                "tolerance_seconds": tolerance.map(|(past, future)| json!({"past": past, "future": future})),
                "success_status": preset.success_status,
                "options": preset.options.iter().map(|option| option.as_str()).collect::<Vec<_>>(),
            })
        })
        .chain([itself])
        .collect();
    out.list(&rows, &["id", "name", "described at"], |row| {
        ["id", "name", "doc_url"].map(|key| row[key].as_str().unwrap_or_default().to_owned()).to_vec()
    });
}

async fn with_database(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { slug, preset, scheme_file, tenant, secret_stdin, secret_later, options } => {
            let who = actor(base, tenant.as_deref())?;
            let options: BTreeMap<String, String> = options.into_iter().collect();
            let scheme = scheme_file.as_deref().map(scheme).transpose()?;
            let preset = preset.unwrap_or_default();
            if scheme.is_none() && preset != news::PRESET {
                let known = signature::preset(&preset).ok_or_else(|| {
                    Usage(format!("there is no preset {preset:?}; see `tidegate vendor presets`"))
                })?;
                known.with_options(&options).map_err(Usage)?;
            }
            let new = NewVendor { slug, preset, secret: given(secret_stdin)?, secret_later, scheme };
            let added = base.services.create_vendor(&who, new, options).await.map_err(said)?;
            let secret = added.secret.clone().unwrap_or_default();
            let url = added.url.clone().unwrap_or_default();
            out.value(
                &json!({"slug": added.slug, "url": added.url, "secret": added.secret}),
                &[("slug", added.slug), ("url", url), ("secret", secret)],
            );
        }
        Command::Redact(redact) => super::redact::run(redact, base, out).await?,
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
                let url = row.url.clone().unwrap_or_default();
                vec![row.address.slug.clone(), row.preset.clone(), url, secrets.join(", ")]
            });
        }
        Command::Rotate { slug, tenant, overlap, secret_stdin, force } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::vendor(base, &who, &slug)?;
            let given = given(secret_stdin)?;
            let rotated = base.services.rotate_secret(&who, &live, given, overlap, force).await;
            let Rotated { version, secret } = rotated.map_err(said)?;
            out.value(
                &json!({"slug": slug, "version": version, "secret": secret}),
                &[
                    ("slug", slug),
                    ("version", version.to_string()),
                    ("secret", secret.clone().unwrap_or_default()),
                ],
            );
        }
        Command::Revoke { slug, tenant, version, force } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::vendor(base, &who, &slug)?;
            base.services.revoke_secret(&who, &live, version, force).await.map_err(said)?;
            out.done(&format!("Version {version} of {slug}'s secret is accepted no more."));
        }
        Command::Offers(whose) => offer::list(&whose, base, out).await?,
        Command::Accept { whose, offer } => offer::accept(whose, &offer, base, out).await?,
        Command::Dismiss(whose) => offer::dismiss(whose, base, out).await?,
        Command::Secrets(whose) => {
            let live = named::vendor(base, &actor(base, whose.tenant.as_deref())?, &whose.slug)?;
            let versions = base.services.secret_versions(&live).await.map_err(said)?;
            let now = base.clock.now();
            out.list(
                &versions,
                &["version", "state", "until", "last matched", "last hour", "kept in"],
                |version| {
                    vec![
                        version.version.to_string(),
                        version.state.to_string(),
                        version.until.map(|end| end.long()).unwrap_or_default(),
                        version.last_match_at.map_or_else(|| "never".to_owned(), |at| at.ago(now)),
                        version.last_hour.to_string(),
                        version
                            .place
                            .as_ref()
                            .map_or_else(|| "database".to_owned(), |place| place.reference.clone()),
                    ]
                },
            );
        }
        Command::Overlap { slug, tenant, version, overlap, force } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::vendor(base, &who, &slug)?;
            let done = base.services.set_secret_overlap(&who, &live, version, overlap, force).await;
            done.map_err(said)?;
            let words = domain::time::in_words(overlap);
            out.done(&format!("Version {version} of {slug}'s secret is accepted for {words} from now."));
        }
        Command::Quiet { slug, tenant, hours } => {
            let who = actor(base, tenant.as_deref())?;
            let live = named::vendor(base, &who, &slug)?;
            base.services.set_quiet_hours(&who, live.vendor.id, hours).await.map_err(said)?;
            out.done(&match hours {
                Some(hours) => {
                    format!("Old versions of {slug}'s secret end after {hours} hours without a match.")
                }
                None => format!("Old versions of {slug}'s secret end when their time is over."),
            });
        }
        Command::On(whose) => switch(&whose, base, out, true).await?,
        Command::Off(whose) => switch(&whose, base, out, false).await?,
        Command::Set(set) => set::run(set, base, out).await?,
        Command::Presets => {}
    }
    Ok(())
}

async fn switch(whose: &Whose, base: &Base, out: &Output, enabled: bool) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::vendor(base, &who, &whose.slug)?;
    base.services.switch_vendor(&who, &live, enabled).await.map_err(said)?;
    out.done(&format!("{} is switched {}.", whose.slug, if enabled { "on" } else { "off" }));
    Ok(())
}
