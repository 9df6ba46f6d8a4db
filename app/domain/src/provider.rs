//! An AI API a `generate` job calls. Its key is sealed in the store and is not part of this type.

use crate::{
    id::{ProviderId, TenantId},
    slug::Slug,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// Which wire format an AI API speaks.
    pub enum ProviderKind {
        /// OpenAI's chat completions, and every server that speaks the same.
        Openai = "openai",
        /// Anthropic's messages.
        Anthropic = "anthropic",
    }
}

/// An AI API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Identity.
    pub id: ProviderId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Name, unique within the tenant.
    pub slug: Slug,
    /// Wire format.
    pub kind: ProviderKind,
    /// Base URL, ending before `/chat/completions` or `/messages`; `None` for the vendor's own.
    pub base_url: Option<String>,
    /// Model asked for unless a rule names another.
    pub model: String,
    /// Whether a key is stored.
    pub has_key: bool,
    /// Takes part in new work.
    pub enabled: bool,
    /// When it was added.
    pub created_at: Timestamp,
}
