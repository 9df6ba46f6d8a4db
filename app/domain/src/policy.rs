//! What is decided per vendor about its requests, beyond how they are signed. One value, kept as JSON: a field that
//! is not there has its default, so each can be added without touching the stored ones.

use crate::redaction::Redaction;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// What is decided about one vendor's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorPolicy {
    /// Networks requests may come from; any when empty.
    #[serde(default)]
    pub allow: Vec<IpNet>,
    /// How many requests are taken; any number when `None`.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// What of its requests is never stored.
    #[serde(default, skip_serializing_if = "Redaction::is_empty")]
    pub redaction: Redaction,
}

/// A token bucket: so many requests at once, refilled so many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Requests a second in the long run, at least 1.
    pub per_second: u32,
    /// Requests at once after a pause, at least 1.
    pub burst: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_a_field_has_its_default_and_an_unknown_field_is_passed_over() {
        assert_eq!(serde_json::from_str::<VendorPolicy>("{}").unwrap(), VendorPolicy::default());
        let newer = r#"{"rate":{"per_second":5,"burst":9},"of_a_newer_program":true}"#;
        let policy: VendorPolicy = serde_json::from_str(newer).unwrap();
        assert_eq!(policy.rate, Some(Rate { per_second: 5, burst: 9 }));
    }
}
