//! The time leases are judged by. It is the database's, so that all nodes agree about it, and each node's own monotonic
//! clock carries it on between two looks: a node whose wall clock jumps neither takes living nodes' jobs over nor loses
//! its own. When the database's clock jumps, nobody takes over anything until every living node has had the time to
//! extend its leases by the new one.

use crate::clock::SharedClock;
use domain::time::{Timestamp, in_words};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Store;
use tokio::time::Instant;

/// The time of leases, as one node knows it.
pub struct LeaseTime {
    /// Used until the database was asked.
    clock: SharedClock,
    /// How long a lease lasts.
    lease: Duration,
    /// A std mutex: held for a copy, never across an await.
    known: Mutex<Known>,
}

/// What is known of the database's clock.
#[derive(Clone, Copy, Default)]
struct Known {
    /// What it showed, and when that was here.
    shown: Option<(Timestamp, Instant)>,
    /// Nothing is taken over before this.
    wait_until: Option<Instant>,
}

impl LeaseTime {
    /// Goes by `clock` until the first look.
    pub fn new(clock: SharedClock, lease: Duration) -> Self {
        Self { clock, lease, known: Mutex::default() }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        let shown = self.lock().shown;
        shown.map_or_else(|| self.clock.now(), |(at, then)| at.plus(micros(then.elapsed())))
    }

    /// Until when a lease lasts that begins now.
    pub fn until(&self) -> Timestamp {
        self.now().plus(micros(self.lease))
    }

    /// Whether a lease that is over may be taken for that of a node that went away.
    pub fn may_judge(&self) -> bool {
        self.lock().wait_until.is_none_or(|until| until <= Instant::now())
    }

    /// Looks at the database's clock. While it does not answer, time goes on by what was seen last.
    pub async fn look(&self, store: &dyn Store) {
        match store.time().await {
            Ok(shows) => self.note(shows),
            Err(error) => tracing::warn!(%error, "the database's clock could not be looked at"),
        }
    }

    /// Takes note that the database's clock shows this.
    fn note(&self, shows: Timestamp) {
        let first = self.lock().shown.is_none();
        let jump = shows.since(self.now());
        let mut known = self.lock();
        known.shown = Some((shows, Instant::now()));
        if !first && jump.abs() > micros(self.lease / 3) {
            known.wait_until = Some(Instant::now() + self.lease);
            drop(known);
            let direction = if jump > 0 { "forward" } else { "back" };
            tracing::warn!(
                by = in_words(jump.abs()),
                direction,
                "the database's clock jumped; no jobs of other nodes are taken over for the length of a lease"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use domain::time::{HOUR, SECOND};
    use std::sync::Arc;

    const NOON: Timestamp = Timestamp(1_790_000_040_000_000);
    const LEASE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_jump_of_the_node_s_own_clock_changes_nothing_about_leases() {
        let clock = Arc::new(ManualClock::at(NOON));
        let time = LeaseTime::new(clock.clone(), LEASE);
        assert_eq!(time.now(), NOON, "its own clock, while there is no other");
        time.note(NOON.plus(5 * SECOND));
        assert!(time.may_judge(), "that they differ from the beginning is no jump");
        for jump in [HOUR, -2 * HOUR] {
            clock.advance(jump);
            assert_eq!(time.now(), NOON.plus(5 * SECOND), "{jump}");
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(time.until(), NOON.plus(45 * SECOND), "carried on without the wall clock");
        time.note(NOON.plus(15 * SECOND));
        assert!(time.may_judge());
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_database_s_clock_jumps_nothing_is_taken_over_for_a_lease() {
        for jump in [HOUR, -HOUR] {
            let time = LeaseTime::new(Arc::new(ManualClock::at(NOON)), LEASE);
            time.note(NOON);
            time.note(NOON.plus(jump));
            assert_eq!(time.now(), NOON.plus(jump));
            assert!(!time.may_judge());
            tokio::time::advance(LEASE).await;
            assert!(time.may_judge());
        }
    }
}
