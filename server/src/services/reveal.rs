//! Secrets that are shown once: kept in memory under an unguessable handle, for the account that made them, for
//! ten minutes. On several nodes the page must reach the node that made it; behind a balancer without stickiness
//! the secret is shown by the command line instead.

use super::{Services, unavailable};
use crate::clock::random;
use app::{
    error::AppError,
    ports::{Actor, RevealPort},
    view::connections::Revealed,
};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    id::{TenantId, UserId},
    time::{MINUTE, Timestamp},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

const LASTS: i64 = 10 * MINUTE;

/// Things kept for their makers under handles.
pub(super) struct Kept<T>(Mutex<HashMap<String, (UserId, Timestamp, T)>>);

/// What waits to be shown, and whose it is.
pub(super) type Reveals = Kept<(TenantId, Revealed)>;

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Kept<T> {
    /// Keeps something to be shown to `user`; returns its handle.
    pub(super) fn keep(&self, user: UserId, now: Timestamp, revealed: T) -> String {
        let handle = URL_SAFE_NO_PAD.encode(random::<18>());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (_, until, _)| now < *until);
        waiting.insert(handle.clone(), (user, now.plus(LASTS), revealed));
        handle
    }

    /// Takes it out, if it is this user's and still fresh.
    pub(super) fn take(&self, user: UserId, now: Timestamp, handle: &str) -> Option<T> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = waiting.get(handle).is_some_and(|(owner, until, _)| *owner == user && now < *until);
        if fits { waiting.remove(handle).map(|(_, _, revealed)| revealed) } else { None }
    }
}

impl<T: Clone> Kept<T> {
    /// A copy of it, if it is this user's and still fresh.
    pub(super) fn look(&self, user: UserId, now: Timestamp, handle: &str) -> Option<T> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (owner, until, kept) = waiting.get(handle)?;
        (*owner == user && now < *until).then(|| kept.clone())
    }
}

#[async_trait]
impl RevealPort for Services {
    async fn reveal_once(&self, actor: &Actor, handle: &str) -> Result<Revealed, AppError> {
        let taken = self.reveals.take(actor.user_id, self.clock.now(), handle);
        let (tenant, revealed) = taken.ok_or(AppError::NotFound)?;
        if revealed.secret.is_some() {
            // Shown only when that is written down.
            let audit = self.audit(actor, Some(tenant), "secret.reveal", &revealed.slug, "shown once");
            self.store.add_audit_entry(&audit).await.map_err(unavailable)?;
        }
        Ok(revealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_once_to_its_maker_and_not_after_ten_minutes() {
        let reveals = Reveals::default();
        let [me, other] = [1, 2].map(|n| UserId::new(uuid::Uuid::from_u128(n)));
        let revealed = Revealed { slug: "s".into(), url: "u".into(), secret: Some("x".into()) };
        let secret = (TenantId::new(uuid::Uuid::nil()), revealed);
        let now = Timestamp(0);
        let handle = reveals.keep(me, now, secret.clone());
        assert!(reveals.take(other, now, &handle).is_none());
        assert!(reveals.take(me, now, &handle).is_some());
        assert!(reveals.take(me, now, &handle).is_none());
        let handle = reveals.keep(me, now, secret);
        assert!(reveals.take(me, now.plus(LASTS), &handle).is_none());
    }
}
