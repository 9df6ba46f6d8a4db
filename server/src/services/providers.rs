//! AI providers: listing and adding.

use super::{Services, check_url, from_place, sees, slug, store_error, tenant_of, unless_so};
use crate::{
    clock::fresh,
    live::{LiveProvider, purpose},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, ProvidersPort},
    view::connections::{NewProvider, ProviderPage, ProviderRow},
};
use async_trait::async_trait;
use domain::{id::ProviderId, provider::Provider};
use std::sync::Arc;

#[async_trait]
impl ProvidersPort for Services {
    async fn list(&self, actor: &Actor) -> Result<ProviderPage, AppError> {
        let snapshot = self.live.now();
        let mut rows: Vec<ProviderRow> = snapshot
            .providers()
            .filter(|live| sees(actor, live.provider.tenant_id))
            .map(|live| (&live.provider, live.reference.as_ref()))
            .map(|(provider, reference)| ProviderRow {
                key_place: reference.map(ToString::to_string),
                key_problem: reference.and_then(|reference| self.problem_at(reference)),
                id: provider.id,
                slug: provider.slug.to_string(),
                kind: provider.kind,
                base_url: provider.base_url.clone(),
                model: provider.model.clone(),
                has_key: provider.has_key,
                enabled: provider.enabled,
            })
            .collect();
        rows.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(ProviderPage { now: self.clock.now(), rows })
    }

    async fn switch(&self, actor: &Actor, id: ProviderId, on: bool) -> Result<(), AppError> {
        let live = self.live.now().provider(id).cloned();
        let live = live.filter(|live| sees(actor, live.provider.tenant_id)).ok_or(AppError::NotFound)?;
        if live.provider.enabled == on {
            return Ok(());
        }
        let action = if on { "provider.enable" } else { "provider.disable" };
        let audit = self.audit(actor, Some(live.provider.tenant_id), action, &live.provider.slug, "");
        unless_so(self.store.switch_provider(id, on, self.clock.now(), &audit).await)?;
        self.changed().await;
        Ok(())
    }

    async fn add(&self, actor: &Actor, new: NewProvider) -> Result<(), AppError> {
        let tenant_id = tenant_of(actor, &self.live.now())?;
        if new.model.is_empty() {
            return Err(AppError::invalid(Field::Model, Reason::Missing));
        }
        if new.model.len() > 200 {
            return Err(AppError::invalid(Field::Model, Reason::TooLong));
        }
        if let Some(url) = &new.base_url {
            check_url(url, Field::BaseUrl, self.allow_private_targets)?;
        }
        let provider = Provider {
            id: ProviderId::new(fresh()),
            tenant_id,
            slug: slug(&new.slug)?,
            kind: new.kind,
            base_url: new.base_url,
            model: new.model,
            has_key: new.key.is_some(),
            enabled: true,
            created_at: self.clock.now(),
        };
        let kept = match &new.key {
            Some(key) => Some(self.take_in(Field::Key, key).await?.0),
            None => None,
        };
        let key = kept.as_ref().map(|key| self.vault.seal(&purpose::provider(provider.id), &key.to_seal()));
        let detail = format!("{}{}", provider.kind, kept.as_ref().map(from_place).unwrap_or_default());
        let audit = self.audit(actor, Some(tenant_id), "provider.add", &provider.slug, detail);
        let stored = self.store.add_provider(&provider, key.as_ref(), &audit).await;
        stored.map_err(store_error(Field::Slug))?;
        self.changed().await;
        Ok(())
    }
}

impl Services {
    /// The provider of this name, in the tenant the actor works in.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn provider_named(&self, actor: &Actor, name: &str) -> Result<Arc<LiveProvider>, AppError> {
        let snapshot = self.live.now();
        let tenant = tenant_of(actor, &snapshot)?;
        snapshot
            .providers()
            .find(|live| live.provider.tenant_id == tenant && live.provider.slug.as_str() == name)
            .cloned()
            .ok_or(AppError::NotFound)
    }
}
