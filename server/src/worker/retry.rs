//! Whether and when a failed try is repeated. Pure: time and chance are arguments.

use super::outcome::Failure;
use domain::{job::Job, time::Timestamp};
use std::time::Duration;
use store::Next;

/// Longest pause between two tries.
const CAP: Duration = Duration::from_secs(3600);
/// Longest pause a far side can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(6 * 3600);

/// The pause after try number `attempt` (1 is the first): anything between nothing and `base · 2^(attempt-1)`,
/// at most an hour. Full jitter keeps many failed jobs from coming back at the same moment.
pub fn backoff(attempt: i32, base: Duration, chance: u64) -> Duration {
    let doublings = attempt.clamp(1, 32) as u32 - 1;
    let most = base.saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(CAP);
    let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
    Duration::from_micros(chance % most)
}

/// What happens to `job` after its running try failed.
pub fn decide(job: &Job, failure: &Failure, base: Duration, now: Timestamp, chance: u64) -> Next {
    let (reason, class) = (failure.words.clone(), failure.class);
    if !class.is_transient() {
        return Next::Failed { reason, class };
    }
    if job.attempt >= job.max_attempts {
        return Next::Deadletter { reason, class };
    }
    let own = backoff(job.attempt, base, chance);
    // The far side knows better when it is ready, within reason.
    let pause = failure.retry_after.map_or(own, |asked| asked.min(LONGEST_ASKED).max(own));
    Next::Retry { at: now.plus(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX)), reason, class }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs;
    use domain::{
        id::{JobId, TenantId},
        job::JobKind,
        outcome::ErrorClass,
    };

    const BASE: Duration = Duration::from_secs(2);

    fn job(attempt: i32) -> Job {
        let nil = uuid::Uuid::nil();
        Job { attempt, ..jobs::new(JobId::new(nil), TenantId::new(nil), JobKind::Publish, Timestamp(0)) }
    }

    #[test]
    fn the_longest_possible_pause_doubles_with_each_try_up_to_an_hour() {
        let longest = |attempt| {
            // The largest remainder below the bound is the bound less one microsecond.
            (0..64).map(|bit| backoff(attempt, BASE, (1 << bit) - 1)).max().unwrap()
        };
        assert!(longest(1) <= BASE && longest(4) <= BASE * 8 && longest(4) > BASE * 4);
        assert!(longest(31) <= CAP);
        assert_eq!(backoff(i32::MAX, BASE, 0), Duration::ZERO);
    }

    #[test]
    fn a_rejection_is_final_at_the_first_try() {
        let failure = Failure::new(ErrorClass::Rejected, "404 from WordPress");
        assert!(matches!(decide(&job(1), &failure, BASE, Timestamp(0), 7), Next::Failed { .. }));
    }

    #[test]
    fn the_last_try_ends_in_a_dead_letter() {
        let failure = Failure::new(ErrorClass::Server, "503 from WordPress");
        assert!(matches!(decide(&job(11), &failure, BASE, Timestamp(0), 7), Next::Retry { .. }));
        assert!(matches!(decide(&job(12), &failure, BASE, Timestamp(0), 7), Next::Deadletter { .. }));
    }

    #[test]
    fn a_far_side_that_asks_for_patience_gets_it_within_reason() {
        let mut failure = Failure::new(ErrorClass::RateLimited, "429");
        let at = |failure: &Failure| match decide(&job(1), failure, BASE, Timestamp(0), 0) {
            Next::Retry { at, .. } => at.unix(),
            other => panic!("{other:?}"),
        };
        failure.retry_after = Some(Duration::from_secs(90));
        assert_eq!(at(&failure), 90);
        failure.retry_after = Some(Duration::from_secs(u64::MAX));
        assert_eq!(at(&failure), 6 * 3600);
    }
}
