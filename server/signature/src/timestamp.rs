//! Timestamps as vendors write them: strict for verification, lenient for showing when something happened.

use chrono::DateTime;

use crate::definition::Unit;
use crate::delivery::Found;
use crate::refusal::Refusal;
use crate::scheme::TimestampRule;

const MICROS: i128 = 1_000_000;

/// Below this a number is seconds: as milliseconds it would be before March 1973.
const LARGEST_SECONDS: i64 = 100_000_000_000;

/// The timestamp in seconds, when it is in form and within the limits of `rule`.
pub(crate) fn check(rule: &TimestampRule, text: &str, now_unix: i64) -> Result<i64, Refusal> {
    let micros = match rule.unit {
        Unit::Seconds => i128::from(digits(text).ok_or(Refusal::TimestampFormat)?) * MICROS,
        Unit::Millis => i128::from(digits(text).ok_or(Refusal::TimestampFormat)?) * 1000,
        Unit::SecondsOrMillis => match digits(text).ok_or(Refusal::TimestampFormat)? {
            n if n >= LARGEST_SECONDS => i128::from(n) * 1000,
            n => i128::from(n) * MICROS,
        },
        Unit::Iso8601 => i128::from(iso8601(text).ok_or(Refusal::TimestampFormat)?),
    };
    let age = i128::from(now_unix) * MICROS - micros;
    let seconds = |micros: i128| i64::try_from(micros / MICROS).unwrap_or(i64::MAX);
    if age > i128::from(rule.past) * MICROS {
        Err(Refusal::TimestampStale { seconds: seconds(age) })
    } else if -age > i128::from(rule.future) * MICROS {
        Err(Refusal::TimestampFuture { seconds: seconds(-age) })
    } else {
        Ok(seconds(micros))
    }
}

/// The text to check; a JSON timestamp in milliseconds must be a number, as vendors send it.
pub(crate) fn text<'f>(rule: &TimestampRule, found: &'f Found<'_>) -> Result<&'f str, Refusal> {
    let in_json = matches!(rule.from, crate::selector::Selector::Json(_));
    if in_json && rule.unit == Unit::Millis && !found.number {
        return Err(Refusal::TimestampFormat);
    }
    found.as_str().ok_or(Refusal::TimestampFormat)
}

/// When something happened, in microseconds: seconds or milliseconds since 1970, or ISO 8601.
pub(crate) fn lenient_micros(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match digits(whole) {
        Some(n) if n >= LARGEST_SECONDS => n.checked_mul(1000),
        Some(n) if fraction.bytes().all(|b| b.is_ascii_digit()) => {
            let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
            n.checked_mul(1_000_000)?.checked_add(micros.parse().ok()?)
        }
        _ => iso8601(text),
    }
}

/// At most 15 digits and nothing else: no sign, no fraction, no white space, never an overflow.
fn digits(text: &str) -> Option<i64> {
    let well_formed = (1..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

fn iso8601(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_digits_are_a_timestamp() {
        for text in ["", "-1", "+1", "1.0", " 1", "1e9", "0x1", "١", "1234567890123456"] {
            assert_eq!(digits(text), None, "{text}");
        }
        assert_eq!(digits("000000000000001"), Some(1));
    }

    #[test]
    fn seconds_milliseconds_and_iso_times_are_told_apart() {
        let expected = Some(1_790_000_000_500_000);
        for text in
            ["1790000000500", "1790000000.5", "2026-09-21T14:13:20.5Z", "2026-09-21T16:13:20.500+02:00"]
        {
            assert_eq!(lenient_micros(text), expected, "{text}");
        }
        assert_eq!(lenient_micros("yesterday"), None);
    }
}
