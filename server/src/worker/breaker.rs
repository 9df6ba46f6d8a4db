//! What a call says of its target, and how a circuit breaker opens, lets a probe through and closes. Pure: rows and time
//! come as arguments, what comes out is the next row. Whether the calls of all nodes are to open one is
//! [`domain::calls`]'s; writing rows and asking before each job is [`super::gate`]'s.

use super::outcome::Outcome;
use crate::by_itself;
use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    calls::Cause,
    id::{NodeId, TenantId},
    outcome::ErrorClass,
    time::{MINUTE, SECOND, Timestamp, in_words},
};
use std::time::Duration;

/// Longest time it stays open for its own reasons.
const LONGEST_OPEN: i64 = 10 * MINUTE;
/// Longest time a far side can ask for with `Retry-After`.
const LONGEST_ASKED: i64 = 60 * MINUTE;
/// A probe that did not end by then is given up: its node went away.
const PROBE: i64 = MINUTE;

/// What one call says of its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It works: even who refuses a request answers.
    Well,
    /// Somebody is there, and that is all this says: it counts as a call that went well, and closes nothing.
    There,
    /// It answered, too late.
    Slow,
    /// It does not work.
    Ill {
        /// The error in words.
        words: String,
        /// How long the far side asked to wait.
        asked: Option<Duration>,
    },
    /// Its credit is used up, which needs no second answer to be believed.
    Spent {
        /// That in words.
        words: String,
        /// How long the far side asked to wait.
        asked: Option<Duration>,
    },
}

/// What a run of `took` microseconds says of what a breaker guards; `None` when it says nothing, because no call was made,
/// the fault is ours, or it is another breaker's business.
pub fn said(of: &BreakerKey, outcome: &Outcome, took: i64, slow_after: i64) -> Option<Said> {
    match (of, outcome) {
        (BreakerKey::Provider(_), _) => said_of_provider(outcome),
        // A host that is not there is not there for any model.
        (BreakerKey::Model(..), Err(failure)) if failure.unreached => None,
        _ => said_of_target(outcome, took, slow_after),
    }
}

/// What a run says of the provider as a whole. An error it answers with may be that of one model; silence on a connection
/// that stands says nothing for certain.
fn said_of_provider(outcome: &Outcome) -> Option<Said> {
    let failure = match outcome {
        Ok(_) => return Some(Said::Well),
        Err(failure) => failure,
    };
    let (words, asked) = (failure.words.clone(), failure.retry_after);
    match failure.class {
        ErrorClass::Budget => Some(Said::Spent { words, asked }),
        ErrorClass::Timeout | ErrorClass::Connection => {
            failure.unreached.then_some(Said::Ill { words, asked })
        }
        ErrorClass::RateLimited | ErrorClass::Server | ErrorClass::BadAnswer | ErrorClass::Rejected => {
            Some(Said::There)
        }
        ErrorClass::BadInput
        | ErrorClass::Forbidden
        | ErrorClass::SwitchedOff
        | ErrorClass::LeaseExpired
        | ErrorClass::Internal => None,
    }
}

/// What a run says of a destination or a model.
fn said_of_target(outcome: &Outcome, took: i64, slow_after: i64) -> Option<Said> {
    let failure = match outcome {
        Ok(_) if took >= slow_after => return Some(Said::Slow),
        Ok(_) => return Some(Said::Well),
        // One call that brought many posts is one call.
        Err(failure) if failure.shared => return None,
        Err(failure) => failure,
    };
    match failure.class {
        ErrorClass::Timeout
        | ErrorClass::Connection
        | ErrorClass::RateLimited
        | ErrorClass::Server
        | ErrorClass::BadAnswer => {
            Some(Said::Ill { words: failure.words.clone(), asked: failure.retry_after })
        }
        ErrorClass::Rejected => Some(Said::Well),
        ErrorClass::BadInput
        | ErrorClass::Budget
        | ErrorClass::Forbidden
        | ErrorClass::SwitchedOff
        | ErrorClass::LeaseExpired
        | ErrorClass::Internal => None,
    }
}

/// Whether a job may pass a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may.
    Free,
    /// It may not.
    Shut,
    /// It may if it is the one that tries.
    Probe,
}

/// Whether a job may pass at `now`.
pub fn passage(breaker: Option<&Breaker>, now: Timestamp) -> Passage {
    let Some(breaker) = breaker else { return Passage::Free };
    let over = |until: Option<Timestamp>| until.is_none_or(|until| until <= now);
    match (breaker.mode, breaker.state) {
        (BreakerMode::ForcedClosed, _) | (BreakerMode::Automatic, BreakerState::Closed) => Passage::Free,
        (BreakerMode::ForcedOpen, _) => Passage::Shut,
        (BreakerMode::Automatic, BreakerState::Open) if over(breaker.open_until) => Passage::Probe,
        (BreakerMode::Automatic, BreakerState::HalfOpen) if over(breaker.probe_until) => Passage::Probe,
        (BreakerMode::Automatic, _) => Passage::Shut,
    }
}

/// A breaker that did nothing yet; it is not kept as a row.
pub fn fresh(key: BreakerKey, tenant_id: TenantId) -> Breaker {
    Breaker {
        key,
        tenant_id,
        state: BreakerState::Closed,
        mode: BreakerMode::Automatic,
        reason: String::new(),
        changed_at: Timestamp(0),
        changed_by: by_itself::NAME.to_owned(),
        openings: 0,
        open_until: None,
        probe_node: None,
        probe_until: None,
        revision: 0,
    }
}

/// The same breaker, changed by `by` at `now`.
fn next(before: Breaker, by: &str, now: Timestamp) -> Breaker {
    Breaker {
        changed_at: now,
        changed_by: by.to_owned(),
        open_until: None,
        probe_node: None,
        probe_until: None,
        revision: before.revision + 1,
        ..before
    }
}

/// How long a breaker stays open, in microseconds: `first` the first time, twice as long each further time, at most
/// `longest`.
#[derive(Clone, Copy, Debug)]
struct Open {
    first: i64,
    longest: i64,
}

impl Open {
    /// Until somebody tops up an account it takes longer than until a machine is well again.
    const SPENT: Self = Self { first: 10 * MINUTE, longest: 60 * MINUTE };

    const fn usual(first: i64) -> Self {
        Self { first, longest: LONGEST_OPEN }
    }

    /// How long it is at its `openings`th opening, where the far side `asked` for so much.
    fn time(self, openings: i32, asked: Option<i64>) -> i64 {
        let doublings = openings.clamp(1, 30).unsigned_abs() - 1;
        let own = self.first.saturating_mul(1 << doublings).clamp(1, self.longest);
        asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)))
    }
}

/// The breaker opened for a cause, for `first` microseconds the first time. It stands closed or does not exist before.
pub fn opened(
    before: Option<&Breaker>,
    key: &BreakerKey,
    tenant: TenantId,
    cause: Cause,
    first: i64,
    now: Timestamp,
) -> Breaker {
    let before = before.cloned().unwrap_or_else(|| fresh(key.clone(), tenant));
    open(before, cause, Open::usual(first), now)
}

/// The breaker of a provider that says in these words that its credit is used up. It stands closed or does not exist before.
pub fn spent(
    before: Option<&Breaker>,
    key: &BreakerKey,
    tenant: TenantId,
    (words, asked): (String, Option<Duration>),
    now: Timestamp,
) -> Breaker {
    let before = before.cloned().unwrap_or_else(|| fresh(key.clone(), tenant));
    open(before, Cause { why: words, asked_until: until(asked, now) }, Open::SPENT, now)
}

/// Until when the far side asked to be left alone.
fn until(asked: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
    asked.map(|asked| now.plus(i64::try_from(asked.as_micros()).unwrap_or(i64::MAX)))
}

fn open(before: Breaker, cause: Cause, wait: Open, now: Timestamp) -> Breaker {
    let openings = before.openings.saturating_add(1);
    let time = wait.time(openings, cause.asked_until.map(|until| until.since(now)));
    Breaker {
        state: BreakerState::Open,
        openings,
        open_until: Some(now.plus(time)),
        reason: cause.why,
        ..next(before, by_itself::NAME, now)
    }
}

/// The breaker while `node` tries.
pub fn probing(before: &Breaker, node: NodeId, now: Timestamp) -> Breaker {
    Breaker {
        state: BreakerState::HalfOpen,
        probe_node: Some(node),
        probe_until: Some(now.plus(PROBE)),
        ..next(before.clone(), by_itself::NAME, now)
    }
}

/// The breaker after its probe. Open again at once when the probe said nothing: the next job may try.
pub fn probed(before: &Breaker, said: Option<Said>, first: i64, now: Timestamp) -> Breaker {
    match said {
        Some(Said::Well) => Breaker {
            state: BreakerState::Closed,
            openings: 0,
            reason: "the target answers again".to_owned(),
            ..next(before.clone(), by_itself::NAME, now)
        },
        Some(Said::Spent { words, asked }) => {
            spent(Some(before), &before.key, before.tenant_id, (words, asked), now)
        }
        Some(ill @ (Said::Ill { .. } | Said::Slow)) => {
            let (why, asked) = match ill {
                Said::Ill { words, asked } => (words, asked),
                _ => ("it was slow".to_owned(), None),
            };
            let why = format!("the try after the pause failed, too: {why}");
            open(before.clone(), Cause { why, asked_until: until(asked, now) }, Open::usual(first), now)
        }
        Some(Said::There) | None => Breaker {
            state: BreakerState::Open,
            open_until: Some(now),
            ..next(before.clone(), by_itself::NAME, now)
        },
    }
}

/// The breaker as a person wants it. Whatever they decide, what was counted begins anew.
pub fn set(
    before: Option<&Breaker>,
    key: &BreakerKey,
    tenant: TenantId,
    mode: BreakerMode,
    by: &str,
    now: Timestamp,
) -> Breaker {
    let before = before.cloned().unwrap_or_else(|| fresh(key.clone(), tenant));
    let (state, words) = match (mode, before.mode) {
        (BreakerMode::ForcedOpen, _) => (BreakerState::Open, "forced open"),
        (BreakerMode::ForcedClosed, _) => (BreakerState::Closed, "forced closed"),
        (BreakerMode::Automatic, BreakerMode::Automatic) => (BreakerState::Closed, "closed"),
        (BreakerMode::Automatic, _) => (BreakerState::Closed, "set back to automatic"),
    };
    Breaker { state, mode, openings: 0, reason: format!("{words} by {by}"), ..next(before, by, now) }
}

/// How many jobs are let go at once after a breaker closed `since` ago, in microseconds: few at first, so that a target
/// that is just back is not overrun.
pub fn trickle(since: i64) -> i64 {
    let doublings = (since.max(0) / (2 * SECOND)).min(8) as u32;
    (2_i64 << doublings).min(500)
}

/// What people read of a job that waits for a breaker.
pub fn waits(breaker: &Breaker, target: &str, now: Timestamp) -> String {
    let why = &breaker.reason;
    match (breaker.mode, breaker.open_until) {
        (BreakerMode::ForcedOpen, _) => format!("the breaker of {target} was {why}"),
        (_, Some(until)) if until > now => {
            format!("the breaker of {target} is open, tried again in {}: {why}", in_words(until.since(now)))
        }
        _ => format!("the breaker of {target} is open while one job tries it: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::outcome::{Failure, Success};
    use domain::id::{DestinationId, ProviderId};
    use uuid::Uuid;

    const START: Timestamp = Timestamp(1_000 * MINUTE);
    const FIRST: i64 = 30 * SECOND;

    fn key() -> BreakerKey {
        BreakerKey::Destination(DestinationId::new(Uuid::nil()))
    }

    fn ill() -> Said {
        Said::Ill { words: "503 from blog".into(), asked: None }
    }

    fn provider() -> BreakerKey {
        BreakerKey::Provider(ProviderId::new(Uuid::nil()))
    }

    fn no_credit() -> (String, Option<Duration>) {
        ("writer says that its credit is used up".into(), None)
    }

    fn open(asked: Option<i64>) -> Breaker {
        let cause = Cause { why: "why".into(), asked_until: asked.map(|asked| START.plus(asked)) };
        opened(None, &key(), TenantId::new(Uuid::nil()), cause, FIRST, START)
    }

    #[test]
    fn only_what_the_target_does_wrong_counts() {
        let failed = |class| Err(Failure::new(class, "words"));
        for (class, counts) in [
            (ErrorClass::Timeout, Some(true)),
            (ErrorClass::Connection, Some(true)),
            (ErrorClass::RateLimited, Some(true)),
            (ErrorClass::Server, Some(true)),
            (ErrorClass::BadAnswer, Some(true)),
            (ErrorClass::Rejected, Some(false)),
            (ErrorClass::BadInput, None),
            (ErrorClass::Budget, None),
            (ErrorClass::Forbidden, None),
            (ErrorClass::LeaseExpired, None),
            (ErrorClass::Internal, None),
        ] {
            let model = BreakerKey::Model(ProviderId::new(Uuid::nil()), "large-2".into());
            for of in [key(), model] {
                let said = said(&of, &failed(class), SECOND, 10 * SECOND);
                assert_eq!(said.map(|said| said != Said::Well), counts, "{class} {of}");
            }
        }
        let done: Outcome = Ok(Success::default());
        assert_eq!(said(&key(), &done, SECOND, 10 * SECOND), Some(Said::Well));
        assert_eq!(said(&key(), &done, 10 * SECOND, 10 * SECOND), Some(Said::Slow));
    }

    #[test]
    fn a_host_that_is_not_there_counts_for_the_provider_and_what_it_answers_for_the_model() {
        let model = BreakerKey::Model(ProviderId::new(Uuid::nil()), "large-2".into());
        let say = |of: &BreakerKey, outcome: &Outcome| said(of, outcome, SECOND, 10 * SECOND);
        for class in [ErrorClass::Timeout, ErrorClass::Connection] {
            let away: Outcome = Err(Failure { unreached: true, ..Failure::new(class, "no connection") });
            let ill = Some(Said::Ill { words: "no connection".into(), asked: None });
            assert_eq!((say(&provider(), &away), say(&model, &away)), (ill.clone(), None), "{class}");
            // A destination has one breaker, which hears of both.
            assert_eq!(say(&key(), &away), ill, "{class}");
            let silent: Outcome = Err(Failure::new(class, "no connection"));
            assert_eq!((say(&provider(), &silent), say(&model, &silent)), (None, ill), "{class}");
        }
        for class in
            [ErrorClass::RateLimited, ErrorClass::Server, ErrorClass::BadAnswer, ErrorClass::Rejected]
        {
            assert_eq!(say(&provider(), &Err(Failure::new(class, "words"))), Some(Said::There), "{class}");
        }
        let done: Outcome = Ok(Success::default());
        assert_eq!(said(&provider(), &done, 60 * SECOND, 10 * SECOND), Some(Said::Well), "slow is its model");
    }

    #[test]
    fn a_provider_without_credit_is_left_alone_for_longer_until_a_call_succeeds() {
        let tenant = TenantId::new(Uuid::nil());
        let mut breaker = spent(None, &provider(), tenant, no_credit(), START);
        assert_eq!(breaker.reason, "writer says that its credit is used up");
        for minutes in [10, 20, 40, 60, 60] {
            assert_eq!(breaker.open_until, Some(START.plus(minutes * MINUTE)));
            let half = probing(&breaker, NodeId::new(Uuid::nil()), START);
            // That it is there says nothing of its credit: the next job tries.
            let there = probed(&half, Some(Said::There), FIRST, START);
            assert_eq!((there.state, passage(Some(&there), START)), (BreakerState::Open, Passage::Probe));
            assert_eq!(probed(&half, Some(Said::Well), FIRST, START).state, BreakerState::Closed);
            let (words, asked) = no_credit();
            breaker = probed(&half, Some(Said::Spent { words, asked }), FIRST, START);
        }
    }

    #[test]
    fn open_time_doubles_with_each_opening_up_to_a_cap() {
        for (openings, seconds) in [(1, 30), (2, 60), (3, 120), (5, 480), (6, 600), (i32::MAX, 600)] {
            assert_eq!(Open::usual(FIRST).time(openings, None), seconds * SECOND, "{openings}");
        }
    }

    #[test]
    fn retry_after_lengthens_the_open_time_within_bounds_and_never_shortens_it() {
        for (asked, seconds) in
            [(5 * SECOND, 30), (90 * SECOND, 90), (3_600 * SECOND, 3_600), (i64::MAX, 3_600)]
        {
            let until = open(Some(asked)).open_until;
            assert_eq!(until, Some(START.plus(seconds * SECOND)), "{asked}");
        }
    }

    #[test]
    fn an_open_breaker_lets_one_job_through_when_its_time_is_over() {
        let open = open(None);
        assert_eq!(passage(None, START), Passage::Free);
        assert_eq!(passage(Some(&open), START.plus(29 * SECOND)), Passage::Shut);
        let over = START.plus(30 * SECOND);
        assert_eq!(passage(Some(&open), over), Passage::Probe);
        let half = probing(&open, NodeId::new(Uuid::nil()), over);
        assert_eq!((half.state, half.revision), (BreakerState::HalfOpen, open.revision + 1));
        assert_eq!(passage(Some(&half), over.plus(PROBE - 1)), Passage::Shut);
        // Its node went away.
        assert_eq!(passage(Some(&half), over.plus(PROBE)), Passage::Probe);
    }

    #[test]
    fn a_good_probe_closes_it_a_bad_one_doubles_the_pause_and_one_that_says_nothing_changes_nothing() {
        let half = probing(&open(None), NodeId::new(Uuid::nil()), START);
        let closed = probed(&half, Some(Said::Well), FIRST, START);
        assert_eq!((closed.state, closed.openings, closed.probe_node), (BreakerState::Closed, 0, None));
        assert_eq!(passage(Some(&closed), START), Passage::Free);
        for bad in [ill(), Said::Slow] {
            let again = probed(&half, Some(bad), FIRST, START);
            assert_eq!(again.open_until, Some(START.plus(60 * SECOND)));
        }
        let same = probed(&half, None, FIRST, START);
        assert_eq!((same.state, same.openings), (BreakerState::Open, half.openings));
        assert_eq!(passage(Some(&same), START), Passage::Probe);
    }

    #[test]
    fn what_a_person_forces_stays_until_they_say_otherwise() {
        let tenant = TenantId::new(Uuid::nil());
        let at = |before: Option<&Breaker>, mode| set(before, &key(), tenant, mode, "ada", START);
        let shut = at(None, BreakerMode::ForcedOpen);
        assert_eq!(passage(Some(&shut), START.plus(1_000 * MINUTE)), Passage::Shut);
        assert_eq!(shut.reason, "forced open by ada");
        let free = at(Some(&shut), BreakerMode::ForcedClosed);
        assert_eq!((passage(Some(&free), START), free.revision), (Passage::Free, 2));
        let own = at(Some(&free), BreakerMode::Automatic);
        assert_eq!((own.mode, own.state), (BreakerMode::Automatic, BreakerState::Closed));
        assert_eq!(own.reason, "set back to automatic by ada");
        let closed = at(Some(&open(None)), BreakerMode::Automatic);
        assert_eq!((closed.state, closed.reason.as_str()), (BreakerState::Closed, "closed by ada"));
    }

    #[test]
    fn what_waits_is_told_until_when_and_why() {
        assert_eq!(
            waits(&open(None), "blog", START),
            "the breaker of blog is open, tried again in 30 s: why"
        );
        let half = probing(&open(None), NodeId::new(Uuid::nil()), START);
        assert_eq!(waits(&half, "blog", START), "the breaker of blog is open while one job tries it: why");
    }

    #[test]
    fn few_jobs_are_let_go_at_first_then_more() {
        let sizes: Vec<i64> = [0, 2, 4, 8, 60].iter().map(|seconds| trickle(seconds * SECOND)).collect();
        assert_eq!(sizes, [2, 4, 8, 32, 500]);
        assert_eq!(trickle(-5), 2);
    }
}
