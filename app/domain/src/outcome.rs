//! How one try of a job ends, and which kinds of error there are. Whether an error is worth another try is
//! decided here and nowhere else.

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
        /// The target's address is not one Tidegate may call.
        Forbidden = "forbidden",
        /// The node that ran it went away.
        LeaseExpired = "lease_expired",
        /// A fault of our own.
        Internal = "internal",
    }
}

impl ErrorClass {
    /// Whether trying again can help.
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Timeout | Self::Connection | Self::RateLimited | Self::Server => true,
            Self::BadAnswer | Self::LeaseExpired | Self::Internal => true,
            Self::Rejected | Self::BadInput | Self::Forbidden => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_may_change_are_tried_again() {
        for (status, again) in [(400, false), (401, false), (404, false), (410, false), (422, false)] {
            assert_eq!(ErrorClass::of_status(status).is_transient(), again, "{status}");
        }
        for status in [408, 409, 425, 429, 500, 502, 503, 504] {
            assert!(ErrorClass::of_status(status).is_transient(), "{status}");
        }
    }
}
