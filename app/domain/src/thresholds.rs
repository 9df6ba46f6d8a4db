//! When a circuit breaker opens by itself: what can be set, for whom, within which bounds, and what holds in the end.
//! The closer setting counts, number by number: that of a destination or provider, then the installation's, then what is
//! usual for what is called.

use crate::{
    breaker::BreakerKey,
    id::{DestinationId, ProviderId, TenantId},
    pause::BadTarget,
    time::SECOND,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Into how many buckets a window is cut: it slides by a bucket at a time.
const BUCKETS: i64 = 12;

crate::words! {
    /// A number that can be set.
    pub enum Threshold {
        /// It opens when so many of a hundred calls fail.
        FailureRate = "failure_rate",
        /// It opens when so many of a hundred calls are slow.
        SlowRate = "slow_rate",
        /// A call is slow from so many seconds on.
        SlowAfter = "slow_after",
        /// Fewer calls than this in the window are no rate.
        MinCalls = "min_calls",
        /// It opens when so many different jobs fail with no call between that goes well; 0 for never.
        InARow = "in_a_row",
        /// How many seconds back calls are counted.
        Window = "window",
        /// How many seconds it stays open at first; doubles with each try that fails, up to ten minutes.
        Wait = "wait",
    }
}

impl Threshold {
    /// What can be set, both ends included. Of one job in a row nothing can be told: see [`Threshold::takes`].
    pub const fn bounds(self) -> RangeInclusive<u32> {
        match self {
            Self::FailureRate | Self::SlowRate => 1..=100,
            Self::SlowAfter => 1..=3_600,
            Self::MinCalls => 2..=10_000,
            Self::InARow => 0..=10,
            Self::Window => 10..=3_600,
            Self::Wait => 1..=600,
        }
    }

    /// Whether it can be set to `number`.
    pub fn takes(self, number: u32) -> bool {
        self.bounds().contains(&number) && (self, number) != (Self::InARow, 1)
    }

    /// What holds where nobody set anything. A model may take longer than a site, so its calls are counted for longer.
    pub const fn usual(self, of_models: bool) -> u32 {
        match (self, of_models) {
            (Self::FailureRate, _) => 50,
            (Self::SlowRate, _) => 80,
            (Self::SlowAfter, false) => 10,
            (Self::SlowAfter, true) => 60,
            (Self::MinCalls, _) => 10,
            (Self::InARow, _) => 5,
            (Self::Window, false) => 60,
            (Self::Window, true) => 180,
            (Self::Wait, _) => 30,
        }
    }

    /// What people call it, as it stands in the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailureRate => "failure rate",
            Self::SlowRate => "rate of slow calls",
            Self::SlowAfter => "time after which a call is slow",
            Self::MinCalls => "least number of calls",
            Self::InARow => "number of jobs in a row",
            Self::Window => "window",
            Self::Wait => "first pause",
        }
    }

    /// What to give instead of something that cannot be taken.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::FailureRate | Self::SlowRate => "Give a share from 1 to 100 per cent.",
            Self::SlowAfter => "Give a number of seconds from 1 to 3,600.",
            Self::MinCalls => "Give a number of calls from 2 to 10,000.",
            Self::InARow => "Give a number of jobs from 2 to 10, or 0 for never.",
            Self::Window => "Give a number of seconds from 10 to 3,600.",
            Self::Wait => "Give a number of seconds from 1 to 600.",
        }
    }

    /// The same number with its unit: `50 %`, `30 s`.
    pub fn said(self, number: u32) -> String {
        match self {
            Self::FailureRate | Self::SlowRate => format!("{number} %"),
            Self::SlowAfter | Self::Window | Self::Wait => format!("{number} s"),
            Self::MinCalls | Self::InARow => number.to_string(),
        }
    }
}

/// Numbers that are set; those that are not are inherited.
pub type Chosen = BTreeMap<Threshold, u32>;

/// For whom something is set. Its text form is `installation` or the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guarded {
    /// All breakers of the installation.
    Installation,
    /// The breaker of a destination.
    Destination(DestinationId),
    /// The breakers of a provider and of its models.
    Provider(ProviderId),
}

impl Guarded {
    /// Whom a breaker belongs to.
    pub const fn of(key: &BreakerKey) -> Self {
        match key {
            BreakerKey::Destination(id) => Self::Destination(*id),
            BreakerKey::Provider(id) | BreakerKey::Model(id, _) => Self::Provider(*id),
        }
    }
}

impl std::fmt::Display for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Installation => f.write_str("installation"),
            Self::Destination(id) => id.fmt(f),
            Self::Provider(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for Guarded {
    type Err = BadTarget;
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        if text == "installation" {
            return Ok(Self::Installation);
        }
        // An id says by its prefix what it is of.
        let destination = text.parse().map(Self::Destination).ok();
        destination.or_else(|| text.parse().map(Self::Provider).ok()).ok_or(BadTarget)
    }
}

impl Serialize for Guarded {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guarded {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What is set for one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetThresholds {
    /// For whom.
    pub of: Guarded,
    /// Whose that is; `None` for the installation.
    pub tenant_id: Option<TenantId>,
    /// The numbers.
    pub chosen: Chosen,
}

/// What holds for one breaker. Times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Per cent.
    pub failure_rate: i64,
    /// Per cent.
    pub slow_rate: i64,
    /// A call that took as long or longer is slow.
    pub slow_after: i64,
    /// Fewer calls than this are no rate.
    pub min_calls: i64,
    /// Different jobs that fail in a row; 0 for never.
    pub in_a_row: usize,
    /// How far back calls are counted.
    pub window: i64,
    /// How long it stays open at first.
    pub wait: i64,
}

impl Thresholds {
    /// What holds when these are set, the closest first; `wait` is the first pause where none of them says one.
    pub fn of(of_models: bool, set: &[Option<&Chosen>], wait: i64) -> Self {
        let chosen = |what| set.iter().flatten().find_map(|chosen| chosen.get(&what).copied());
        let number = |what: Threshold| i64::from(chosen(what).unwrap_or(what.usual(of_models)));
        Self {
            failure_rate: number(Threshold::FailureRate),
            slow_rate: number(Threshold::SlowRate),
            slow_after: number(Threshold::SlowAfter) * SECOND,
            min_calls: number(Threshold::MinCalls),
            in_a_row: usize::try_from(number(Threshold::InARow)).unwrap_or(0),
            window: number(Threshold::Window) * SECOND,
            wait: chosen(Threshold::Wait).map_or(wait, |seconds| i64::from(seconds) * SECOND).max(1),
        }
    }

    /// How long a bucket of calls is.
    pub fn bucket(&self) -> i64 {
        (self.window / BUCKETS).max(1)
    }

    /// The numbers with their units, for logs and lists.
    pub fn said(&self) -> String {
        let row = match self.in_a_row {
            0 => String::new(),
            jobs => format!("{jobs} in a row, "),
        };
        format!(
            "{row}{} % failed or {} % slower than {} s of {} calls in {} s, then {} s",
            self.failure_rate,
            self.slow_rate,
            self.slow_after / SECOND,
            self.min_calls,
            self.window / SECOND,
            (self.wait / SECOND).max(1),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn for_whom_something_is_set_is_read_back_from_its_text() {
        let id = Uuid::from_u128(7);
        for of in [
            Guarded::Installation,
            Guarded::Destination(DestinationId::new(id)),
            Guarded::Provider(ProviderId::new(id)),
        ] {
            assert_eq!(of.to_string().parse(), Ok(of));
        }
        assert_eq!("everything".parse::<Guarded>(), Err(BadTarget));
    }

    #[test]
    fn the_closest_setting_counts_number_by_number() {
        let all = Chosen::from([(Threshold::FailureRate, 30), (Threshold::Window, 120)]);
        let own = Chosen::from([(Threshold::FailureRate, 70)]);
        let holds = Thresholds::of(false, &[Some(&own), Some(&all)], 5 * SECOND);
        assert_eq!((holds.failure_rate, holds.window, holds.slow_rate), (70, 120 * SECOND, 80));
        assert_eq!(holds.wait, 5 * SECOND, "what the settings of the node say");
        let none = Thresholds::of(true, &[None, None], SECOND);
        assert_eq!((none.slow_after, none.window), (60 * SECOND, 180 * SECOND));
    }

    #[test]
    fn what_is_usual_is_within_the_bounds() {
        for what in Threshold::ALL {
            for models in [false, true] {
                assert!(what.takes(what.usual(models)), "{what}");
            }
            assert!(!what.takes(what.bounds().end() + 1), "{what}");
        }
        assert!(Threshold::InARow.takes(0) && !Threshold::InARow.takes(1));
    }
}
