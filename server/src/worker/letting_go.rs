//! Lets go what pauses and breakers held: all of it, spread out, once the pause ended; a trickle first once the breaker
//! closed; one job to try with while it is half-open. One node at a time does it.

use super::{
    breaker::{Passage, passage, trickle},
    gate::{breaker_name, target_name},
};
use crate::{
    clock::SharedClock,
    live::{LiveConfig, Snapshot},
    wake::Wake,
};
use domain::{
    breaker::BreakerState,
    holder::Holder,
    id::NodeId,
    pause::PauseTarget,
    time::{SECOND, Timestamp},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// How long a node's turn lasts: another takes over when it missed a few.
const TURN: i64 = 3 * SECOND;
/// Jobs let go at once when a pause ends.
const BATCH: i64 = 500;
/// Over how long a batch is spread, in microseconds.
const SPREAD: i64 = SECOND;

/// Looks for jobs to let go until `stop`.
pub async fn keep(
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    node: NodeId,
    wake: Arc<Wake>,
    stop: CancellationToken,
) {
    loop {
        show(&live.now());
        match let_go(store.as_ref(), &live, node, clock.now()).await {
            Ok(0) => {}
            Ok(_) => wake.ring(),
            Err(error) => tracing::warn!(%error, "held jobs could not be let go"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Lets go what is to be let go at `now`; returns how many jobs that were.
///
/// # Errors
/// When the database does not answer.
pub async fn let_go(
    store: &dyn Store,
    live: &LiveConfig,
    node: NodeId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let snapshot = live.now();
    let holders = store.holders().await?;
    let in_line = holders.contains(&Holder::Line);
    let ready: Vec<(Holder, i64)> = holders
        .into_iter()
        .filter_map(|holder| {
            let many = how_many(&holder, &snapshot, now);
            (many > 0).then_some((holder, many))
        })
        .collect();
    // Whoever holds nothing costs no turn.
    if (ready.is_empty() && !in_line) || !store.take_turn("let-go", node, now, now.plus(TURN)).await? {
        return Ok(0);
    }
    let mut gone = if in_line { store.move_lines_up(now, BATCH).await? } else { 0 };
    for (holder, many) in ready {
        gone += store.let_go(&holder, many, now, SPREAD / many).await?;
    }
    Ok(gone)
}

/// How many of a holder's jobs may go now.
fn how_many(holder: &Holder, snapshot: &Snapshot, now: Timestamp) -> i64 {
    match holder {
        Holder::Person | Holder::Poison | Holder::Line | Holder::Off(_) => 0,
        Holder::Pause(target) if snapshot.pause_of(*target).is_some() => 0,
        Holder::Pause(_) => BATCH,
        Holder::Breaker(key) => {
            let breaker = snapshot.breaker(key);
            match passage(breaker, now) {
                Passage::Shut => 0,
                Passage::Probe => 1,
                Passage::Free => breaker.map_or(BATCH, |breaker| trickle(now.since(breaker.changed_at))),
            }
        }
    }
}

/// Tells metrics how breakers stand (0 closed, 1 half-open, 2 open), and which destinations switched themselves off.
fn show(snapshot: &Snapshot) {
    // Two tenants may call theirs the same.
    let mut gone: HashMap<String, u8> = HashMap::new();
    for destination in snapshot.destinations().map(|live| &live.destination) {
        let target = target_name(PauseTarget::Destination(destination.id), snapshot);
        *gone.entry(target).or_default() |=
            u8::from(!destination.enabled && destination.off_reason.is_some());
    }
    for (target, gone) in gone {
        metrics::gauge!("tidegate_destination_gone", "target" => target).set(f64::from(gone));
    }
    for breaker in snapshot.breakers() {
        let value = match breaker.state {
            BreakerState::Closed => 0.0,
            BreakerState::HalfOpen => 1.0,
            BreakerState::Open => 2.0,
        };
        metrics::gauge!("tidegate_breaker_state", "target" => breaker_name(&breaker.key, snapshot))
            .set(value);
    }
}
