//! Requests to vendors' URLs, accepted and refused: rows, the list as its URL says it, and one refused request.

use super::jobs::Facet;
use domain::{
    id::{EventId, RequestId, VendorId},
    place::Outcome,
    refusal::{Finding, ReasonCount, RefusedRequest},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Rows on one page.
pub const REQUESTS_PER_PAGE: u32 = 50;

/// Which requests a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFilter {
    /// Only those this became of.
    pub outcome: Option<Outcome>,
    /// Only to this vendor.
    pub vendor_id: Option<VendorId>,
    /// Only refused for this reason.
    pub reason: Option<String>,
}

/// One request in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Identity.
    pub id: RequestId,
    /// When it came.
    pub received_at: Timestamp,
    /// Short name of the vendor whose URL was called.
    pub vendor: String,
    /// Size of its body in bytes.
    pub body_len: i64,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It was stored.
    Accepted {
        /// As this event.
        event_id: EventId,
        /// What happened, in the vendor's words.
        event_type: String,
    },
    /// It was turned away.
    Refused {
        /// What was answered.
        status: u16,
        /// Reason code.
        reason: String,
        /// The reason in plain words.
        detail: String,
        /// The likely cause.
        finding: Option<Finding>,
        /// The event it became when somebody accepted it by hand.
        accepted: Option<EventId>,
    },
}

impl RequestRow {
    /// Where its page stands.
    pub fn href(&self) -> String {
        match &self.fate {
            Fate::Accepted { event_id, .. } => format!("/events/{event_id}"),
            Fate::Refused { .. } => format!("/requests/{}", self.id),
        }
    }
}

/// One page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestPage {
    /// The server's clock.
    pub now: Timestamp,
    /// At most as many rows as were asked for.
    pub rows: Vec<RequestRow>,
    /// [`domain::place::Place`] as text when there are older rows.
    pub next_cursor: Option<String>,
    /// Vendors of the actor's tenants.
    pub vendors: Vec<Facet<VendorId>>,
    /// Reasons among the refused requests that are kept.
    pub reasons: Vec<ReasonCount>,
}

/// One refused request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestStory {
    /// The server's clock.
    pub now: Timestamp,
    /// The request.
    pub request: RefusedRequest,
    /// Short name of the vendor whose URL was called.
    pub vendor: String,
    /// Name of its preset.
    pub preset: String,
    /// What was checked, in order.
    pub checks: Vec<Check>,
}

/// One check of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was checked.
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// What was expected, or what was wrong.
    pub detail: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckState {
    /// Well.
    Passed,
    /// This is why the request was refused.
    Failed,
    /// Not made, because an earlier one failed.
    NotReached,
}

/// What the list shows, as its URL says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestsQuery {
    /// Narrowing.
    pub filter: RequestFilter,
    /// Where the page begins; `None` for the newest requests.
    pub cursor: Option<String>,
}

impl RequestsQuery {
    /// Reads the query of a URL. What is not understood is left out, so that an old bookmark still opens a list.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| get(name).filter(|text| !text.is_empty());
        Self {
            filter: RequestFilter {
                outcome: word("outcome").and_then(|text| text.parse().ok()),
                vendor_id: word("vendor").and_then(|text| text.parse().ok()),
                reason: word("reason").filter(|text| is_code(text)),
            },
            cursor: word("cursor"),
        }
    }

    /// The page of a filter's newest requests.
    pub fn of(filter: RequestFilter) -> Self {
        Self { filter, cursor: None }
    }

    /// Whether anything is left out of the list.
    pub fn is_narrowed(&self) -> bool {
        self.filter != RequestFilter::default()
    }

    /// Where this list stands. Values are words, codes, ids and hexadecimal digits, which need no escaping.
    pub fn href(&self) -> String {
        let parts = [
            self.filter.outcome.map(|outcome| format!("outcome={outcome}")),
            self.filter.vendor_id.map(|id| format!("vendor={id}")),
            self.filter.reason.as_ref().map(|reason| format!("reason={reason}")),
            self.cursor.as_ref().map(|cursor| format!("cursor={cursor}")),
        ];
        let query: Vec<String> = parts.into_iter().flatten().collect();
        if query.is_empty() { "/requests".into() } else { format!("/requests?{}", query.join("&")) }
    }
}

/// Whether a text can be a reason code.
fn is_code(text: &str) -> bool {
    text.len() <= 60
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> RequestsQuery {
        RequestsQuery::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).into()))
    }

    #[test]
    fn a_list_survives_the_way_through_its_url_and_nonsense_is_left_out() {
        let query = read(&[("outcome", "refused"), ("reason", "signature_mismatch"), ("cursor", "64f-0a")]);
        assert_eq!(query.href(), "/requests?outcome=refused&reason=signature_mismatch&cursor=64f-0a");
        assert!(query.is_narrowed());
        let nonsense = read(&[("outcome", "eaten"), ("vendor", "<b>"), ("reason", "a&b=\"")]);
        assert_eq!((nonsense.href().as_str(), nonsense.is_narrowed()), ("/requests", false));
    }
}
