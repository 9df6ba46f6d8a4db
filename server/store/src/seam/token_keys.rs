//! The keys that sign tokens, as they follow one another.

use super::{AuditEntry, Result, Sealed};
use async_trait::async_trait;
use domain::time::Timestamp;
use uuid::Uuid;

/// A key that signs tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKey {
    /// Identity; nil for the first one, which stands in the settings.
    pub id: Uuid,
    /// When it was made; the first one's is not kept.
    pub created_at: Timestamp,
    /// From when on it signs, until the next one does.
    pub signs_from: Timestamp,
    /// The key.
    pub sealed: Sealed,
}

/// What becomes of the keys that are there when a new one is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They stay until they are forgotten.
    Stay,
    /// They are deleted in the same transaction.
    Go,
}

/// Keys that sign tokens.
#[async_trait]
pub trait TokenKeyStore {
    /// All that are kept, in the order in which they sign; none before the first one was made.
    async fn token_keys(&self) -> Result<Vec<TokenKey>>;
    /// Adds one. `Conflict` when one is there that does not sign yet when it is made, unless the others go.
    async fn add_token_key(&self, key: &TokenKey, others: Others, audit: &AuditEntry) -> Result<()>;
    /// Deletes those that another one followed at `before` or earlier; returns how many.
    async fn forget_token_keys(&self, before: Timestamp) -> Result<u64>;
}
