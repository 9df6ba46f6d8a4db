//! Payloads between memory and database: sealed where the tenant wants it, opened for whoever works with them. Does not
//! ask who reads; people read through [`crate::services`], which notes it.

use crate::live::{LivePrivacy, Snapshot};
use domain::{
    event::EventPayload,
    id::{EventId, TenantId},
};
use store::{Store, StoreError, StoredPayload};

/// Why a stored payload cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It was removed.
    #[error("the payload was removed")]
    Removed,
    /// The data key it was sealed under was destroyed.
    #[error("the payload was destroyed with its data key")]
    Destroyed,
    /// The data key is not here (yet), or the payload was altered.
    #[error("the payload cannot be opened: {0}")]
    Locked(&'static str),
    /// The database did not give it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A payload that must be sealed and cannot be: it must not be stored at all then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant's payloads must be sealed and its data key is not usable")]
pub struct CannotSeal;

/// A payload in the form its tenant wants it stored.
///
/// # Errors
/// [`CannotSeal`], never a payload stored plain against the tenant's will.
pub fn seal(
    privacy: Option<&LivePrivacy>,
    event: EventId,
    payload: EventPayload,
) -> Result<StoredPayload, CannotSeal> {
    match privacy {
        Some(LivePrivacy { privacy, key }) if privacy.encrypt => {
            let key = key.as_ref().ok_or(CannotSeal)?;
            Ok(StoredPayload::Sealed(key.seal(event, &payload)))
        }
        _ => Ok(StoredPayload::Plain(payload)),
    }
}

/// Opens a stored payload.
///
/// # Errors
/// When it is sealed and its key is gone or not here.
pub fn open(
    snapshot: &Snapshot,
    tenant: TenantId,
    event: EventId,
    stored: StoredPayload,
) -> Result<EventPayload, Unreadable> {
    let sealed = match stored {
        StoredPayload::Plain(payload) => return Ok(payload),
        StoredPayload::Sealed(sealed) => sealed,
    };
    let live = snapshot.privacy(tenant);
    let shredded = live.is_some_and(|live| live.privacy.shredded_at.is_some());
    match live.and_then(|live| live.key.as_ref()).map(|key| key.unseal(event, &sealed)) {
        Some(Ok(payload)) => Ok(payload),
        Some(Err(crate::vault::VaultError::Altered)) => Err(Unreadable::Locked("it was altered")),
        Some(Err(crate::vault::VaultError::OtherKey)) | None if shredded => Err(Unreadable::Destroyed),
        Some(Err(crate::vault::VaultError::OtherKey)) | None => {
            Err(Unreadable::Locked("its data key is not known here"))
        }
    }
}

/// Reads and opens the payload of one event.
///
/// # Errors
/// When it is not there, not readable, or the database fails.
pub async fn read(
    store: &dyn Store,
    snapshot: &Snapshot,
    tenant: TenantId,
    event: EventId,
) -> Result<EventPayload, Unreadable> {
    match store.event_payload(event).await {
        Ok(stored) => open(snapshot, tenant, event, stored),
        Err(StoreError::NotFound) => Err(Unreadable::Removed),
        Err(error) => Err(error.into()),
    }
}
