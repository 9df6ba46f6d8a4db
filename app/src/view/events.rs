//! Events: rows, the list as its URL says it, and one event with its versions and jobs.

use super::jobs::JobRow;
use crate::view::escape::escape;
use domain::{
    event::{ByHand, Event, EventVersion},
    id::{EventId, JobId},
    place::EventFilter,
    schedule::ScheduledEvent,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Rows on one page.
pub const EVENTS_PER_PAGE: u32 = 50;

/// One event in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// Identity.
    pub id: EventId,
    /// Short name of the sender.
    pub vendor: String,
    /// What happened, in the vendor's words; may be empty.
    pub event_type: String,
    /// What it is about.
    pub subject_id: Option<String>,
    /// The sender's own id.
    pub external_id: String,
    /// When it happened at the vendor.
    pub occurred_at: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Which version of the secret its signature matched.
    pub secret_version: Option<i32>,
    /// Size of its body in bytes.
    pub body_len: i64,
}

/// One page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPage {
    /// The server's clock.
    pub now: Timestamp,
    /// At most as many rows as were asked for.
    pub rows: Vec<EventRow>,
    /// [`domain::place::Place`] as text when there are older rows.
    pub next_cursor: Option<String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventStory {
    /// The server's clock.
    pub now: Timestamp,
    /// The event.
    pub event: Event,
    /// Short name of the sender.
    pub vendor: String,
    /// Path that was called; empty where nobody called.
    pub path: String,
    /// Whether it was made here of what Tidegate did by itself.
    pub is_news: bool,
    /// All bodies the vendor sent under its id, oldest first; this one among them, unless it is a replay's copy.
    pub versions: Vec<EventVersion>,
    /// Whether it did not arrive, but is the copy a replay made.
    pub copied: bool,
    /// How it was taken in, when that was done by hand.
    pub by_hand: Option<ByHand>,
    /// How it was made, when a schedule did that.
    pub scheduled: Option<ScheduledEvent>,
    /// The jobs it started, oldest first.
    pub jobs: Vec<JobRow>,
    /// The jobs that had done already what it asked for, oldest first.
    pub done_already: Vec<DoneAlready>,
}

/// A job that did what another event asked for as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneAlready {
    /// Identity.
    pub id: JobId,
    /// The job; `None` when it is not kept any more.
    pub job: Option<JobRow>,
}

impl EventStory {
    /// Which of the vendor's versions this is, counted from 1; `None` for a copy, and where too many came before it.
    pub fn number(&self) -> Option<usize> {
        self.versions.iter().position(|version| version.id == self.event.id).map(|place| place + 1)
    }
}

/// What the list shows, as its URL says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsQuery {
    /// Narrowing.
    pub filter: EventFilter,
    /// Where the page begins; `None` for the newest events.
    pub cursor: Option<String>,
}

impl EventsQuery {
    /// Reads the query of a URL. What is not understood is left out, so that an old bookmark still opens a list.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            filter: EventFilter {
                vendor_id: word("vendor").and_then(|text| text.parse().ok()),
                event_type: word("type"),
                subject_id: word("subject"),
                since: word("since").and_then(|text| time(&text)),
                until: word("until").and_then(|text| time(&text)),
            },
            cursor: word("cursor"),
        }
    }

    /// The page of a filter's newest events.
    pub fn of(filter: EventFilter) -> Self {
        Self { filter, cursor: None }
    }

    /// Whether anything is left out of the list.
    pub fn is_narrowed(&self) -> bool {
        self.filter != EventFilter::default()
    }

    /// Where this list stands.
    pub fn href(&self) -> String {
        self.at("/events")
    }

    /// Where the same list stands as a file: all of it, not one page.
    pub fn export_href(&self) -> String {
        Self::of(self.filter.clone()).at("/events/export.csv")
    }

    /// Where the same events are counted before they are run again.
    pub fn replay_href(&self) -> String {
        let href = Self::of(self.filter.clone()).at("/replays");
        let joint = if href.contains('?') { '&' } else { '?' };
        format!("{href}{joint}chosen=yes")
    }

    fn at(&self, path: &str) -> String {
        let filter = &self.filter;
        let parts = [
            filter.vendor_id.map(|id| format!("vendor={id}")),
            filter.event_type.as_ref().map(|text| format!("type={}", escape(text))),
            filter.subject_id.as_ref().map(|text| format!("subject={}", escape(text))),
            filter.since.map(|at| format!("since={}", in_field(at))),
            filter.until.map(|at| format!("until={}", in_field(at))),
            self.cursor.as_ref().map(|cursor| format!("cursor={cursor}")),
        ];
        let query: Vec<String> = parts.into_iter().flatten().collect();
        if query.is_empty() { path.into() } else { format!("{path}?{}", query.join("&")) }
    }
}

/// A time as a form's field for date and time gives it (`2026-11-22T12:31`, in UTC), or RFC 3339.
fn time(text: &str) -> Option<Timestamp> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    };
    Timestamp::parse_rfc3339(&whole)
}

/// A time as a form's field for date and time takes it, in UTC.
pub fn in_field(at: Timestamp) -> String {
    at.rfc3339().chars().take(19).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> EventsQuery {
        EventsQuery::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).into()))
    }

    #[test]
    fn a_list_survives_the_way_through_its_url() {
        let query =
            read(&[("type", "story.ready & more"), ("since", "2026-11-22T12:31"), ("cursor", "64f-0a")]);
        assert_eq!(query.filter.since, Timestamp::parse_rfc3339("2026-11-22T12:31:00Z"));
        assert_eq!(
            query.href(),
            "/events?type=story.ready%20%26%20more&since=2026-11-22T12:31:00&cursor=64f-0a"
        );
        assert_eq!(
            query.export_href(),
            "/events/export.csv?type=story.ready%20%26%20more&since=2026-11-22T12:31:00"
        );
        assert_eq!(
            query.replay_href(),
            "/replays?type=story.ready%20%26%20more&since=2026-11-22T12:31:00&chosen=yes"
        );
        assert_eq!(EventsQuery::default().replay_href(), "/replays?chosen=yes");
        let again = read(&[("since", "2026-11-22T12:31:00")]);
        assert_eq!(again.filter.since, query.filter.since);
    }

    #[test]
    fn what_a_url_says_wrongly_is_left_out() {
        let query = read(&[("vendor", "<b>"), ("since", "yesterday"), ("type", "  ")]);
        assert_eq!((query.href().as_str(), query.is_narrowed()), ("/events", false));
    }
}
