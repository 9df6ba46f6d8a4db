//! Which times a schedule means. Pure; all times are in UTC.

use chrono::{DateTime, Utc};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use domain::{
    schedule::{LONGEST_S, Pace, SHORTEST_S},
    time::{SECOND, Timestamp},
};

/// Why a pace means no times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPace {
    /// No cron expression of five fields, or one of a day that never comes.
    #[error("no cron expression of five fields, or one of a day that never comes")]
    Cron,
    /// Too short or too long.
    #[error("less than 10 seconds or more than 366 days")]
    Every,
}

/// The first of the times that are counted from `from` (one of them, where they are so many seconds apart) that comes after
/// `after`.
///
/// # Errors
/// When there is none.
pub fn next(pace: &Pace, from: Timestamp, after: Timestamp) -> Result<Timestamp, BadPace> {
    match pace {
        Pace::Cron(expression) => cron(expression, after).ok_or(BadPace::Cron),
        Pace::Every(seconds) if (SHORTEST_S..=LONGEST_S).contains(seconds) => {
            let apart = i64::from(*seconds) * SECOND;
            let passed = after.since(from).max(0) / apart;
            Ok(from.plus((passed + 1).saturating_mul(apart)))
        }
        Pace::Every(_) => Err(BadPace::Every),
    }
}

fn cron(expression: &str, after: Timestamp) -> Option<Timestamp> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron: Cron = parser.parse(expression).ok()?;
    let after: DateTime<Utc> = DateTime::from_timestamp_micros(after.0)?;
    let next = cron.find_next_occurrence(&after, false).ok()?;
    Some(Timestamp(next.timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::{DAY, HOUR, MINUTE};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn after(expression: &str, time: &str) -> String {
        next(&Pace::Cron(expression.into()), Timestamp(0), at(time)).unwrap().rfc3339()
    }

    #[test]
    fn a_cron_expression_means_times_in_utc() {
        for (expression, time, expected) in [
            ("0 7 * * *", "2026-11-22T06:59:59.999Z", "2026-11-22T07:00:00.000Z"),
            ("0 7 * * *", "2026-11-22T07:00:00Z", "2026-11-23T07:00:00.000Z"),
            ("*/15 * * * *", "2026-11-22T07:00:00.001Z", "2026-11-22T07:15:00.000Z"),
            // The 22nd is a Sunday.
            ("30 5 * * 1-5", "2026-11-22T12:00:00Z", "2026-11-23T05:30:00.000Z"),
            ("0 0 29 2 *", "2026-11-22T12:00:00Z", "2028-02-29T00:00:00.000Z"),
            ("0 0 1 1 *", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00.000Z"),
            // A clock that is put forward in other places is not here.
            ("30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T02:30:00.000Z"),
        ] {
            assert_eq!(after(expression, time), expected, "{expression} after {time}");
        }
    }

    #[test]
    fn what_is_no_expression_of_five_fields_or_never_comes_is_refused() {
        for bad in ["", "7", "* * * *", "0 0 7 * * *", "0 7 * * * 2027", "61 * * * *", "0 0 30 2 *", "often"]
        {
            assert_eq!(
                next(&Pace::Cron(bad.into()), Timestamp(0), at("2026-11-22T12:00:00Z")),
                Err(BadPace::Cron),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn times_so_far_apart_are_counted_from_one_of_them() {
        let (from, pace) = (at("2026-11-22T12:00:07Z"), Pace::Every(900));
        for (after, steps) in [(0, 1), (1, 1), (15 * MINUTE - 1, 1), (15 * MINUTE, 2), (DAY + HOUR, 101)] {
            assert_eq!(next(&pace, from, from.plus(after)), Ok(from.plus(steps * 15 * MINUTE)));
        }
        assert_eq!(
            next(&pace, from, from.plus(-HOUR)),
            Ok(from.plus(15 * MINUTE)),
            "a clock that was put back"
        );
        for bad in [0, SHORTEST_S - 1, LONGEST_S + 1] {
            assert_eq!(next(&Pace::Every(bad), from, from), Err(BadPace::Every));
        }
    }
}
