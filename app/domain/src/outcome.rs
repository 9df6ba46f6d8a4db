//! How one try of a job ends, which kinds of error there are, and what each means for its job. Whether an error is
//! worth another try, and when a job gives up, is decided here and nowhere else.

use crate::{
    job::JobKind,
    time::{DAY, HOUR, SECOND},
};

crate::words! {
    /// What kind of error ended a try; decides what happens next.
    pub enum ErrorClass {
        /// No answer in time.
        Timeout = "timeout",
        /// No connection, or it broke.
        Connection = "connection",
        /// The far side asked for patience (429).
        RateLimited = "rate_limited",
        /// The far side failed (5xx) or was busy (408, 409, 425).
        Server = "server",
        /// The far side said no (any other 4xx).
        Rejected = "rejected",
        /// The job, its template or its settings are wrong.
        BadInput = "bad_input",
        /// The far side's answer could not be understood.
        BadAnswer = "bad_answer",
        /// The provider says that the credit, the quota or the spending limit of its account is used up: waiting a minute
        /// does not help, and nothing is wrong with the job. Never stored: a held job has no class.
        Budget = "budget",
        /// The target's address is not one Tidegate may call.
        Forbidden = "forbidden",
        /// Its destination or provider is switched off, by a person or because it said that it is gone (410).
        /// Never stored: a held job has no class.
        SwitchedOff = "switched_off",
        /// The node that ran it went away.
        LeaseExpired = "lease_expired",
        /// A fault of our own.
        Internal = "internal",
    }
}

/// What an error means for its job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass: another try, as long as there are tries and time left.
    Retry,
    /// It passes when a person does something, or much later; the job waits for that and uses up no try.
    Hold,
    /// Another try would end the same.
    Fail,
}

impl ErrorClass {
    /// What it means: the one table.
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Timeout | Self::Connection | Self::RateLimited | Self::Server => Verdict::Retry,
            Self::BadAnswer | Self::LeaseExpired | Self::Internal => Verdict::Retry,
            Self::Budget | Self::SwitchedOff => Verdict::Hold,
            Self::Rejected | Self::BadInput | Self::Forbidden => Verdict::Fail,
        }
    }

    /// The class of an HTTP status that is not a success.
    pub const fn of_status(status: u16) -> Self {
        match status {
            429 => Self::RateLimited,
            408 | 409 | 425 | 500..=599 => Self::Server,
            _ => Self::Rejected,
        }
    }
}

/// Longest pause between two tries, in microseconds, unless the far side asks for a longer one.
pub const LONGEST_PAUSE: i64 = HOUR;
/// Longest pause a far side can ask for, in microseconds.
pub const LONGEST_ASKED: i64 = 6 * HOUR;
/// A job gives up this long after it was first due, or last put back in the queue, whatever tries it has left, unless its
/// rule says otherwise; in microseconds.
pub const GIVES_UP_AFTER: i64 = 3 * DAY;
/// The shortest and the longest such time a rule can give its jobs, in seconds.
pub const DEADLINES_S: std::ops::RangeInclusive<u32> = 60..=30 * 24 * 3_600;
/// Most tries a rule can give its jobs.
pub const MOST_TRIES: i32 = 50;
/// Shortest pause of a job that is put off because its turn has not come, in microseconds.
pub const SHORTEST_WAIT: i64 = SECOND / 20;

/// Tries a job of this kind has when its rule says nothing. A model call costs money each time; a delivery does not.
pub const fn max_attempts(kind: JobKind) -> i32 {
    match kind {
        JobKind::Generate => 5,
        JobKind::Publish | JobKind::Callback | JobKind::Forward => 12,
    }
}

/// How many times longer the longest pause gets with each further try. A job that asks a model has few tries, and they must
/// outlast an outage all the same: the first pauses are as short as those of a delivery, for a hiccup, and the last is long.
pub const fn growth(kind: JobKind) -> u32 {
    match kind {
        JobKind::Generate => 10,
        JobKind::Publish | JobKind::Callback | JobKind::Forward => 2,
    }
}

crate::words! {
    /// How one try ended.
    pub enum AttemptOutcome {
        /// It worked.
        Succeeded = "succeeded",
        /// It failed and another try is planned.
        Retry = "retry",
        /// It failed for good.
        Failed = "failed",
        /// It failed and was the last try.
        Deadletter = "deadletter",
        /// It was put aside without counting.
        Held = "held",
        /// Its node went away.
        Lost = "lost",
    }
}

/// What of a job is switched off, so that it takes part in nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SwitchedOff {
    /// Its destination.
    Destination,
    /// Its provider.
    Provider,
}

impl SwitchedOff {
    /// What a job of this kind calls.
    pub const fn of(kind: JobKind) -> Self {
        match kind {
            JobKind::Generate => Self::Provider,
            JobKind::Publish | JobKind::Callback | JobKind::Forward => Self::Destination,
        }
    }

    /// As it is kept and as people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Destination => "Its destination is switched off.",
            Self::Provider => "Its provider is switched off.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    #[test]
    fn only_answers_that_may_change_are_tried_again() {
        for status in [400, 401, 403, 404, 410, 422] {
            assert_eq!(ErrorClass::of_status(status).verdict(), Verdict::Fail, "{status}");
        }
        for status in [408, 409, 425, 429, 500, 502, 503, 504] {
            assert_eq!(ErrorClass::of_status(status).verdict(), Verdict::Retry, "{status}");
        }
    }

    #[test]
    fn what_is_switched_off_or_not_paid_for_waits_for_a_person() {
        for class in [ErrorClass::SwitchedOff, ErrorClass::Budget] {
            assert_eq!(class.verdict(), Verdict::Hold, "{class}");
        }
        // Of a site it says no more than any other refusal.
        assert_eq!(ErrorClass::of_status(402), ErrorClass::Rejected);
    }

    #[test]
    fn a_model_job_alone_outlasts_an_outage_of_ten_minutes_within_its_tries() {
        // With full jitter a pause is half the longest one in the mean.
        let mean = |kind: JobKind, first: i64| -> i64 {
            (0..max_attempts(kind) - 1)
                .map(|n| (first * i64::from(growth(kind)).pow(n.unsigned_abs())).min(LONGEST_PAUSE) / 2)
                .sum()
        };
        for kind in JobKind::ALL {
            assert!(mean(*kind, 2 * SECOND) >= 10 * MINUTE, "{kind}");
        }
    }
}
