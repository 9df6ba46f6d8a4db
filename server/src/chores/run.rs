//! Doing chores as they fall due. A chore is held by a lease that is extended while it is done: a node that goes away
//! keeps it from the others no longer than that, and one that merely seemed to writes nothing of it any more
//! (`store::ChoreStore`).

use super::work::work;
use crate::{
    clock::{SharedClock, random},
    live::LiveConfig,
    schedules::pace,
    worker::retry::backoff,
};
use domain::{
    chore::{Chore, ChoreName},
    id::NodeId,
    time::{DAY, SECOND, Timestamp},
};
use std::{sync::Arc, time::Duration};
use store::{ChoreEnd, ChoreHold, ChoreTaker, Store, StoreError};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked while nothing is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a chore is held without a word from whoever does it.
const LEASE: Duration = Duration::from_secs(30);
/// Chores a node does at once: a long one must not stand in the way of the short ones.
const AT_ONCE: usize = 2;
/// The longest possible pause after the first failure; it doubles with each further one.
const RETRY_BASE: Duration = Duration::from_secs(10);

/// Whoever does chores: a node.
pub struct Chores {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Vendors' secrets, and how long tenants keep their events.
    pub live: Arc<LiveConfig>,
    /// By which chores fall due.
    pub clock: SharedClock,
    /// Who they are.
    pub node: NodeId,
    /// What their machine calls itself.
    pub host: String,
}

impl Chores {
    /// Does what falls due, until `stop`; what is not done by then is left to others.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        // A process that starts has something better to do.
        let _ = stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await;
        loop {
            while under_way.len() < AT_ONCE && !stop.is_cancelled() {
                match self.take(None).await {
                    Ok(Some(chore)) => {
                        let (chores, stop) = (self.clone(), stop.clone());
                        under_way.spawn(async move { chores.see_through(chore, &stop).await });
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, "chores that are due could not be looked up");
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                // Room for the next one. A chore that panicked is taken over when its lease ends.
                Some(ended) = under_way.join_next(), if !under_way.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a chore ended in an unforeseen way");
                    }
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Takes a chore that is due or was asked for, or `only` this one; `None` when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&self, only: Option<ChoreName>) -> Result<Option<Chore>, StoreError> {
        let lease_from = self.store.time().await?;
        let taker = ChoreTaker {
            node: self.node,
            host: &self.host,
            lease_from,
            lease_until: lease_from.plus(micros(LEASE)),
        };
        self.store.take_chore(taker, self.clock.now(), only).await
    }

    /// Does a chore that was taken and notes how it ended. Gives it back when `stop` comes first, and leaves it alone when
    /// somebody else took it.
    pub async fn see_through(&self, chore: Chore, stop: &CancellationToken) {
        let hold = ChoreHold { name: chore.name, run: chore.run };
        let name = chore.name.as_str();
        let began = Instant::now();
        let outcome = tokio::select! {
            // A process that stops, or lost the chore, does not go on with it.
            biased;
            () = stop.cancelled() => {
                if let Err(error) = self.store.give_chore_back(hold).await {
                    tracing::warn!(chore = name, %error, "a chore could not be given back; others take it when its lease ends");
                }
                return;
            }
            () = self.keep(hold) => {
                tracing::warn!(chore = name, "a chore was left to another node: its lease ended");
                return;
            }
            outcome = work(chore.name, self.store.as_ref(), &self.live, &self.clock) => outcome,
        };
        tell(chore.name, &outcome, began.elapsed());
        let end = end(&chore, &outcome, self.clock.now(), u64::from_le_bytes(random()));
        match self.store.end_chore(hold, &end).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(chore = name, "another node took a chore over before its end was noted")
            }
            Err(error) => {
                tracing::warn!(chore = name, %error, "the end of a chore could not be noted; it is done again");
            }
        }
    }

    /// Extends a lease three times while it lasts; returns when the chore is not ours any more.
    async fn keep(&self, hold: ChoreHold) {
        let mut good_until = Instant::now() + LEASE;
        loop {
            tokio::time::sleep(LEASE / 3).await;
            let asked = Instant::now();
            let extended = async {
                let until = self.store.time().await?.plus(micros(LEASE));
                self.store.extend_chore(hold, until).await
            };
            match extended.await {
                Ok(true) => good_until = asked + LEASE,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(chore = hold.name.as_str(), %error, "a lease could not be extended");
                    if good_until <= Instant::now() {
                        return;
                    }
                }
            }
        }
    }
}

/// How a chore that was taken ended at `now`. A due one goes on with the first of its times after now, one that was merely
/// asked for leaves its next time as it is; a failure is tried again earlier than that, after full jitter.
fn end(chore: &Chore, outcome: &Result<u64, StoreError>, now: Timestamp, chance: u64) -> ChoreEnd {
    let since = chore.at_work.as_ref().map_or(now, |at_work| at_work.since);
    let in_turn = match chore.is_due(since) {
        true => pace::next(&chore.pace, chore.next_at, now)
            .or_else(|error| {
                tracing::error!(chore = chore.name.as_str(), %error, "a chore means no further times; it goes on at its usual pace");
                pace::next(&chore.name.usual_pace(), now, now)
            })
            .unwrap_or_else(|_| now.plus(DAY)),
        false => chore.next_at,
    };
    let next_at = match outcome {
        Ok(_) => in_turn,
        Err(_) => {
            let pause = micros(backoff(chore.failures.saturating_add(1), RETRY_BASE, 2, chance));
            in_turn.min(now.plus(pause.max(SECOND)))
        }
    };
    ChoreEnd {
        at: now,
        outcome: match outcome {
            Ok(removed) => Ok(i64::try_from(*removed).unwrap_or(i64::MAX)),
            Err(error) => Err(error.to_string()),
        },
        was_due: chore.next_at,
        next_at,
    }
}

fn tell(name: ChoreName, outcome: &Result<u64, StoreError>, took: Duration) {
    let name = name.as_str();
    let label = if outcome.is_ok() { "done" } else { "failed" };
    metrics::counter!("tidegate_chores_total", "chore" => name, "outcome" => label).increment(1);
    metrics::histogram!("tidegate_chore_seconds", "chore" => name).record(took);
    match outcome {
        Ok(0) => tracing::debug!(chore = name, ?took, "a chore was done; there was nothing to remove"),
        Ok(removed) => {
            metrics::counter!("tidegate_chore_removed_total", "chore" => name).increment(*removed);
            tracing::info!(chore = name, removed, ?took, "a chore was done");
        }
        Err(error) => tracing::warn!(chore = name, %error, ?took, "a chore failed; it is tried again"),
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{chore::AtWork, schedule::Pace, time::MINUTE};

    const NOON: Timestamp = Timestamp(1_790_000_040_000_000);

    /// A chore of every ten minutes that was due at `next_at` and begun at noon.
    fn begun(next_at: Timestamp, failures: i32) -> Chore {
        let node = NodeId::new(uuid::Uuid::nil());
        let at_work = AtWork { node, host: "gate-1".into(), since: NOON, asked_by: None, lease_until: NOON };
        Chore {
            name: ChoreName::Sessions,
            pace: Pace::Every(600),
            enabled: true,
            next_at,
            asked_by: None,
            run: 1,
            failures,
            at_work: Some(at_work),
            last: None,
        }
    }

    fn failed() -> Result<u64, StoreError> {
        Err(StoreError::Corrupt("name: unreadable".into()))
    }

    #[test]
    fn one_run_makes_up_for_all_times_that_were_missed_and_the_pace_is_kept() {
        let now = NOON.plus(3 * SECOND);
        for late in [0, 1, 9 * MINUTE, 95 * MINUTE] {
            let chore = begun(NOON.plus(-late), 0);
            let end = end(&chore, &Ok(7), now, 0);
            let rest = end.next_at.since(now);
            assert!(rest > 0 && rest <= 10 * MINUTE, "{late}: {rest}");
            assert_eq!(end.next_at.since(chore.next_at) % (10 * MINUTE), 0, "{late}");
            assert_eq!((end.outcome, end.was_due), (Ok(7), chore.next_at));
        }
    }

    #[test]
    fn a_failure_is_tried_again_after_a_longer_and_longer_pause_but_no_later_than_its_time() {
        let mut longest = Vec::new();
        for failures in 0..8 {
            let chore = begun(NOON, failures);
            let pauses = (0..64).map(|bit| {
                let end = end(&chore, &failed(), NOON, (1 << bit) - 1);
                assert_eq!(end.outcome, Err("a stored value cannot be read: name: unreadable".into()));
                end.next_at.since(NOON)
            });
            let pauses: Vec<_> = pauses.collect();
            assert!(pauses.iter().all(|pause| (SECOND..=10 * MINUTE).contains(pause)), "{pauses:?}");
            longest.extend(pauses.into_iter().max());
        }
        assert!(longest.is_sorted() && longest[0] <= 10 * SECOND && longest[1] > 10 * SECOND, "{longest:?}");
        assert_eq!(longest[7], 10 * MINUTE);
    }

    #[test]
    fn what_was_merely_asked_for_leaves_its_next_time_as_it_is() {
        let next_at = NOON.plus(MINUTE);
        assert_eq!(end(&begun(next_at, 0), &Ok(0), NOON, 0).next_at, next_at);
        // Off, its next time is of no account; it does not come due by itself either.
        let off = Chore { enabled: false, ..begun(NOON.plus(-MINUTE), 0) };
        assert_eq!(end(&off, &Ok(0), NOON, 0).next_at, off.next_at);
    }
}
