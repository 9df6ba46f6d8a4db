//! Making events as they fall due. Every worker node looks; what two would make at once is made once
//! (`store::ScheduleStore::run_schedule`).

use super::{make, pace};
use crate::{
    clock::SharedClock, ingress::pressure::Pressure, live::LiveConfig, payloads::CannotSeal, wake::Wake,
};
use domain::{
    schedule::Schedule,
    time::{DAY, Timestamp},
};
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it is looked while nothing is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Schedules of one look.
const LOOKED_AT: i64 = 200;
/// When a schedule is looked at again whose times ended, which none that was added in good order does.
const MUCH_LATER: i64 = 366 * DAY;

/// Why a due event was not made. It is still due.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Its payload must be sealed and cannot be, here and now.
    #[error("{0}")]
    CannotSeal(#[from] CannotSeal),
}

/// Makes events as they fall due, until `stop`. Waits while the queue is full.
pub async fn run(
    store: Arc<dyn Store>,
    live: Arc<LiveConfig>,
    clock: SharedClock,
    pressure: Arc<Pressure>,
    wake: Arc<Wake>,
    stop: CancellationToken,
) {
    loop {
        let pause = match pressure.is_full() {
            true => LOOK_EVERY,
            false => look(store.as_ref(), &live, &clock, &wake).await,
        };
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Makes what is due; how long nothing is to be done.
async fn look(store: &dyn Store, live: &LiveConfig, clock: &SharedClock, wake: &Wake) -> Duration {
    let schedules = match store.schedules_by_due(LOOKED_AT).await {
        Ok(schedules) => schedules,
        Err(error) => {
            tracing::warn!(%error, "what is due could not be looked up");
            return LOOK_EVERY;
        }
    };
    let mut made = false;
    for schedule in &schedules {
        let early = schedule.next_at.since(clock.now());
        if early > 0 {
            return Duration::from_micros(early.unsigned_abs()).min(LOOK_EVERY);
        }
        // One that cannot be run must not stand in the way of the others.
        match step(store, live, schedule, clock.now()).await {
            Ok(true) => {
                if !std::mem::replace(&mut made, true) {
                    wake.ring();
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(schedule = %schedule.slug, %error, "an event that is due could not be made yet");
            }
        }
    }
    LOOK_EVERY
}

/// Makes the event of a schedule that is due at `now`, one for all the times that were missed; whether it was made here.
/// While its vendor is switched off, its times pass.
///
/// # Errors
/// [`NotMade`].
pub async fn step(
    store: &dyn Store,
    live: &LiveConfig,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<bool, NotMade> {
    let next_at = pace::next(&schedule.pace, schedule.next_at, now).unwrap_or_else(|error| {
        tracing::warn!(schedule = %schedule.slug, %error, "a schedule means no further times");
        now.plus(MUCH_LATER)
    });
    let snapshot = live.now();
    let vendor = snapshot.vendor(schedule.vendor_id).filter(|live| live.vendor.enabled);
    let Some(vendor) = vendor else {
        tracing::warn!(schedule = %schedule.slug, "a due time passes: its vendor is switched off");
        store.run_schedule(schedule, next_at, None).await?;
        return Ok(false);
    };
    let (new, made) = make::event(schedule, vendor, schedule.next_at, None, now)?;
    let stored = store.run_schedule(schedule, next_at, Some((&new, &made))).await?;
    if stored {
        tracing::info!(schedule = %schedule.slug, event.id = %new.event.id, "a schedule made an event");
    }
    Ok(stored)
}
