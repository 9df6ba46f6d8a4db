//! How a tenant's payloads are kept: sealing them, destroying the key, and for how long.

use super::{Services, sees, unavailable};
use crate::data_key::DataKey;
use app::{
    error::{AppError, Field, Reason},
    ports::Actor,
};
use domain::{id::TenantId, privacy::TenantPrivacy};
use store::StoreError;

/// Longest time events can be kept for, in days; a longer one is a mistake for "keep all".
const MAX_KEEP_DAYS: i32 = 36_500;

impl Services {
    /// How the payloads of a tenant are kept.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not the actor's or does not exist.
    pub fn tenant_privacy(&self, actor: &Actor, tenant: TenantId) -> Result<TenantPrivacy, AppError> {
        let snapshot = self.live.now();
        if !sees(actor, tenant) || snapshot.tenant(tenant).is_none() {
            return Err(AppError::NotFound);
        }
        let live = snapshot.privacy(tenant);
        Ok(live.map_or_else(|| TenantPrivacy::of(tenant), |live| live.privacy.clone()))
    }

    /// Begins or ends sealing new payloads of a tenant. The first time makes its data key; what is stored already stays as
    /// it is, and stays readable.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the tenant is not the actor's.
    pub async fn set_encryption(
        &self,
        actor: &Actor,
        tenant: TenantId,
        encrypt: bool,
    ) -> Result<(), AppError> {
        let known = self.tenant_privacy(actor, tenant)?;
        let key = (encrypt && !known.has_key).then(|| DataKey::make(&self.vault, tenant));
        let detail = if encrypt { "on" } else { "off" };
        let audit =
            self.audit(actor, Some(tenant), "tenant.encrypt-payloads", self.tenant_slug(tenant), detail);
        self.store.set_encryption(tenant, encrypt, key.as_ref(), &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }

    /// Sets how many days a tenant's events are kept; `None` keeps all.
    ///
    /// # Errors
    /// `Invalid { Days, Malformed }` below 1 or above a hundred years; [`AppError::NotFound`] when the tenant is not the
    /// actor's.
    pub async fn set_keep_days(
        &self,
        actor: &Actor,
        tenant: TenantId,
        days: Option<i32>,
    ) -> Result<(), AppError> {
        self.tenant_privacy(actor, tenant)?;
        if days.is_some_and(|days| !(1..=MAX_KEEP_DAYS).contains(&days)) {
            return Err(AppError::invalid(Field::Days, Reason::Malformed));
        }
        let detail = days.map_or_else(|| "all".to_owned(), |days| format!("{days} days"));
        let audit = self.audit(actor, Some(tenant), "tenant.keep-events", self.tenant_slug(tenant), detail);
        self.store.set_keep_days(tenant, days, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }

    /// Destroys a tenant's data key: everything sealed under it is unreadable from now on, for good. A tenant that goes
    /// on sealing gets a new key for what arrives next.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no key, or the tenant is not the actor's.
    pub async fn shred_payloads(&self, actor: &Actor, tenant: TenantId) -> Result<(), AppError> {
        let known = self.tenant_privacy(actor, tenant)?;
        let next = known.encrypt.then(|| DataKey::make(&self.vault, tenant));
        let detail = "every sealed payload is unreadable from now on";
        let audit = self.audit(actor, Some(tenant), "tenant.shred", self.tenant_slug(tenant), detail);
        let done = self.store.shred(tenant, next.as_ref(), self.clock.now(), &audit).await;
        done.map_err(|error| match error {
            StoreError::NotFound => AppError::NotFound,
            other => unavailable(other),
        })?;
        self.changed().await;
        Ok(())
    }

    fn tenant_slug(&self, tenant: TenantId) -> String {
        self.live.now().tenant(tenant).map(|tenant| tenant.slug.to_string()).unwrap_or_default()
    }
}
