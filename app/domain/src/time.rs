//! An instant in UTC microseconds, as both databases store it, and how people read it.
//! Never asks for the current time: `now` is always an argument.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Microseconds in one second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in one minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds in one hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds in one day.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// From whole seconds since 1970.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn unix(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// This many microseconds later (earlier when negative); stays in range.
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads RFC 3339 (`2026-11-22T12:31:04.12Z`); `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_micros()))
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-22T12:31:04.120Z`.
    pub fn rfc3339(self) -> String {
        self.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Date and time to the second: `22 Nov 2026, 12:31:04 UTC`.
    pub fn long(self) -> String {
        self.utc().format("%-d %b %Y, %H:%M:%S UTC").to_string()
    }

    /// What a list shows: the clock when it is the same day as `now`, else the day and the clock.
    pub fn in_list(self, now: Self) -> String {
        let (this, today) = (self.utc(), now.utc());
        if this.date_naive() == today.date_naive() {
            this.format("%H:%M:%S").to_string()
        } else {
            this.format("%-d %b %H:%M").to_string()
        }
    }

    /// The clock with milliseconds: `12:31:04.120`.
    pub fn clock(self) -> String {
        self.utc().format("%H:%M:%S%.3f").to_string()
    }

    /// How long ago, in words: `just now`, `4 min ago`.
    pub fn ago(self, now: Self) -> String {
        let passed = now.since(self);
        if passed < 5 * SECOND { "just now".into() } else { format!("{} ago", in_words(passed)) }
    }
}

/// A length of time (microseconds) as people say it: `850 µs`, `9 ms`, `4.1 s`, `7 min 31 s`, `3 h 5 min`, `2 d 4 h`.
pub fn in_words(micros: i64) -> String {
    let micros = micros.max(0);
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..10_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        10_000_000..60_000_000 => format!("{} s", micros / SECOND),
        _ if micros < HOUR => two(micros, MINUTE, "min", SECOND, "s"),
        _ if micros < DAY => two(micros, HOUR, "h", MINUTE, "min"),
        _ => two(micros, DAY, "d", HOUR, "h"),
    }
}

fn two(micros: i64, big: i64, big_name: &str, small: i64, small_name: &str) -> String {
    match (micros % big) / small {
        0 => format!("{} {big_name}", micros / big),
        rest => format!("{} {big_name} {rest} {small_name}", micros / big),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_the_two_largest_units() {
        let said: Vec<_> = [850, 9_000, 4_100_000, 42 * SECOND, 451 * SECOND, 3 * HOUR + 5 * MINUTE, 2 * DAY]
            .into_iter()
            .map(in_words)
            .collect();
        assert_eq!(said, ["850 µs", "9 ms", "4.1 s", "42 s", "7 min 31 s", "3 h 5 min", "2 d"]);
    }

    #[test]
    fn a_time_of_today_is_shown_without_its_date() {
        let now = Timestamp::parse_rfc3339("2026-11-22T12:31:04.12Z").unwrap();
        assert_eq!(now.plus(-HOUR).in_list(now), "11:31:04");
        assert_eq!(now.plus(-DAY).in_list(now), "21 Nov 12:31");
        assert_eq!(now.rfc3339(), "2026-11-22T12:31:04.120Z");
    }

    #[test]
    fn an_absurd_time_is_shown_rather_than_panicking() {
        assert_eq!(Timestamp(i64::MAX).rfc3339().len(), "1970-01-01T00:00:00.000Z".len());
        assert_eq!(Timestamp(i64::MAX).plus(1).0, i64::MAX);
    }
}
