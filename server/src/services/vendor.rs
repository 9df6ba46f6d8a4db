//! One vendor: finding it, the head of its page, switching it off and on.

use super::{Services, sees, store_error, tenant_of, unavailable};
use crate::live::LiveVendor;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, VendorPort},
    view::vendor::{VendorAddress, VendorFigures, VendorHead, VendorState},
};
use async_trait::async_trait;
use domain::{
    id::VendorId,
    news,
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

    /// The vendor of this id, if the actor may see it and somebody posts to it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `Invalid { Form, Unsigned }` for the vendor of a tenant's news.
    pub fn sender_of(&self, actor: &Actor, id: VendorId) -> Result<Arc<LiveVendor>, AppError> {
        let live = self.vendor_of(actor, id)?;
        is_sent(&live).map(|()| live)
    }

    /// The whole URL a vendor posts to; `None` where nobody does.
    pub(super) fn url_of(&self, live: &LiveVendor) -> Option<String> {
        let url = || self.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str());
        (!live.vendor.tells_news()).then(url)
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
        if live.vendor.tells_news() && live.vendor.enabled {
            return VendorState::On;
        }
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

/// What people call how a vendor signs.
pub(super) fn preset_name(live: &LiveVendor) -> String {
    match &live.preset {
        Some(preset) => preset.name.clone(),
        None if live.vendor.tells_news() => news::PRESET_NAME.to_owned(),
        None => live.vendor.preset.clone(),
    }
}

/// Refuses what makes no sense where nobody posts.
pub(super) fn is_sent(live: &LiveVendor) -> Result<(), AppError> {
    match live.vendor.tells_news() {
        true => Err(AppError::invalid(Field::Form, Reason::Unsigned)),
        false => Ok(()),
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
            preset: preset_name(&live),
            doc_url: preset.map(|preset| preset.doc_url.clone()).filter(|url| url.starts_with("https://")),
            url: self.url_of(&live),
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
