//! A clock for work that waits: it never goes back. Jobs carry the moment they are due; if the machine's clock is put back
//! by an hour, those that were stored before would seem to be due in an hour. This one then goes on at half its pace
//! until the machine's has caught up. When that is put forward, this one follows at once.

use crate::clock::{Clock, SharedClock};
use domain::time::Timestamp;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// A clock that never goes back.
pub struct SteadyClock {
    machine: SharedClock,
    /// What it last showed, and when that was. A std mutex: held for a few additions.
    shown: Mutex<(Timestamp, Instant)>,
}

impl SteadyClock {
    /// Shows what `machine` shows, as long as that goes forward.
    pub fn over(machine: SharedClock) -> Self {
        let shown = Mutex::new((machine.now(), Instant::now()));
        Self { machine, shown }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, then) = *shown;
        let half = i64::try_from(then.elapsed().as_micros() / 2).unwrap_or(i64::MAX);
        let now = self.machine.now().max(last.plus(half));
        // A look that comes too early to see half a microsecond pass must not make it lose that half for ever.
        if now > last {
            *shown = (now, Instant::now());
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use domain::time::{HOUR, MINUTE, SECOND};
    use std::{sync::Arc, time::Duration};

    const NOON: Timestamp = Timestamp(1_790_000_040_000_000);

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_put_back_by_an_hour_keeps_nothing_waiting_for_an_hour() {
        let machine = Arc::new(ManualClock::at(NOON));
        let steady = SteadyClock::over(machine.clone());
        let due = NOON.plus(30 * SECOND);
        machine.advance(-HOUR);
        assert_eq!(steady.now(), NOON);
        let pass = async |seconds: u64| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            machine.advance(seconds as i64 * SECOND);
        };
        pass(59).await;
        assert!(steady.now() < due);
        pass(1).await;
        assert_eq!(steady.now(), due, "a minute for what was due in half of one");
        // It is caught up with after twice the time.
        pass(2 * 3_600).await;
        assert_eq!(steady.now(), machine.now());
        pass(60).await;
        assert_eq!(steady.now(), machine.now());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_put_forward_is_followed_at_once() {
        let machine = Arc::new(ManualClock::at(NOON));
        let steady = SteadyClock::over(machine.clone());
        machine.advance(HOUR);
        assert_eq!(steady.now(), NOON.plus(HOUR));
        machine.advance(-MINUTE);
        assert_eq!(steady.now(), NOON.plus(HOUR));
    }
}
