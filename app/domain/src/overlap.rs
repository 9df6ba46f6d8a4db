//! How long a replaced secret is still accepted.

use crate::time::{DAY, HOUR};

/// What is offered first, in microseconds.
pub const USUAL: i64 = 24 * HOUR;
/// The longest that can be asked for, in microseconds.
pub const LONGEST: i64 = 7 * DAY;

/// Whether a secret may be accepted for this many microseconds more.
pub fn fits(micros: i64) -> bool {
    (0..=LONGEST).contains(&micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlap_lasts_from_nothing_to_seven_days() {
        assert!(fits(0) && fits(USUAL) && fits(LONGEST));
        assert!(!fits(-1) && !fits(LONGEST + 1));
    }
}
