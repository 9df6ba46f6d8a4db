//! Sessions as rows; what is in one is the web layer's business.

use super::Result;
use async_trait::async_trait;
use domain::{id::UserId, time::Timestamp};

/// Sessions.
#[async_trait]
pub trait SessionRows {
    /// Adds a session; `Conflict` when the id is taken, so that the caller draws another.
    async fn create_session(
        &self,
        id: &str,
        user: Option<UserId>,
        data: &[u8],
        expires_at: Timestamp,
    ) -> Result<()>;
    /// Replaces a session, or adds it.
    async fn save_session(
        &self,
        id: &str,
        user: Option<UserId>,
        data: &[u8],
        expires_at: Timestamp,
    ) -> Result<()>;
    /// A session that has not expired.
    async fn session(&self, id: &str, now: Timestamp) -> Result<Option<(Vec<u8>, Timestamp)>>;
    /// Ends a session.
    async fn delete_session(&self, id: &str) -> Result<()>;
    /// Forgets expired sessions.
    async fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64>;
}
