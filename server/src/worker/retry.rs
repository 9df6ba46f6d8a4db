//! Whether and when a failed try is repeated. Pure: time and chance are arguments. What each class of error means, and
//! all bounds, are in [`domain::outcome`].

use super::outcome::Failure;
use crate::tries;
use domain::{
    breaker::BreakerKey,
    holder::Holder,
    job::{Called, Job},
    outcome::{ErrorClass, LONGEST_ASKED, LONGEST_PAUSE, SwitchedOff, Verdict, growth},
    time::Timestamp,
};
use std::time::Duration;
use store::Next;

/// The pause after try number `number` (1 is the first): anything between nothing and `base · growth^(number-1)`,
/// at most an hour. Full jitter keeps many failed jobs from coming back at the same moment.
pub fn backoff(number: i32, base: Duration, growth: u32, chance: u64) -> Duration {
    let times = growth.saturating_pow(number.clamp(1, 32).unsigned_abs() - 1);
    let most = micros(base.saturating_mul(times)).clamp(1, LONGEST_PAUSE);
    Duration::from_micros(chance % most.unsigned_abs())
}

/// What happens to `job` after its running try failed.
pub fn decide(job: &Job, failure: &Failure, base: Duration, now: Timestamp, chance: u64) -> Next {
    let (reason, class) = (failure.words.clone(), failure.class);
    match class.verdict() {
        Verdict::Fail => return Next::Failed { reason, class },
        Verdict::Hold => return held(job, class, reason),
        Verdict::Retry if job.attempt >= job.max_attempts => return Next::Deadletter { reason, class },
        Verdict::Retry => {}
    }
    let own = micros(backoff(tries::number(job), base, growth(job.kind), chance));
    // The far side knows better when it is ready, within reason.
    let pause = failure.retry_after.map_or(own, |asked| micros(asked).min(LONGEST_ASKED).max(own));
    let at = now.plus(pause);
    if at > job.deadline() {
        let reason = format!("{reason}; the next try would come after its deadline");
        return Next::Deadletter { reason, class };
    }
    Next::Retry { at, reason, class }
}

/// What holds a job that waits for a person.
fn held(job: &Job, class: ErrorClass, reason: String) -> Next {
    match (class, job.calls()) {
        // That breaker opened at this answer: see `Gate::note`.
        (ErrorClass::Budget, Some(Called::Provider(id))) => Next::Held {
            reason: format!("{reason}; it waits for the breaker of its provider"),
            by: Holder::Breaker(BreakerKey::Provider(id)),
        },
        _ => Next::Held { reason, by: Holder::Off(SwitchedOff::of(job.kind)) },
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{JobId, ProviderId, TenantId},
        job::JobKind,
        time::{DAY, SECOND},
    };

    const BASE: Duration = Duration::from_secs(2);

    fn job(attempt: i32) -> Job {
        let nil = uuid::Uuid::nil();
        Job { attempt, ..Job::new(JobId::new(nil), TenantId::new(nil), JobKind::Publish, Timestamp(0)) }
    }

    #[test]
    fn the_longest_possible_pause_doubles_with_each_try_up_to_an_hour() {
        let longest = |attempt| {
            // The largest remainder below the bound is the bound less one microsecond.
            (0..64).map(|bit| backoff(attempt, BASE, 2, (1 << bit) - 1)).max().unwrap()
        };
        assert!(longest(1) <= BASE && longest(4) <= BASE * 8 && longest(4) > BASE * 4);
        assert!(micros(longest(31)) <= LONGEST_PAUSE);
        assert_eq!(backoff(i32::MAX, BASE, 10, 0), Duration::ZERO);
    }

    #[test]
    fn a_model_is_asked_again_soon_at_first_and_then_after_pauses_that_outlast_an_outage() {
        let failure = Failure::new(ErrorClass::Server, "503 from writer");
        // The pauses as they come when chance wants the longest each time.
        let pauses: Vec<i64> = (1..5)
            .map(|attempt| {
                let job = Job { kind: JobKind::Generate, max_attempts: 5, ..job(attempt) };
                let longest = 2 * SECOND * 10_i64.pow(attempt.unsigned_abs() - 1);
                match decide(&job, &failure, BASE, Timestamp(0), longest.unsigned_abs() - 1) {
                    Next::Retry { at, .. } => at.plus(1).0 / SECOND,
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        assert_eq!(pauses, [2, 20, 200, 2_000]);
    }

    #[test]
    fn a_job_whose_provider_has_no_credit_waits_for_the_breaker_of_that_provider() {
        let failure = Failure::new(ErrorClass::Budget, "writer says that its credit is used up");
        let id = ProviderId::new(uuid::Uuid::from_u128(7));
        let last = Job { kind: JobKind::Generate, provider_id: Some(id), ..job(12) };
        let Next::Held { reason, by } = decide(&last, &failure, BASE, Timestamp(0), 7) else {
            panic!("it goes on")
        };
        assert_eq!(by, Holder::Breaker(BreakerKey::Provider(id)));
        assert_eq!(
            reason,
            "writer says that its credit is used up; it waits for the breaker of its provider"
        );
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
    fn a_job_gives_up_at_its_deadline_whatever_tries_it_has_left() {
        let failure = Failure::new(ErrorClass::Server, "503 from WordPress");
        let deadline = job(3).deadline();
        let next = |now| decide(&job(3), &failure, BASE, now, 7);
        assert!(matches!(next(deadline.plus(-10)), Next::Retry { .. }));
        let Next::Deadletter { reason, .. } = next(deadline) else { panic!("it goes on") };
        assert!(reason.contains("deadline"), "{reason}");
        // Put back in the queue it has its time again.
        let again = Job { gives_up_at: Some(deadline.plus(DAY)), ..job(3) };
        assert!(matches!(decide(&again, &failure, BASE, deadline, 7), Next::Retry { .. }));
    }

    #[test]
    fn the_pauses_of_a_job_that_was_put_back_begin_anew() {
        let failure = Failure::new(ErrorClass::Server, "503 from WordPress");
        // The longest pause there can be.
        let pause =
            |job: &Job| match decide(job, &failure, BASE, Timestamp(0), micros(BASE) as u64 * 4_096 - 1) {
                Next::Retry { at, .. } => at.0,
                other => panic!("{other:?}"),
            };
        let again = Job { max_attempts: 24, gives_up_at: Some(Timestamp(DAY)), ..job(13) };
        assert!(pause(&again) < micros(BASE));
        assert!(pause(&job(11)) > 60 * micros(BASE));
    }

    #[test]
    fn a_job_whose_target_is_switched_off_is_held_whatever_tries_it_has_left() {
        let failure = Failure::switched_off(SwitchedOff::Destination);
        let next = decide(&job(12), &failure, BASE, Timestamp(0), 7);
        assert!(matches!(next, Next::Held { reason, by: Holder::Off(SwitchedOff::Destination) }
            if reason == SwitchedOff::Destination.words()));
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
