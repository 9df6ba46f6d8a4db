//! The audit log as its page shows it, and its URL.

use super::escape::escape;
use domain::{audit::AuditFilter, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Entries on one page.
pub const ENTRIES_PER_PAGE: u32 = 50;

/// One thing somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// Identity.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Short name of the tenant; `None` for the whole installation.
    pub tenant: Option<String>,
    /// Who: an e-mail address, or `cli`, or `tidegate` for what it does by itself.
    pub actor: String,
    /// What, such as `vendor.rotate`.
    pub action: String,
    /// To what.
    pub target: String,
    /// More, in plain words.
    pub detail: String,
}

/// One page of entries, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The server's clock.
    pub now: Timestamp,
    /// The entries.
    pub rows: Vec<AuditRow>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// What the page shows: its query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Narrowing.
    pub filter: AuditFilter,
    /// Where the page begins; `None` for the newest entries.
    pub cursor: Option<String>,
}

impl AuditQuery {
    /// Reads the query of a URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let filter = AuditFilter { actor: word("actor"), action: word("action"), target: word("target") };
        Self { filter, cursor: word("cursor") }
    }

    /// The newest entries of a filter.
    pub const fn of(filter: AuditFilter) -> Self {
        Self { filter, cursor: None }
    }

    /// Whether anything is left out.
    pub fn is_narrowed(&self) -> bool {
        self.filter != AuditFilter::default()
    }

    /// Where this page stands.
    pub fn href(&self) -> String {
        self.at("/audit")
    }

    /// Where all entries of its filter are as a file.
    pub fn export(&self) -> String {
        Self::of(self.filter.clone()).at("/audit/export.csv")
    }

    fn at(&self, path: &str) -> String {
        let parts = [
            ("actor", &self.filter.actor),
            ("action", &self.filter.action),
            ("target", &self.filter.target),
            ("cursor", &self.cursor),
        ];
        let query: Vec<String> = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", escape(value.as_ref()?))))
            .collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_s_address_carries_its_filters_escaped() {
        let pairs =
            [("actor", "ada+x@example.org"), ("action", " vendor "), ("target", ""), ("cursor", "1-a")];
        let query =
            AuditQuery::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).into()));
        assert_eq!(query.href(), "/audit?actor=ada%2Bx%40example.org&action=vendor&cursor=1-a");
        assert_eq!(query.export(), "/audit/export.csv?actor=ada%2Bx%40example.org&action=vendor");
        assert!(query.is_narrowed() && !AuditQuery::default().is_narrowed());
    }
}
