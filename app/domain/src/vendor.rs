//! A configured sender of webhooks. How it signs is its preset's business (crate `signature`).

use crate::{
    id::{TenantId, VendorId},
    policy::VendorPolicy,
    slug::Slug,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A configured sender of webhooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Identity.
    pub id: VendorId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Name in URLs, unique within the tenant.
    pub slug: Slug,
    /// Which preset says how it signs.
    pub preset: String,
    /// What the preset lets one choose per vendor, such as header names.
    pub options: BTreeMap<String, String>,
    /// Answers 404 while false.
    pub enabled: bool,
    /// Largest body accepted, in bytes; `None` for the preset's limit.
    pub max_body: Option<u32>,
    /// What else is decided about its requests.
    pub policy: VendorPolicy,
    /// When it was added.
    pub created_at: Timestamp,
}
