//! What stands behind "signed in": tower-sessions over rows of our store.
//! A cookie's id is kept only as its SHA-256, so that reading the database signs nobody in.

use crate::clock::SharedClock;
use app::{error::AppError, ports::SessionPort};
use async_trait::async_trait;
use domain::{id::UserId, time::Timestamp};
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::Arc};
use store::{Store, StoreError};
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::{SameSite, time::Duration},
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Where the user's id is in a session.
const USER: &str = "user";
/// A session ends this long after it last changed, which is signing in: reading a page writes nothing.
const LASTS: Duration = Duration::hours(12);

/// Sessions in our store.
#[derive(Clone)]
pub struct SessionRowsStore {
    store: Arc<dyn Store>,
    clock: SharedClock,
}

impl std::fmt::Debug for SessionRowsStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionRowsStore")
    }
}

/// The layer that reads and writes sessions. Lax, so that a link in a mail finds its reader signed in; changes are
/// guarded by [`super::origin`].
pub fn layer(
    store: Arc<dyn Store>,
    clock: SharedClock,
    secure: bool,
) -> SessionManagerLayer<SessionRowsStore> {
    SessionManagerLayer::new(SessionRowsStore { store, clock })
        .with_name(if secure { "__Host-tidegate" } else { "tidegate" })
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(LASTS))
}

/// Whose session it is.
pub async fn user(session: &Session) -> Option<UserId> {
    session.get(USER).await.ok().flatten()
}

/// A session as the dashboard uses it.
pub struct SessionHandle(pub Session);

#[async_trait]
impl SessionPort for SessionHandle {
    async fn sign_in(&self, user: UserId) -> std::result::Result<(), AppError> {
        let session = &self.0;
        session.cycle_id().await.map_err(|_| AppError::Unavailable)?;
        session.insert(USER, user).await.map_err(|_| AppError::Unavailable)
    }

    async fn sign_out(&self) -> std::result::Result<(), AppError> {
        self.0.flush().await.map_err(|_| AppError::Unavailable)
    }
}

fn row_id(id: &Id) -> String {
    hex::encode(Sha256::digest(id.0.to_be_bytes()))
}

fn encode(record: &Record) -> Result<(Option<UserId>, Vec<u8>, Timestamp)> {
    let user = record.data.get(USER).and_then(|value| serde_json::from_value(value.clone()).ok());
    let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok((user, data, Timestamp::from_unix(record.expiry_date.unix_timestamp())))
}

fn backend(error: StoreError) -> Error {
    tracing::error!(%error, "a session could not be read or written");
    Error::Backend("the store failed".to_owned())
}

#[async_trait]
impl SessionStore for SessionRowsStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let (user, data, expires) = encode(record)?;
            match self.store.create_session(&row_id(&record.id), user, &data, expires).await {
                Ok(()) => return Ok(()),
                // Never reuse a taken id: that would hand one visitor another's session.
                Err(StoreError::Conflict) => record.id = Id::default(),
                Err(error) => return Err(backend(error)),
            }
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let (user, data, expires) = encode(record)?;
        self.store.save_session(&row_id(&record.id), user, &data, expires).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((data, expires)) =
            self.store.session(&row_id(id), self.clock.now()).await.map_err(backend)?
        else {
            return Ok(None);
        };
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = tower_sessions::cookie::time::OffsetDateTime::from_unix_timestamp(expires.unix())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.store.delete_session(&row_id(id)).await.map_err(backend)
    }
}
