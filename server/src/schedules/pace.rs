//! Which times a schedule means: in UTC, or by the clocks of a zone. Pure; the rules of all zones are compiled in.
//!
//! Where clocks are put forward, what was to be done in the hour that is missing is done once, right after it. Where they
//! are put back, what was to be done at one time of the hour that comes twice is done once, the first time; what is done
//! every so many minutes goes on as if nothing had happened.

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
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
    /// No time zone of this name.
    #[error("no time zone of this name")]
    Zone,
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
        Pace::Cron(expression) => cron(expression, &Utc, after).ok_or(BadPace::Cron),
        Pace::Local { zone, expression } => {
            let zone: Tz = zone.as_str().parse().map_err(|_| BadPace::Zone)?;
            cron(expression, &zone, after).ok_or(BadPace::Cron)
        }
        Pace::Every(seconds) if (SHORTEST_S..=LONGEST_S).contains(seconds) => {
            let apart = i64::from(*seconds) * SECOND;
            let passed = after.since(from).max(0) / apart;
            Ok(from.plus((passed + 1).saturating_mul(apart)))
        }
        Pace::Every(_) => Err(BadPace::Every),
    }
}

fn cron<Z: TimeZone>(expression: &str, zone: &Z, after: Timestamp) -> Option<Timestamp> {
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron: Cron = parser.parse(expression).ok()?;
    let after = DateTime::from_timestamp_micros(after.0)?.with_timezone(zone);
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

    /// The first `count` times after `time`.
    fn times(expression: &str, zone: &str, time: &str, count: usize) -> Vec<String> {
        let pace = Pace::cron(expression.into(), Some(zone.parse().unwrap()));
        let mut after = at(time);
        let mut times = Vec::new();
        for _ in 0..count {
            after = next(&pace, Timestamp(0), after).unwrap();
            times.push(after.rfc3339().replace(":00.000Z", "Z"));
        }
        times
    }

    #[test]
    fn a_cron_expression_goes_by_the_clocks_of_its_zone_in_summer_and_winter() {
        let of = |zone, time| times("0 7 * * *", zone, time, 1).remove(0);
        assert_eq!(of("Europe/Berlin", "2026-07-01T00:00:00Z"), "2026-07-01T05:00Z");
        assert_eq!(of("Europe/Berlin", "2026-12-01T00:00:00Z"), "2026-12-01T06:00Z");
        assert_eq!(of("America/New_York", "2026-07-01T00:00:00Z"), "2026-07-01T11:00Z");
        assert_eq!(of("Asia/Kolkata", "2026-07-01T00:00:00Z"), "2026-07-01T01:30Z");
        assert_eq!(of("UTC", "2026-07-01T00:00:00Z"), "2026-07-01T07:00Z");
        // Mondays are those of the zone: there it is Monday already while it is Sunday in UTC.
        assert_eq!(times("0 7 * * 1", "Asia/Tokyo", "2026-11-20T00:00:00Z", 1), ["2026-11-22T22:00Z"]);
    }

    #[test]
    fn a_time_that_does_not_exist_is_meant_once_right_after_the_gap() {
        // In Berlin clocks go from 02:00 to 03:00, which is 01:00 UTC.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 3),
            ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]
        );
        // A clock that is not stopped by the gap shows what it would have shown anyway.
        assert_eq!(
            times("30 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:30Z", "2026-03-30T01:30Z"]
        );
        assert_eq!(
            times("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 4),
            ["2026-03-29T00:30Z", "2026-03-29T01:00Z", "2026-03-29T01:30Z", "2026-03-29T02:00Z"]
        );
        // In Beirut it is midnight that does not exist, on Lord Howe half an hour.
        assert_eq!(
            times("0 0 * * *", "Asia/Beirut", "2026-03-28T00:00:00Z", 2),
            ["2026-03-28T22:00Z", "2026-03-29T21:00Z"]
        );
        assert_eq!(
            times("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 2),
            ["2026-10-03T15:30Z", "2026-10-04T15:15Z"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_meant_once() {
        // In Berlin clocks go from 03:00 to 02:00, which is 01:00 UTC.
        assert_eq!(
            times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]
        );
        // Whoever looks in the middle of the second time finds it passed.
        assert_eq!(times("45 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", 1), ["2026-10-26T01:45Z"]);
        assert_eq!(
            times("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2),
            ["2026-11-01T05:30Z", "2026-11-02T06:30Z"]
        );
        assert_eq!(
            times("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 4),
            ["2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-25T02:00Z"],
            "what is done every half hour goes on"
        );
    }

    #[test]
    fn a_zone_there_is_none_of_is_refused() {
        for unknown in ["Europe/Atlantis", "CET/CEST", "europe", "Local"] {
            let pace = Pace::cron("0 7 * * *".into(), Some(unknown.parse().unwrap()));
            assert_eq!(
                next(&pace, Timestamp(0), at("2026-11-22T12:00:00Z")),
                Err(BadPace::Zone),
                "{unknown}"
            );
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
