//! A schedule: an event that is made at set times, as if its vendor had sent it. Which times a cron expression means is
//! worked out elsewhere.

use crate::{
    id::{EventId, ScheduleId, TenantId, VendorId},
    slug::Slug,
    time::{SECOND, Timestamp, in_words},
    zone::Zone,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Shortest time between two events, in seconds.
pub const SHORTEST_S: u32 = 10;
/// Longest time between two events that is counted in seconds: a year.
pub const LONGEST_S: u32 = 366 * 24 * 3_600;

/// At which times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Those a cron expression of five fields means, in UTC.
    Cron(String),
    /// Those it means by the clocks of a zone other than UTC.
    Local {
        /// The zone.
        zone: Zone,
        /// The expression.
        expression: String,
    },
    /// So many seconds apart: [`SHORTEST_S`] to [`LONGEST_S`].
    Every(u32),
}

/// A text that is no pace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a pace is `cron …`, `local ZONE …` or `every … s`")]
pub struct BadPace;

impl Pace {
    /// The times of a cron expression by the clocks of `zone`, or in UTC.
    pub fn cron(expression: String, zone: Option<Zone>) -> Self {
        match zone.filter(|zone| zone.as_str() != Zone::UTC) {
            Some(zone) => Self::Local { zone, expression },
            None => Self::Cron(expression),
        }
    }

    /// The cron expression, and the zone whose clocks it goes by; `None` for times that are so far apart.
    pub fn expression(&self) -> Option<(&str, &str)> {
        match self {
            Self::Cron(expression) => Some((expression, Zone::UTC)),
            Self::Local { zone, expression } => Some((expression, zone.as_str())),
            Self::Every(_) => None,
        }
    }

    /// For people: `every 15 min`, or the expression and its zone.
    pub fn in_words(&self) -> String {
        match self {
            Self::Cron(expression) => format!("{expression} {}", Zone::UTC),
            Self::Local { zone, expression } => format!("{expression} {zone}"),
            Self::Every(seconds) => format!("every {}", in_words(i64::from(*seconds) * SECOND)),
        }
    }
}

/// As it is kept: `cron 0 7 * * *`, `local Europe/Berlin 0 7 * * *`, `every 900 s`. A program that does not know zones can
/// read none, so that it makes nothing rather than something at a wrong time.
impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(expression) => write!(f, "cron {expression}"),
            Self::Local { zone, expression } => write!(f, "local {zone} {expression}"),
            Self::Every(seconds) => write!(f, "every {seconds} s"),
        }
    }
}

impl FromStr for Pace {
    type Err = BadPace;
    fn from_str(text: &str) -> Result<Self, BadPace> {
        if let Some(expression) = text.strip_prefix("cron ") {
            return Ok(Self::Cron(expression.to_owned()));
        }
        if let Some((zone, expression)) = text.strip_prefix("local ").and_then(|rest| rest.split_once(' ')) {
            let zone = zone.parse().map_err(|_| BadPace)?;
            return Ok(Self::cron(expression.to_owned(), Some(zone)));
        }
        let seconds = text.strip_prefix("every ").and_then(|rest| rest.strip_suffix(" s"));
        seconds.and_then(|number| number.parse().ok()).map(Self::Every).ok_or(BadPace)
    }
}

impl Serialize for Pace {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An event that is made at set times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Identity.
    pub id: ScheduleId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Whose events they are.
    pub vendor_id: VendorId,
    /// Short name, one of its kind within the tenant.
    pub slug: Slug,
    /// Their type.
    pub event_type: String,
    /// What they are about.
    pub subject_id: Option<String>,
    /// Their body: JSON.
    pub payload: String,
    /// When they are made.
    pub pace: Pace,
    /// Whether they are.
    pub enabled: bool,
    /// When the next one is due.
    pub next_at: Timestamp,
    /// When the last one was made.
    pub last_at: Option<Timestamp>,
    /// That one.
    pub last_event_id: Option<EventId>,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// That an event was made by a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledEvent {
    /// The event.
    pub event_id: EventId,
    /// The schedule; it may be gone.
    pub schedule_id: ScheduleId,
    /// What it was called.
    pub slug: Slug,
    /// When the event was due.
    pub due_at: Timestamp,
    /// Who made it ahead of its time; nobody when it was due.
    pub run_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_read_back_as_it_was_written() {
        for (pace, text, words) in [
            (Pace::Cron("0 7 * * 1-5".into()), "cron 0 7 * * 1-5", "0 7 * * 1-5 UTC"),
            (
                Pace::cron("0 7 * * 1-5".into(), "Europe/Berlin".parse().ok()),
                "local Europe/Berlin 0 7 * * 1-5",
                "0 7 * * 1-5 Europe/Berlin",
            ),
            (Pace::Every(900), "every 900 s", "every 15 min"),
        ] {
            assert_eq!((pace.to_string().as_str(), pace.in_words().as_str()), (text, words));
            assert_eq!(text.parse(), Ok(pace));
        }
        assert_eq!(Pace::cron("0 7 * * *".into(), "UTC".parse().ok()), Pace::Cron("0 7 * * *".into()));
        for bad in [
            "local",
            "local Europe/Berlin",
            "local +1 0 7 * * *",
            "",
            "cron",
            "every s",
            "every -1 s",
            "0 7 * * *",
        ] {
            assert_eq!(bad.parse::<Pace>(), Err(BadPace), "{bad}");
        }
    }
}
