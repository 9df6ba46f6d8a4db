//! Redaction rules: reading, replacing, and what they would leave of the last event.

use super::{Services, payloads::shown, sees, store_error, unavailable};
use crate::{ingress::redact, live::LiveVendor, payloads::Unreadable};
use app::{
    error::{AppError, Field},
    ports::{Actor, RedactionPort},
    view::{payload::Reading, redaction::VendorPrivacy},
};
use async_trait::async_trait;
use domain::{id::VendorId, redaction::Redaction};
use std::sync::Arc;

impl Services {
    /// Replaces what of a vendor's requests is never stored. The audit log names the rules, which are no secret.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when that cannot be stored.
    pub async fn set_redaction(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        rules: &Redaction,
    ) -> Result<(), AppError> {
        let named = |what: &str, names: Vec<String>| match names.is_empty() {
            true => None,
            false => Some(format!("{what} {}", names.join(" "))),
        };
        let parts = [
            named("pointers", rules.pointers.iter().map(ToString::to_string).collect()),
            named("headers", rules.headers.clone()),
            named("fields", rules.fields.clone()),
        ];
        let said: Vec<String> = parts.into_iter().flatten().collect();
        let detail = if said.is_empty() { "no rules".to_owned() } else { said.join("; ") };
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.redact", &live.vendor.slug, detail);
        let edit = |vendor: &mut domain::vendor::Vendor| vendor.policy.redaction.clone_from(rules);
        self.store.edit_vendor(live.vendor.id, &edit, &audit).await.map_err(store_error(Field::Form))?;
        self.changed().await;
        Ok(())
    }

    fn vendor_seen(&self, actor: &Actor, id: VendorId) -> Result<Arc<LiveVendor>, AppError> {
        let live = self.live.now().vendor(id).cloned();
        live.filter(|live| sees(actor, live.vendor.tenant_id)).ok_or(AppError::NotFound)
    }
}

#[async_trait]
impl RedactionPort for Services {
    async fn of_vendor(&self, actor: &Actor, vendor: VendorId) -> Result<VendorPrivacy, AppError> {
        let live = self.vendor_seen(actor, vendor)?;
        let tenant = self.tenant_privacy(actor, live.vendor.tenant_id)?;
        Ok(VendorPrivacy { rules: live.redaction().clone(), tenant })
    }

    async fn set(&self, actor: &Actor, vendor: VendorId, rules: Redaction) -> Result<(), AppError> {
        let live = self.vendor_seen(actor, vendor)?;
        self.set_redaction(actor, &live, &rules).await
    }

    async fn preview(
        &self,
        actor: &Actor,
        vendor: VendorId,
        rules: Redaction,
    ) -> Result<Option<Reading>, AppError> {
        let live = self.vendor_seen(actor, vendor)?;
        let newest = self.store.newest_event(live.vendor.tenant_id, vendor).await.map_err(unavailable)?;
        let Some(event) = newest else { return Ok(None) };
        Ok(Some(match self.read_payload(actor, &event, "preview of redaction").await? {
            Ok(payload) => Reading::Read(shown(redact::stored(&rules, payload))),
            Err(Unreadable::Destroyed) => Reading::Destroyed,
            Err(_) => Reading::Removed,
        }))
    }
}
