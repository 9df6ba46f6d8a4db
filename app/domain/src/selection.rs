//! Which stored events an export or a replay means. Times are when an event arrived here.

use crate::{
    id::{EventId, VendorId},
    rule::matches,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Which events are meant; the default means all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Only from this vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<VendorId>,
    /// Only types that fit: as in rules, each `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Only about this subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<String>,
    /// Arrived then or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Arrived before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<EventId>,
    /// Without those that are themselves replays, so that a range that is run twice does not double.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub originals: bool,
}

impl Selection {
    /// Whether a type is meant. The store asks the same in SQL.
    pub fn means_type(&self, event_type: &str) -> bool {
        self.event_type.as_deref().is_none_or(|pattern| matches(pattern, event_type))
    }

    /// What is meant, for a person: `type invoice.*, since 22 Nov 2026, 08:00:00 UTC`. Leaves out the vendor, whose name
    /// is not known here.
    pub fn in_words(&self) -> String {
        let parts = [
            self.id.map(|id| id.to_string()),
            self.event_type.as_ref().map(|pattern| format!("type {pattern}")),
            self.subject_id.as_ref().map(|subject| format!("subject {subject}")),
            self.since.map(|since| format!("since {}", since.long())),
            self.until.map(|until| format!("before {}", until.long())),
        ];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        if said.is_empty() { "all events".into() } else { said.join(", ") }
    }
}

/// A place in events sorted by arrival: the last one seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventCursor {
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its id, which decides between events of the same time.
    pub id: EventId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_says_in_words_which_events_it_means() {
        let filter = Selection {
            event_type: Some("invoice.*".into()),
            since: Timestamp::parse_rfc3339("2026-11-22T08:00:00Z"),
            ..Selection::default()
        };
        assert_eq!(filter.in_words(), "type invoice.*, since 22 Nov 2026, 08:00:00 UTC");
        assert_eq!(Selection::default().in_words(), "all events");
        assert!(filter.means_type("invoice.paid") && !filter.means_type("order.paid"));
    }
}
