//! What the program does without being asked, as the audit log has it.

use crate::clock::fresh;
use domain::{id::TenantId, time::Timestamp};
use store::AuditEntry;

/// What stands in the place of a person.
pub const NAME: &str = domain::news::BY_ITSELF;

/// An entry about something it did at `at` to what belongs to a tenant.
pub fn audit(
    at: Timestamp,
    tenant: TenantId,
    action: &str,
    target: impl std::fmt::Display,
    detail: impl Into<String>,
) -> AuditEntry {
    AuditEntry {
        id: fresh(),
        at,
        tenant_id: Some(tenant),
        actor: NAME.to_owned(),
        action: action.to_owned(),
        target: target.to_string(),
        detail: detail.into(),
    }
}
