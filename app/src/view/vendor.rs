//! One sender of webhooks: where its page stands, and what is at the top of it.

use domain::{id::VendorId, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Which vendor, as the address of its page says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorAddress {
    /// Its short name.
    pub slug: String,
    /// The short name of its tenant; `None` for the visitor's own, and for owners for the default one.
    pub tenant: Option<String>,
}

impl VendorAddress {
    /// Where its page stands. Short names need no escaping.
    pub fn href(&self) -> String {
        match &self.tenant {
            Some(tenant) => format!("/vendors/{}?tenant={tenant}", self.slug),
            None => format!("/vendors/{}", self.slug),
        }
    }
}

/// Whether a vendor's URL takes webhooks, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VendorState {
    /// It does.
    On,
    /// Switched off: 404 to every sender.
    Off,
    /// Its preset or the preset's options are unknown to this program: 404 to every sender.
    NoPreset,
    /// No version of its secret is accepted at the moment, or none can be read: everything is refused.
    NoSecret,
}

/// What stands at the top of a vendor's page. Read once when the page opens: the panels below hold forms, which
/// must not be drawn anew while somebody types. What changes by itself is in [`VendorFigures`] and in the panels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorHead {
    /// Identity; what panels ask by.
    pub id: VendorId,
    /// Where its page stands.
    pub address: VendorAddress,
    /// Id of its preset, such as `openai`.
    pub preset_id: String,
    /// Name of its preset, as people read it.
    pub preset: String,
    /// Where the vendor describes how it signs.
    pub doc_url: Option<String>,
    /// The whole URL it posts to; `None` where its events are made here.
    pub url: Option<String>,
    /// Whether it takes webhooks.
    pub state: VendorState,
    /// When it was added.
    pub created_at: Timestamp,
}

impl VendorHead {
    /// Whether how it signs was written by hand.
    pub fn is_custom(&self) -> bool {
        self.preset_id == "custom"
    }

    /// Whether its events are Tidegate's own news, so that nobody posts to it.
    pub fn tells_news(&self) -> bool {
        self.preset_id == domain::news::PRESET
    }
}

/// What a vendor sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorFigures {
    /// The server's clock.
    pub now: Timestamp,
    /// Stored during the last 24 hours.
    pub accepted: i64,
    /// There already, during the last 24 hours.
    pub duplicate: i64,
    /// Turned away during the last 24 hours.
    pub refused: i64,
    /// The minute in which the last webhook was stored, as far back as that is kept.
    pub last_event_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_tenant_only_where_it_must() {
        let at = |tenant: Option<&str>| VendorAddress { slug: "acme".into(), tenant: tenant.map(Into::into) };
        assert_eq!(at(None).href(), "/vendors/acme");
        assert_eq!(at(Some("north")).href(), "/vendors/acme?tenant=north");
    }
}
