//! One vendor: finding it, the head of its page, switching it off and on.

use super::{Services, sees, store_error, tenant_of, unavailable};
use crate::live::LiveVendor;
use app::{
    error::{AppError, Field},
    ports::{Actor, VendorPort},
    view::vendor::{VendorAddress, VendorFigures, VendorHead, VendorState},
};
use async_trait::async_trait;
use domain::{
    id::VendorId,
    tenant::{DEFAULT_TENANT, Tenant},
    time::DAY,
};
use signature::SecretOrigin;
use std::sync::Arc;

impl Services {
    /// The vendor at this address, if the actor may see it. Without a tenant: the actor's own, for owners the
    /// default one.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn vendor_at(&self, actor: &Actor, at: &VendorAddress) -> Result<Arc<LiveVendor>, AppError> {
        let snapshot = self.live.now();
        let tenant = match &at.tenant {
            Some(slug) => snapshot.tenant_named(slug),
            None => snapshot.tenant(tenant_of(actor, &snapshot)?),
        };
        let tenant = tenant.filter(|tenant| sees(actor, tenant.id)).ok_or(AppError::NotFound)?;
        snapshot.vendor_at(Some(tenant.slug.as_str()), &at.slug).cloned().ok_or(AppError::NotFound)
    }

    /// The vendor of this name in the actor's own tenant, for owners in the default one.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn vendor_named(&self, actor: &Actor, name: &str) -> Result<Arc<LiveVendor>, AppError> {
        self.vendor_at(actor, &VendorAddress { slug: name.to_owned(), tenant: None })
    }

    /// The vendor of this id, if the actor may see it.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn vendor_of(&self, actor: &Actor, id: VendorId) -> Result<Arc<LiveVendor>, AppError> {
        let live = self.live.now().vendor(id).cloned();
        live.filter(|live| sees(actor, live.vendor.tenant_id)).ok_or(AppError::NotFound)
    }

    /// Lets a vendor's URL answer, or not.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when that cannot be stored.
    pub async fn switch_vendor(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        enabled: bool,
    ) -> Result<(), AppError> {
        let action = if enabled { "vendor.on" } else { "vendor.off" };
        let audit = self.audit(actor, Some(live.vendor.tenant_id), action, &live.vendor.slug, "");
        let done = self.store.set_vendor_enabled(live.vendor.id, enabled, &audit).await;
        done.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }

    fn state_of(&self, live: &LiveVendor) -> VendorState {
        let Some(preset) = live.preset.as_deref().filter(|_| live.vendor.enabled) else {
            return if live.vendor.enabled { VendorState::NoPreset } else { VendorState::Off };
        };
        let needs_none = preset.secret_origin() == SecretOrigin::Published;
        match needs_none || !live.secrets_at(self.clock.now()).is_empty() {
            true => VendorState::On,
            false => VendorState::NoSecret,
        }
    }
}

/// Where the page of a vendor stands for this actor.
pub(super) fn address(actor: &Actor, tenant: &Tenant, slug: &str) -> VendorAddress {
    let named = actor.tenant.is_none() && tenant.slug.as_str() != DEFAULT_TENANT;
    VendorAddress { slug: slug.to_owned(), tenant: named.then(|| tenant.slug.to_string()) }
}

#[async_trait]
impl VendorPort for Services {
    async fn head(&self, actor: &Actor, at: &VendorAddress) -> Result<VendorHead, AppError> {
        let live = self.vendor_at(actor, at)?;
        let (vendor, preset) = (&live.vendor, live.preset.as_deref());
        Ok(VendorHead {
            id: vendor.id,
            address: address(actor, &live.tenant, vendor.slug.as_str()),
            preset_id: vendor.preset.clone(),
            preset: preset.map_or_else(|| vendor.preset.clone(), |preset| preset.name.clone()),
            doc_url: preset.map(|preset| preset.doc_url.clone()).filter(|url| url.starts_with("https://")),
            url: self.webhook_url(live.tenant.slug.as_str(), vendor.slug.as_str()),
            state: self.state_of(&live),
            created_at: vendor.created_at,
        })
    }

    async fn figures(&self, actor: &Actor, id: VendorId) -> Result<VendorFigures, AppError> {
        let tenant = self.vendor_of(actor, id)?.vendor.tenant_id;
        let now = self.clock.now();
        let name = |what: &str| format!("vendor:{id}:{what}");
        let names = ["accepted", "duplicate", "refused"].map(name);
        let counters =
            self.store.counters_named(tenant, &names, now.plus(-DAY)).await.map_err(unavailable)?;
        let sum =
            |name: &str| counters.iter().filter(|row| row.name == name).map(|row| row.value).sum::<i64>();
        let [accepted, duplicate, refused] = &names;
        Ok(VendorFigures {
            now,
            accepted: sum(accepted),
            duplicate: sum(duplicate),
            refused: sum(refused),
            last_event_at: self.store.last_counted(tenant, accepted).await.map_err(unavailable)?,
        })
    }

    async fn switch(&self, actor: &Actor, id: VendorId, enabled: bool) -> Result<(), AppError> {
        let live = self.vendor_of(actor, id)?;
        self.switch_vendor(actor, &live, enabled).await
    }
}
