//! A tenant: a customer or site. Everything else belongs to one.

use crate::{id::TenantId, slug::Slug, time::Timestamp};
use serde::{Deserialize, Serialize};

/// The short name of the tenant that exists from the start and needs not be named in URLs.
pub const DEFAULT_TENANT: &str = "default";

/// A customer or site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Identity.
    pub id: TenantId,
    /// Name in URLs.
    pub slug: Slug,
    /// Name people read.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
}
