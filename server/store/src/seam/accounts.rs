//! People who sign in, the one-time set-up link, and the throttle that slows guessing.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    id::{TenantId, UserId},
    time::Timestamp,
    user::User,
};

/// Accounts. Password hashes are argon2id in PHC text form; this crate never sees a password.
#[async_trait]
pub trait AccountStore {
    /// Whether any account exists.
    async fn has_users(&self) -> Result<bool>;
    /// Adds an account; `Conflict` when the e-mail is taken.
    async fn add_user(&self, user: &User, password_hash: &str, audit: &AuditEntry) -> Result<()>;
    /// Keeps the hash of the one-time set-up token until `expires_at`, replacing an older one.
    async fn set_setup_token(&self, token_hash: &[u8], expires_at: Timestamp) -> Result<()>;
    /// Spends the set-up token and adds the first account, in one transaction. `NotFound` when the token is
    /// wrong, spent or expired, or when an account exists already.
    async fn spend_setup_token(
        &self,
        token_hash: &[u8],
        user: &User,
        password_hash: &str,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// One account.
    async fn user(&self, id: UserId) -> Result<User>;
    /// The account of an e-mail (lower case), with its password's hash.
    async fn user_by_email(&self, email: &str) -> Result<(User, String)>;
    /// Accounts, by e-mail.
    async fn users(&self, scope: Option<TenantId>) -> Result<Vec<User>>;
    /// Lets an account sign in, or not; its sessions end when not.
    async fn set_user_disabled(&self, id: UserId, disabled: bool, audit: &AuditEntry) -> Result<()>;
    /// Notes that someone signed in.
    async fn touch_login(&self, id: UserId, now: Timestamp, audit: &AuditEntry) -> Result<()>;
    /// Counts one more try for `key` in the window beginning at `window` and returns how many there are now.
    /// Older windows of the same key are forgotten.
    async fn throttle(&self, key: &str, window: Timestamp) -> Result<i64>;
    /// Forgets the tries of `key`.
    async fn forget_tries(&self, key: &str) -> Result<()>;
    /// A value kept for the whole installation, such as its signing key (sealed).
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Sets it if it is not there yet, and returns what is there then.
    async fn setting_or_insert(&self, name: &str, value: &[u8]) -> Result<Vec<u8>>;
}
