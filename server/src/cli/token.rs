//! `tidegate token`: the keys that sign tokens for sites.

use super::{actor, input, output::Output, said};
use crate::serve::Base;
use app::{
    ports::TokenKeysPort,
    view::token_keys::{KeyTurn, TokenKeys},
};
use domain::time::{Timestamp, in_words};
use serde_json::json;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List the published keys: which one signs, and what becomes of the others
    List,
    /// Publish a new key, which signs when sites know it; the old one stays until its tokens have ended
    Rotate {
        /// How long the new one is published before it signs: 10m to 30d. Sites fetch keys twice a day
        #[arg(long, default_value = "24h", value_parser = input::duration)]
        lead: i64,
        /// Sign with the new one from now on and withdraw all others, because one leaked
        #[arg(long, conflicts_with = "lead")]
        at_once: bool,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List)
    }
}

/// State and moment, for programs and people alike.
fn state(turn: KeyTurn, now: Timestamp) -> (&'static str, Option<Timestamp>, String) {
    match turn {
        KeyTurn::Signs => ("signs", None, "signs".to_owned()),
        KeyTurn::Next(from) => {
            ("next", Some(from), format!("published, signs in {}", in_words(from.since(now))))
        }
        KeyTurn::Last(until) => {
            ("last", Some(until), format!("published for {} more", in_words(until.since(now))))
        }
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, None)?;
    let services: &dyn TokenKeysPort = base.services.as_ref();
    match command {
        Command::List => {
            let TokenKeys { now, keys } = services.token_keys(&who).await.map_err(said)?;
            let rows: Vec<_> = keys
                .into_iter()
                .map(|key| {
                    let (word, at, words) = state(key.turn, now);
                    json!({"key": key.id, "state": word, "at": at.map(Timestamp::rfc3339), "words": words})
                })
                .collect();
            out.list(&rows, &["key", "state"], |row| {
                ["key", "words"].map(|key| row[key].as_str().unwrap_or_default().to_owned()).to_vec()
            });
        }
        Command::Rotate { lead, at_once } => {
            let lead = (!at_once).then_some(lead);
            let key = services.replace_token_key(&who, lead).await.map_err(said)?;
            let signs = lead.map_or_else(
                || "now; all others were withdrawn".to_owned(),
                |lead| format!("in {}; until then the one before does", in_words(lead)),
            );
            out.value(
                &json!({"key": key, "lead_seconds": lead.unwrap_or(0) / domain::time::SECOND, "at_once": at_once}),
                &[("new key", key.clone()), ("signs", signs)],
            );
        }
    }
    Ok(())
}
