//! The keys that sign tokens for sites. They belong to the whole installation, whoever's sites believe them.

use super::Actor;
use crate::{error::AppError, view::token_keys::TokenKeys};
use async_trait::async_trait;

/// Keys that sign tokens.
#[async_trait]
pub trait TokenKeysPort: Send + Sync {
    /// Those that are published; for everybody who is signed in, as they are for everybody.
    async fn token_keys(&self, actor: &Actor) -> Result<TokenKeys, AppError>;
    /// Publishes a new key, which signs after `lead` microseconds; the one before is published until its tokens ended.
    /// `None`: it signs at once and all others are withdrawn. For owners, else [`AppError::NotAllowed`]. Returns its name.
    /// A lead outside [`LEADS`](crate::view::token_keys::LEADS): `Invalid { Lead, TooShort | TooLong }`; a key that waits
    /// to sign already: `Invalid { Form, UnderWay }`.
    async fn replace_token_key(&self, actor: &Actor, lead: Option<i64>) -> Result<String, AppError>;
}
