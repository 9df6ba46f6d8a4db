//! Replays: what is chosen, how far each one is, and which events are copies of which.

use super::connections::Choice;
use domain::{
    id::{TenantId, VendorId},
    replay::{Replay, ReplayLink},
    selection::Selection,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Events that are about to be run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// Which.
    pub selection: Selection,
    /// Whose.
    pub tenant_id: TenantId,
    /// How many.
    pub count: i64,
}

/// One replay in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRow {
    /// The replay.
    pub replay: Replay,
    /// Short name of the vendor, where one was chosen.
    pub vendor: Option<String>,
}

/// The page of replays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPage {
    /// The server's clock.
    pub now: Timestamp,
    /// Newest first.
    pub rows: Vec<ReplayRow>,
    /// Vendors one can choose.
    pub vendors: Vec<Choice<VendorId>>,
}

/// What one event has to do with replays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventReplays {
    /// What it is a copy of.
    pub origin: Option<ReplayLink>,
    /// Its copies, oldest first; the first hundred.
    pub copies: Vec<ReplayLink>,
}

/// The page of replays as its URL says it: what is chosen, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayQuery {
    /// Id of a vendor.
    pub vendor: Option<String>,
    /// Pattern of types.
    pub event_type: Option<String>,
    /// A subject.
    pub subject: Option<String>,
    /// A time in UTC.
    pub since: Option<String>,
    /// A time in UTC.
    pub until: Option<String>,
    /// Whether events are chosen at all.
    pub chosen: bool,
}

impl ReplayQuery {
    /// Reads the query of a URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            vendor: word("vendor"),
            event_type: word("type"),
            subject: word("subject"),
            since: word("since"),
            until: word("until"),
            chosen: word("chosen").is_some(),
        }
    }
}

/// A time as a browser's field for times writes it (`2026-11-22T08:00`), read as UTC, or RFC 3339.
pub fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z")))
        .or_else(|| Timestamp::parse_rfc3339(&format!("{text}:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_from_a_browsers_field_is_read_as_utc() {
        let eight = Timestamp::parse_rfc3339("2026-11-22T08:00:00Z");
        assert!(eight.is_some());
        assert_eq!(
            [moment("2026-11-22T08:00"), moment("2026-11-22T08:00:00"), moment("2026-11-22T09:00:00+01:00")],
            [eight; 3]
        );
        assert_eq!(moment("yesterday"), None);
    }

    #[test]
    fn what_is_left_empty_in_the_form_is_not_chosen() {
        let query = ReplayQuery::read(|name| match name {
            "vendor" => Some(String::new()),
            "type" => Some(" a.* ".into()),
            "chosen" => Some("yes".into()),
            _ => None,
        });
        let expected = ReplayQuery { event_type: Some("a.*".into()), chosen: true, ..ReplayQuery::default() };
        assert_eq!(query, expected);
    }
}
