//! `tidegate key`: the master key, which seals everything secret.

use super::{Usage, input, open, output::Output};
use crate::{
    config::Settings,
    serve::{Base, host_name},
    vault::{
        master::{self, Key, Master, Source},
        rotate::{self, Parts, Resealed},
    },
};
use anyhow::Context;
use domain::time::SECOND;
use serde_json::json;
use std::time::Duration;

/// How long ago a node must have said that it lives to count as running, in microseconds.
const LIVES: i64 = 30 * SECOND;
/// How long a running node may take to notice a new data key: it looks twice a second.
const NOTICED: Duration = Duration::from_secs(3);

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// Replace the master key and seal everything anew; goes on where it was when it was killed
    Rotate {
        /// Read the new key from standard input: 32 bytes in hex or base64. Needed where the key is given by settings
        #[arg(long)]
        new_key_stdin: bool,
        /// Values sealed anew in one transaction
        #[arg(long, default_value_t = rotate::BATCH, hide = true)]
        batch: usize,
    },
    /// Say which master key is in use and how far a replacement is
    Status,
}

pub(super) async fn run(command: Command, settings: &Settings, out: &Output) -> anyhow::Result<()> {
    let base = open(settings).await?;
    match command {
        Command::Rotate { new_key_stdin, batch } => {
            let given = if new_key_stdin {
                let text = zeroize::Zeroizing::new(input::secret("new master key")?);
                Some(master::parse(&text).map_err(|error| Usage(format!("the new master key {error}")))?)
            } else {
                None
            };
            rotate(&base, settings, given, batch, out).await
        }
        Command::Status => status(&base, out).await,
    }
}

async fn rotate(
    base: &Base,
    settings: &Settings,
    given: Option<Key>,
    batch: usize,
    out: &Output,
) -> anyhow::Result<()> {
    let parts = Parts { store: base.store.as_ref(), vault: &base.vault, clock: &base.clock, actor: "cli" };
    let source = Source::of(settings);
    let in_use = base.vault.master_id();
    let rotation = rotate::under_way(&parts).await?;
    // The new key is in use already: what is left is to forget the old one.
    let comes = rotation.as_ref().is_some_and(|rotation| rotation.to_master == in_use);
    if !comes {
        let next = match (&source, given) {
            (_, Some(key)) => Some(key),
            (Source::Folder(folder), None) if rotation.is_none() => Some(master::next_file(folder)?),
            (Source::Folder(folder), None) => master::unfinished_file(folder)?,
            (Source::Settings(_), None) if rotation.is_none() => anyhow::bail!(Usage(
                "the master key is given by the settings: give the new one with --new-key-stdin, for example \
                 `openssl rand -hex 32 | tee new.key | tidegate key rotate --new-key-stdin`"
                    .to_owned()
            )),
            (Source::Settings(_), None) => None,
        };
        if let Some(next) = next {
            rotate::begin(&parts, &next).await?;
        }
    }
    let mut resealed = rotate::reseal(&parts, batch).await?;
    let mut late = 0;
    if !base.store.nodes(base.clock.now().plus(-LIVES)).await?.is_empty() {
        // Running nodes keep refused requests all the time, and seal as before until they notice the new data key.
        tokio::time::sleep(NOTICED).await;
        let later = rotate::reseal(&parts, batch).await?;
        late = later.done;
        resealed = Resealed { done: resealed.done + late, ..later };
    }
    if resealed.unreadable > 0 {
        eprintln!(
            "warning: {} stored values can be opened with no known key; they stay unreadable as they were",
            resealed.unreadable
        );
    }
    if !comes {
        let next = match &source {
            Source::Folder(folder) if master::unfinished_file(folder)?.is_some() => {
                let key = master::unfinished_file(folder)?.context("the new key went away")?;
                let kept = master::switch_files(folder, in_use)?;
                out.done(&format!(
                    "The old key is kept as {} for old backups; delete it with the last of them.",
                    kept.display()
                ));
                Some(Master::new(&key).id())
            }
            _ => None,
        };
        let elsewhere = other_hosts(base).await?;
        if next.is_none() || !elsewhere.is_empty() {
            let words = match next {
                None => "Both keys open everything now. Give every node the new key in its settings, restart it, and run \
                         `tidegate key rotate` once more with the new key: then the old one opens nothing any more."
                    .to_owned(),
                Some(_) => format!(
                    "Both keys open everything now. Copy master.key to the nodes on {}, restart them, and run \
                     `tidegate key rotate` once more: then the old one opens nothing any more.",
                    elsewhere.join(", ")
                ),
            };
            out.done(&words);
            out.program(&json!({"resealed": resealed.done, "late": late, "finished": false}));
            return Ok(());
        }
    }
    rotate::finish(&parts).await?;
    out.done(&format!(
        "The master key is replaced; {} values were sealed anew. Back up the new key now.",
        resealed.done
    ));
    out.program(&json!({"resealed": resealed.done, "late": late, "finished": true}));
    Ok(())
}

/// Hosts other than this one that run nodes.
async fn other_hosts(base: &Base) -> anyhow::Result<Vec<String>> {
    let here = host_name();
    let nodes = base.store.nodes(base.clock.now().plus(-LIVES)).await?;
    let mut hosts: Vec<String> =
        nodes.into_iter().map(|node| node.host).filter(|host| *host != here).collect();
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

async fn status(base: &Base, out: &Output) -> anyhow::Result<()> {
    let keys = base.store.data_keys().await?;
    let rotation = base.store.key_rotation().await?;
    let newest = base.vault.newest_head().unwrap_or_default();
    let left = base.store.count_sealed_otherwise(&newest).await?;
    let in_use = hex::encode(base.vault.master_id());
    let state = match &rotation {
        None => "never replaced".to_owned(),
        Some(rotation) => match rotation.finished_at {
            Some(at) => format!("replaced {}", at.long()),
            None => format!(
                "being replaced by {} since {}, {} values sealed anew",
                hex::encode(&rotation.to_master),
                rotation.started_at.long(),
                rotation.resealed
            ),
        },
    };
    out.value(
        &json!({
            "master_key": in_use,
            "data_keys": keys.len(),
            "sealed_with_older_keys": left,
            "replacement_under_way": rotation.as_ref().is_some_and(|rotation| rotation.finished_at.is_none()),
        }),
        &[
            ("master key", in_use.clone()),
            ("state", state),
            ("data keys", keys.len().to_string()),
            ("sealed with older ones", left.to_string()),
        ],
    );
    Ok(())
}
