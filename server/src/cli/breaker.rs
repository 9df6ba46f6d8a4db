//! `tidegate breaker`: how circuit breakers stand, what they counted, when they open, and forcing them.

use super::{Usage, actor, input, named, output::Output, said};
use crate::serve::Base;
use app::{
    ports::{Actor, BreakersPort, FlowPort},
    view::breakers::WatchedRow,
};
use domain::{
    breaker::{BreakerKey, BreakerMode},
    thresholds::{Chosen, Guarded, Threshold, Thresholds},
    time::{MINUTE, SECOND},
};
use std::collections::BTreeMap;

/// Whose breaker.
#[derive(clap::Args, Debug)]
pub(super) struct Target {
    /// Short name of the destination
    #[arg(long, conflicts_with = "provider")]
    destination: Option<String>,
    /// Short name of the provider
    #[arg(long)]
    provider: Option<String>,
    /// Whose it is
    #[arg(long)]
    tenant: Option<String>,
}

/// When it opens. What is not named stays as it is.
#[derive(clap::Args, Debug)]
pub(super) struct Numbers {
    /// Open when so many of a hundred calls fail
    #[arg(long, value_name = "PERCENT")]
    failure_rate: Option<u32>,
    /// Open when so many of a hundred calls are slow
    #[arg(long, value_name = "PERCENT")]
    slow_rate: Option<u32>,
    /// From when on a call is slow, 1s to 1h
    #[arg(long, value_name = "TIME", value_parser = input::duration)]
    slow_after: Option<i64>,
    /// Fewer calls than this in the window are no rate, 2 to 10000
    #[arg(long, value_name = "N")]
    min_calls: Option<u32>,
    /// Open when so many different jobs fail with no good call between, 2 to 10; 0 for never
    #[arg(long, value_name = "N")]
    in_a_row: Option<u32>,
    /// How far back calls are counted, 10s to 1h
    #[arg(long, value_name = "TIME", value_parser = input::duration)]
    window: Option<i64>,
    /// How long it stays open at first, 1s to 10m
    #[arg(long, value_name = "TIME", value_parser = input::duration)]
    wait: Option<i64>,
}

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List all breakers: how they stand and why, what they counted, when they open
    List {
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Force a breaker, or set when it opens; for all breakers where neither destination nor provider is named
    Set {
        /// open or closed to force it; automatic to close it and let it decide by itself from then on
        mode: Option<BreakerMode>,
        #[command(flatten)]
        target: Target,
        /// Only this model of the provider is forced, instead of the provider with all its models
        #[arg(long, requires = "provider", requires = "mode")]
        model: Option<String>,
        #[command(flatten)]
        numbers: Numbers,
    },
    /// Take away what is set, so that the installation's numbers hold again, and let the breaker count anew
    Reset {
        #[command(flatten)]
        target: Target,
    },
}

impl Command {
    /// Whether it changes nothing about the database.
    pub(super) const fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let breakers: &dyn BreakersPort = base.services.as_ref();
    let flow: &dyn FlowPort = base.services.as_ref();
    match command {
        Command::List { tenant } => {
            let rows = breakers.watched(&actor(base, tenant.as_deref())?).await.map_err(said)?;
            let columns = ["target", "state", "counted", "opens at", "why", "by", "tried again"];
            out.list(&rows, &columns, |row: &WatchedRow| {
                let breaker = &row.breaker;
                let again = breaker.open_until.map(|at| at.rfc3339()).unwrap_or_default();
                let ever = breaker.revision > 0;
                vec![
                    row.name.clone(),
                    app::view::flow::standing(breaker).to_owned(),
                    row.counts(),
                    holds(&row.thresholds),
                    breaker.reason.clone(),
                    if ever { breaker.changed_by.clone() } else { String::new() },
                    again,
                ]
            });
        }
        Command::Set { mode, target, model, numbers } => {
            let who = actor(base, target.tenant.as_deref())?;
            let of = guarded(&target, &who, base)?;
            let new = chosen(&numbers)?;
            if mode.is_none() && new.is_empty() {
                return Err(Usage(
                    "say open, closed or automatic, or when it opens, such as --failure-rate 30".to_owned(),
                )
                .into());
            }
            let key = match mode {
                Some(_) => Some(key(of, model)?),
                None => None,
            };
            if !new.is_empty() {
                let mut all = base.live.now().chosen(of).cloned().unwrap_or_default();
                all.extend(new);
                breakers.set_thresholds(&who, of, all).await.map_err(said)?;
            }
            if let (Some(mode), Some(key)) = (mode, key) {
                flow.set_breaker(&who, key, mode).await.map_err(said)?;
            }
            out.done("Set. Running nodes keep to it within a second.");
        }
        Command::Reset { target } => {
            let who = actor(base, target.tenant.as_deref())?;
            let of = guarded(&target, &who, base)?;
            breakers.set_thresholds(&who, of, Chosen::new()).await.map_err(said)?;
            for row in breakers.watched(&who).await.map_err(said)? {
                let did_anything = row.breaker.revision > 0 || row.counted.calls > 0;
                if Guarded::of(&row.breaker.key) == of && did_anything {
                    flow.set_breaker(&who, row.breaker.key, BreakerMode::Automatic).await.map_err(said)?;
                }
            }
            out.done("Reset. Running nodes keep to it within a second.");
        }
    }
    Ok(())
}

/// Whose breaker is meant.
fn guarded(target: &Target, who: &Actor, base: &Base) -> anyhow::Result<Guarded> {
    Ok(match (&target.destination, &target.provider) {
        (Some(name), _) => Guarded::Destination(named::destination(base, who, name)?.destination.id),
        (None, Some(name)) => Guarded::Provider(named::provider(base, who, name)?.provider.id),
        (None, None) => Guarded::Installation,
    })
}

/// The one breaker that is forced.
fn key(of: Guarded, model: Option<String>) -> anyhow::Result<BreakerKey> {
    match (of, model) {
        (Guarded::Destination(id), _) => Ok(BreakerKey::Destination(id)),
        (Guarded::Provider(id), None) => Ok(BreakerKey::Provider(id)),
        (Guarded::Provider(_), Some(model)) if model.is_empty() => {
            Err(Usage("name a model, or leave --model out".to_owned()).into())
        }
        (Guarded::Provider(id), Some(model)) => Ok(BreakerKey::Model(id, model)),
        (Guarded::Installation, _) => Err(Usage("name a destination or a provider".to_owned()).into()),
    }
}

/// The numbers that are named, each within its bounds.
fn chosen(numbers: &Numbers) -> anyhow::Result<Chosen> {
    // Parts of a second are no number of seconds; what is too long for one is out of bounds anyway.
    let seconds =
        |micros: Option<i64>| micros.map(|micros| u32::try_from(micros / SECOND).unwrap_or(u32::MAX));
    let all = [
        (Threshold::FailureRate, numbers.failure_rate),
        (Threshold::SlowRate, numbers.slow_rate),
        (Threshold::SlowAfter, seconds(numbers.slow_after)),
        (Threshold::MinCalls, numbers.min_calls),
        (Threshold::InARow, numbers.in_a_row),
        (Threshold::Window, seconds(numbers.window)),
        (Threshold::Wait, seconds(numbers.wait)),
    ];
    let chosen: Chosen = all.into_iter().filter_map(|(what, number)| Some((what, number?))).collect();
    match chosen.iter().find(|(what, number)| !what.takes(**number)) {
        Some((what, _)) => Err(Usage(what.wanted().to_owned()).into()),
        None => Ok(chosen),
    }
}

/// The numbers that hold, as a sentence.
fn holds(numbers: &BTreeMap<Threshold, u32>) -> String {
    Thresholds::of(false, &[Some(numbers)], MINUTE).said()
}
