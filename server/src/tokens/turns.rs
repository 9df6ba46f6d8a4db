//! Which of several keys signs, and which are published. A new key is published long before it signs, so that sites know it
//! by then; the one before is published until no token it signed is good any more. All of it follows from the times at
//! which they begin to sign, so nodes need not agree about anything but the clock.

use domain::time::{MINUTE, Timestamp};

/// How long a key is still published after its successor began to sign: a node may sign with it for as long as it keeps
/// keys in memory, a token is good for a minute, sites allow for clocks that differ, and others may keep the set of keys
/// for five minutes.
pub(super) const STAYS: i64 = 10 * MINUTE;

/// What a key is for at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Published; it signs from this moment on.
    Next(Timestamp),
    /// It signs.
    Signs,
    /// Published until this moment; it signs no more.
    Last(Timestamp),
    /// Neither; it is about to be forgotten.
    Over,
}

/// What each key is for at `now`; `begin` says from when on they sign, in that order.
pub(super) fn turns(begin: &[Timestamp], now: Timestamp) -> Vec<Turn> {
    // Before the first one's time, which only a clock that was set back brings about, the first one signs.
    let signs = begin.iter().rposition(|from| *from <= now).unwrap_or(0);
    let turn = |(at, from): (usize, &Timestamp)| match begin.get(at + 1) {
        _ if at == signs => Turn::Signs,
        _ if at > signs => Turn::Next(*from),
        Some(next) if now < next.plus(STAYS) => Turn::Last(next.plus(STAYS)),
        _ => Turn::Over,
    };
    begin.iter().enumerate().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::HOUR;

    const NOON: Timestamp = Timestamp(1_790_000_040_000_000);

    #[test]
    fn a_key_is_published_before_it_signs_and_after_it_did() {
        let begin = [Timestamp(0), NOON.plus(24 * HOUR)];
        let at = |moment: Timestamp| turns(&begin, moment);
        let (takes_over, ends) = (NOON.plus(24 * HOUR), NOON.plus(24 * HOUR + STAYS));
        assert_eq!(at(NOON), [Turn::Signs, Turn::Next(takes_over)]);
        assert_eq!(at(takes_over.plus(-1)), [Turn::Signs, Turn::Next(takes_over)]);
        assert_eq!(at(takes_over), [Turn::Last(ends), Turn::Signs]);
        assert_eq!(at(ends.plus(-1)), [Turn::Last(ends), Turn::Signs]);
        assert_eq!(at(ends), [Turn::Over, Turn::Signs]);
    }

    #[test]
    fn one_key_signs_whatever_the_clock_says() {
        assert_eq!(turns(&[NOON], NOON.plus(-HOUR)), [Turn::Signs]);
        assert_eq!(turns(&[NOON, NOON.plus(1)], NOON.plus(-HOUR)), [Turn::Signs, Turn::Next(NOON.plus(1))]);
        assert_eq!(turns(&[], NOON), []);
    }

    #[test]
    fn of_three_keys_the_oldest_is_over_when_the_second_took_over_long_ago() {
        let begin = [Timestamp(0), NOON, NOON.plus(HOUR)];
        let now = NOON.plus(30 * MINUTE);
        assert_eq!(turns(&begin, now), [Turn::Over, Turn::Signs, Turn::Next(NOON.plus(HOUR))]);
    }
}
