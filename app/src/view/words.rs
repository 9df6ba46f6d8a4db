//! Numbers, sums of money and states as people read them. Knows no locale: both sides must write the same.

use super::jobs::JobRow;
use domain::{
    job::{JobKind, JobState},
    time::{MINUTE, SECOND, Timestamp, in_words},
};

/// A whole number with thousands set apart: `1,284`.
pub fn number(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0 {
        out.push('−');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 job`, `2 jobs`.
pub fn count(n: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// Millionths of a US dollar: `$18.40`, small sums to a hundredth of a cent: `$0.0048`.
pub fn money(micros: i64) -> String {
    match micros {
        0 => "$0".into(),
        1..100 => "under $0.0001".into(),
        100..1_000_000 => format!("${:.4}", micros as f64 / 1e6),
        _ => {
            let cents = (micros + 5_000) / 10_000;
            format!("${}.{:02}", number(cents / 100), cents % 100)
        }
    }
}

/// A length of time in a sentence: like [`in_words`], without a needless `.0`.
pub fn lasting(micros: i64) -> String {
    in_words(micros).replace(".0 s", " s")
}

/// A size in bytes: `812 B`, `4.1 kB`.
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// What a state is called in facets and headings.
pub const fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Pending => "Waiting",
        JobState::Running => "Running",
        JobState::Held => "Held",
        JobState::Succeeded => "Succeeded",
        JobState::Failed => "Failed",
        JobState::Deadletter => "Dead letter",
        JobState::Cancelled => "Cancelled",
    }
}

/// What a kind of job is called.
pub const fn kind_name(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Generate => "Generate",
        JobKind::Publish => "Publish",
        JobKind::Callback => "Callback",
        JobKind::Forward => "Forward",
    }
}

/// A state as a badge says it, with the time left where a job waits: `Retry in 42 s`.
pub fn state_words(state: JobState, attempt: i32, next_run_at: Timestamp, now: Timestamp) -> String {
    if state != JobState::Pending {
        return state_name(state).into();
    }
    let left = next_run_at.since(now);
    match (attempt > 0, left > 0) {
        (true, true) => format!("Retry in {}", roughly(left)),
        (true, false) => "Retry now".into(),
        (false, true) => format!("Starts in {}", roughly(left)),
        (false, false) => "Waiting".into(),
    }
}

/// A length of time short enough for a badge: only its largest unit from a minute on.
fn roughly(micros: i64) -> String {
    let said = in_words(micros);
    if micros < MINUTE {
        return lasting((micros / SECOND).max(1) * SECOND);
    }
    said.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// The last column but one of a list: how long it took, or which try it is at.
pub fn progress(row: &JobRow, now: Timestamp) -> String {
    match row.state {
        JobState::Deadletter => count(row.attempt.into(), "try", "tries"),
        JobState::Pending if row.attempt > 0 => format!("{} of {}", row.attempt, row.max_attempts),
        _ => row.took(now).map(lasting).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1_284, -1_000_000].map(number), ["0", "999", "1,284", "−1,000,000"]);
    }

    #[test]
    fn small_sums_are_shown_finer_than_cents() {
        assert_eq!(
            [0, 40, 4_800, 18_400_000, 1_234_565_000].map(money),
            ["$0", "under $0.0001", "$0.0048", "$18.40", "$1,234.57"]
        );
    }

    #[test]
    fn a_waiting_job_says_how_long_it_waits() {
        let now = Timestamp::from_unix(1_000);
        let said = |attempt, wait| state_words(JobState::Pending, attempt, now.plus(wait), now);
        assert_eq!(said(2, 42 * SECOND), "Retry in 42 s");
        assert_eq!(said(2, 4_100_000), "Retry in 4 s");
        assert_eq!(said(2, 451 * SECOND), "Retry in 7 min");
        assert_eq!((said(1, 0), said(0, 0)), ("Retry now".into(), "Waiting".into()));
        assert_eq!(state_words(JobState::Held, 0, now, now), "Held");
    }
}
