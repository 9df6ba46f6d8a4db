//! Accounts: the one-time set-up, signing in, and making accounts from the command line.

use super::{Services, store_error, unavailable};
use crate::{
    clock::{fresh, random},
    telemetry::hashed,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{AccountPort, Actor},
};
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash::SaltString};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    id::{TenantId, UserId},
    role::Role,
    time::{DAY, MINUTE, Timestamp},
    user::User,
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use store::StoreError;
use tokio::sync::Semaphore;

/// Shortest password.
const MIN_PASSWORD: usize = 12;
/// Longest password; hashing takes longer the longer it is.
const MAX_PASSWORD: usize = 256;
/// How long the set-up link works.
const SETUP_LASTS: i64 = DAY;
/// Tries are counted over windows of this length.
const WINDOW: i64 = 15 * MINUTE;
/// Tries to sign in to one account in one window.
const TRIES_PER_EMAIL: i64 = 20;
/// Tries to sign in from one address in one window; an office may share one.
const TRIES_PER_CLIENT: i64 = 300;

/// Hashing at once; each takes 19 MiB and a whole core, and anybody can ask for it.
static HASHING: Semaphore = Semaphore::const_new(2);

/// Checked when there is no account, so that an unknown e-mail takes as long as a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody's password").unwrap_or_default());

impl Services {
    /// Makes a new one-time set-up token, replacing an older one; `None` when there are accounts already.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn new_setup_token(&self) -> Result<Option<String>, StoreError> {
        if self.store.has_users().await? {
            return Ok(None);
        }
        let token = URL_SAFE_NO_PAD.encode(random::<24>());
        self.store.set_setup_token(&Sha256::digest(&token), self.clock.now().plus(SETUP_LASTS)).await?;
        Ok(Some(token))
    }

    /// Adds an account.
    ///
    /// # Errors
    /// `Invalid` with the field that cannot be accepted.
    pub async fn add_user(
        &self,
        actor: &Actor,
        email: &str,
        password: &str,
        role: Role,
        tenant: Option<TenantId>,
    ) -> Result<User, AppError> {
        let user = new_user(email, role, tenant, self.clock.now())?;
        let hash = hash_password(password).await?;
        let audit = self.audit(actor, tenant, "user.add", &user.email, role.as_str());
        self.store.add_user(&user, &hash, &audit).await.map_err(store_error(Field::Email))?;
        Ok(user)
    }
}

impl Services {
    /// Lets an account sign in no more.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none with this e-mail.
    pub async fn disable_user(&self, actor: &Actor, email: &str) -> Result<(), AppError> {
        let (user, _) = self.store.user_by_email(&email.trim().to_lowercase()).await.map_err(unavailable)?;
        let audit = self.audit(actor, user.tenant_id, "user.disable", &user.email, String::new());
        self.store.set_user_disabled(user.id, true, &audit).await.map_err(unavailable)
    }
}

#[async_trait]
impl AccountPort for Services {
    async fn needs_setup(&self) -> Result<bool, AppError> {
        self.store.has_users().await.map(|any| !any).map_err(unavailable)
    }

    async fn setup(&self, token: &str, email: &str, password: &str) -> Result<UserId, AppError> {
        let now = self.clock.now();
        // Before the costly hashing, because anybody may call this.
        if self.store.has_users().await.map_err(unavailable)? {
            return Err(AppError::invalid(Field::SetupLink, Reason::Spent));
        }
        let user = new_user(email, Role::Owner, None, now)?;
        let hash = hash_password(password).await?;
        let actor = Actor { user_id: user.id, email: user.email.clone(), role: user.role, tenant: None };
        let audit = self.audit(&actor, None, "user.setup", &user.email, "first account");
        let spent = self.store.spend_setup_token(&Sha256::digest(token), &user, &hash, now, &audit).await;
        spent.map_err(|error| match error {
            StoreError::NotFound => AppError::invalid(Field::SetupLink, Reason::Spent),
            other => store_error(Field::Email)(other),
        })?;
        Ok(user.id)
    }

    async fn login(&self, email: &str, password: &str, client: &str) -> Result<UserId, AppError> {
        let now = self.clock.now();
        let email = email.trim().to_lowercase();
        let window = Timestamp(now.0.div_euclid(WINDOW) * WINDOW);
        // Hashed, so that what is typed into the field by mistake is not kept.
        let of_email = format!("login:{}", hex::encode(Sha256::digest(&email)));
        // The client first: one that is turned away must not fill the table with invented addresses.
        for (key, most) in
            [(format!("login:{client}"), TRIES_PER_CLIENT), (of_email.clone(), TRIES_PER_EMAIL)]
        {
            if self.store.throttle(&key, window).await.map_err(unavailable)? > most {
                tracing::warn!(client = %hashed(client), "too many tries to sign in");
                return Err(AppError::Busy);
            }
        }
        let wrong = AppError::invalid(Field::Password, Reason::WrongLogin);
        let (user, hash) = match self.store.user_by_email(&email).await {
            Ok((user, hash)) => (Some(user), hash),
            Err(StoreError::NotFound) => (None, NOBODY.clone()),
            Err(error) => return Err(unavailable(error)),
        };
        let fits = verify_password(password.to_owned(), hash).await?;
        let user = user.filter(|user| fits && !user.disabled).ok_or(wrong)?;
        // Only wrong tries count towards the limit of an account.
        self.store.forget_tries(&of_email).await.map_err(unavailable)?;
        let actor = Actor { user_id: user.id, email: user.email, role: user.role, tenant: user.tenant_id };
        let audit = self.audit(&actor, user.tenant_id, "user.login", user.id, String::new());
        self.store.touch_login(user.id, now, &audit).await.map_err(unavailable)?;
        Ok(user.id)
    }
}

fn new_user(email: &str, role: Role, tenant_id: Option<TenantId>, now: Timestamp) -> Result<User, AppError> {
    let email = email.trim().to_lowercase();
    let fits = email.len() <= 254
        && email
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.len() >= 3 && !host.contains('@'))
        && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    if !fits {
        return Err(AppError::invalid(Field::Email, Reason::Malformed));
    }
    Ok(User {
        id: UserId::new(fresh()),
        email,
        role,
        tenant_id,
        disabled: false,
        created_at: now,
        last_login_at: None,
    })
}

/// Hashing takes tens of milliseconds, so it happens off the async threads.
async fn hash_password(password: &str) -> Result<String, AppError> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(AppError::invalid(Field::Password, Reason::TooShort));
    }
    if password.len() > MAX_PASSWORD {
        return Err(AppError::invalid(Field::Password, Reason::TooLong));
    }
    let password = password.to_owned();
    let _turn = HASHING.acquire().await.map_err(|_| AppError::Unavailable)?;
    let hashed = tokio::task::spawn_blocking(move || hash(&password)).await;
    hashed.ok().flatten().ok_or(AppError::Unavailable)
}

fn hash(password: &str) -> Option<String> {
    let salt = SaltString::encode_b64(&random::<16>()).ok()?;
    // The crate's defaults are argon2id with 19 MiB and two passes, as OWASP advises.
    Argon2::default().hash_password(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

async fn verify_password(password: String, hash: String) -> Result<bool, AppError> {
    let _turn = HASHING.acquire().await.map_err(|_| AppError::Unavailable)?;
    let checked = tokio::task::spawn_blocking(move || {
        let password = password.get(..MAX_PASSWORD).unwrap_or(&password);
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    checked.await.map_err(|_| AppError::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_checked_against_it() {
        let hash = hash_password("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(verify_password("correct horse battery".into(), hash.clone()).await, Ok(true));
        assert_eq!(verify_password("correct horse batterie".into(), hash).await, Ok(false));
        assert_eq!(verify_password("anything".into(), "not a hash".into()).await, Ok(false));
    }

    #[tokio::test]
    async fn a_short_password_and_a_broken_address_are_refused() {
        assert_eq!(hash_password("short").await, Err(AppError::invalid(Field::Password, Reason::TooShort)));
        for bad in ["", "x", "@x.org", "a@", "a b@x.org", "a@b@c.org"] {
            assert!(new_user(bad, Role::Owner, None, Timestamp(0)).is_err(), "{bad}");
        }
        assert_eq!(new_user(" A@X.org ", Role::Owner, None, Timestamp(0)).unwrap().email, "a@x.org");
    }
}
