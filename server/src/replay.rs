//! Taking the steps of replays. Any process may: a server's workers do it in the background, the command line while it
//! waits. Steps that two take at once are written once (`store::ReplayStore::step_replay`).

use crate::{
    archive, clock::SharedClock, ingress::pressure::Pressure, live::LiveConfig, payloads, wake::Wake,
};
use domain::{
    replay::{Replay, ReplayState},
    selection::EventCursor,
};
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often a server looks for replays while none is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes the next step of `replay`; the replay as it is afterwards, or `None` when another process took that step.
///
/// # Errors
/// When the database fails; nothing was written then.
pub async fn step(
    store: &dyn Store,
    live: &LiveConfig,
    clock: &SharedClock,
    replay: &Replay,
) -> Result<Option<Replay>, StoreError> {
    let now = clock.now();
    let (limit, pause) = replay.pace();
    let found = store.archived_events(Some(replay.tenant_id), &replay.selection, replay.at, limit).await?;
    let snapshot = live.now();
    let mut after = Replay { next_step_at: now.plus(pause), ..replay.clone() };
    let mut copies = Vec::with_capacity(found.len());
    let last = (found.len() as i64) < limit;
    for origin in found {
        after.at = Some(EventCursor { received_at: origin.event.received_at, id: origin.event.id });
        let vendor = snapshot.vendor(origin.event.vendor_id);
        let payload = origin.payload.clone();
        let payload = payload
            .and_then(|stored| payloads::open(&snapshot, replay.tenant_id, origin.event.id, stored).ok());
        let copied = vendor
            .zip(payload)
            .and_then(|(vendor, payload)| archive::copy(&origin, payload, vendor, replay.id, now).ok());
        match copied {
            Some(copy) => copies.push(copy),
            None => {
                tracing::warn!(event.id = %origin.event.id, replay.id = %replay.id, "an event cannot be run again: its payload cannot be read");
                after.skipped += 1;
            }
        }
    }
    after.done += copies.len() as i64;
    if last || after.done + after.skipped >= replay.total {
        (after.state, after.finished_at) = (ReplayState::Done, Some(now));
    }
    Ok(store.step_replay(replay, &after, &copies).await?.then_some(after))
}

/// Takes the steps of all replays as they fall due, until `stop`. Waits while the queue is full.
pub async fn run(
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    pressure: Arc<Pressure>,
    wake: Arc<Wake>,
    stop: CancellationToken,
) {
    loop {
        let pause = match next(store.as_ref(), &live, &clock, &pressure).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "a step of a replay could not be taken yet");
                LOOK_EVERY
            }
        };
        if pause.is_zero() {
            wake.ring();
        }
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Takes one step if one is due; how long nothing is to be done.
async fn next(
    store: &dyn Store,
    live: &LiveConfig,
    clock: &SharedClock,
    pressure: &Pressure,
) -> Result<Duration, StoreError> {
    let Some(replay) = store.next_replay().await? else { return Ok(LOOK_EVERY) };
    let early = replay.next_step_at.since(clock.now());
    if early > 0 {
        return Ok(Duration::from_micros(early.unsigned_abs()).min(LOOK_EVERY));
    }
    if pressure.is_full() {
        return Ok(LOOK_EVERY);
    }
    step(store, live, clock, &replay).await?;
    Ok(Duration::ZERO)
}
