//! A rule: which events start which job, and how its matching works.

use crate::{
    id::{DestinationId, ProviderId, RuleId, TenantId, VendorId},
    job::{JobKind, JobParams},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Event type to job kind and parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Identity.
    pub id: RuleId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Events of this vendor.
    pub vendor_id: VendorId,
    /// Which event types: see [`matches()`].
    pub pattern: String,
    /// What to do.
    pub job: JobKind,
    /// For `generate`: whom to ask.
    pub provider_id: Option<ProviderId>,
    /// Where the result goes; a `generate` job with one publishes what it made.
    pub destination_id: Option<DestinationId>,
    /// Template, model and limits.
    pub params: JobParams,
    /// Takes part.
    pub enabled: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Whether `event_type` fits `pattern`, in which each `*` stands for any text, also none.
pub fn matches(pattern: &str, event_type: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = event_type.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text_also_none() {
        for (pattern, event_type, fits) in [
            ("*", "", true),
            ("*", "batch.completed", true),
            ("batch.*", "batch.completed", true),
            ("batch.*", "batch", false),
            ("*.completed", "batch.completed", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*a", "a", false),
            ("order.paid", "order.paid", true),
            ("order.paid", "order.paid.twice", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, event_type), fits, "{pattern} ~ {event_type}");
        }
    }
}
