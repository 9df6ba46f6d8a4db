//! What of a vendor's requests is never stored, as its page shows it.

use domain::{
    privacy::TenantPrivacy,
    redaction::{Pointer, Redaction},
};
use serde::{Deserialize, Serialize};

/// What is kept of a vendor's payloads, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorPrivacy {
    /// What is never stored.
    pub rules: Redaction,
    /// How its tenant keeps the rest.
    pub tenant: TenantPrivacy,
}

/// Rules as they stand in a form: one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedRules {
    /// JSON pointers.
    pub pointers: String,
    /// Header names.
    pub headers: String,
    /// Names of form fields.
    pub fields: String,
}

impl TypedRules {
    /// Rules as they are typed.
    pub fn of(rules: &Redaction) -> Self {
        let pointers: Vec<&str> = rules.pointers.iter().map(Pointer::as_str).collect();
        Self {
            pointers: pointers.join("\n"),
            headers: rules.headers.join("\n"),
            fields: rules.fields.join("\n"),
        }
    }
}
