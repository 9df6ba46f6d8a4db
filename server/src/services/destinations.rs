//! Destinations: listing, adding, and trying whether one would take a result.

use super::{Services, check_url, from_place, sees, slug, store_error, tenant_of};
use crate::{
    clock::{fresh, random},
    live::{LiveDestination, purpose},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, DestinationsPort},
    view::connections::{DestinationPage, DestinationRow, NewDestination, Revealed, TestReport},
};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    destination::{Destination, DestinationAuth, DestinationKind, WordpressRoute},
    id::DestinationId,
};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Longest a test may take.
const TEST: Duration = Duration::from_secs(10);

impl Services {
    /// Adds a destination; makes a signing secret for an HTTP one when none is given. Returns what is to be shown
    /// once.
    ///
    /// # Errors
    /// `Invalid` with the field that cannot be accepted.
    pub async fn create_destination(
        &self,
        actor: &Actor,
        new: NewDestination,
    ) -> Result<Option<Revealed>, AppError> {
        let tenant_id = tenant_of(actor, &self.live.now())?;
        let url = check_url(&new.url, Field::Url, self.allow_private_targets)?;
        let usual = match new.kind {
            DestinationKind::Wordpress => DestinationAuth::AppPassword,
            DestinationKind::Http => DestinationAuth::Signature,
        };
        // Tokens instead of passwords come with the plugin that checks them.
        if new.auth.unwrap_or(usual) != usual {
            return Err(AppError::invalid(Field::Auth, Reason::DoesNotFit));
        }
        let (secret, made) = match (new.kind, new.password) {
            (DestinationKind::Wordpress, None) => {
                return Err(AppError::invalid(Field::Password, Reason::Missing));
            }
            (DestinationKind::Wordpress, Some(_)) if new.user.is_none() => {
                return Err(AppError::invalid(Field::User, Reason::Missing));
            }
            (_, Some(given)) => (given, None),
            (DestinationKind::Http, None) => {
                let made = format!("whsec_{}", STANDARD.encode(random::<32>()));
                (made.clone(), Some(made))
            }
        };
        let destination = Destination {
            id: DestinationId::new(fresh()),
            tenant_id,
            slug: slug(&new.slug)?,
            kind: new.kind,
            url: match new.kind {
                DestinationKind::Wordpress => url.as_str().trim_end_matches('/').to_owned(),
                DestinationKind::Http => url.to_string(),
            },
            user: new.user,
            auth: usual,
            route: WordpressRoute::Auto,
            has_secret: true,
            enabled: true,
            created_at: self.clock.now(),
        };
        let (kept, _) = self.take_in(Field::Password, &secret).await?;
        let sealed = self.vault.seal(&purpose::destination(destination.id), &kept.to_seal());
        let detail = format!("{}{}", destination.url, from_place(&kept));
        let audit = self.audit(actor, Some(tenant_id), "destination.add", &destination.slug, detail);
        let stored = self.store.add_destination(&destination, Some(&sealed), &audit).await;
        stored.map_err(store_error(Field::Slug))?;
        self.changed().await;
        Ok(made.map(|secret| Revealed {
            slug: destination.slug.into(),
            url: destination.url,
            secret: Some(secret),
        }))
    }

    /// The destination of this name that the actor may see; in the default tenant for owners.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub fn destination_named(&self, actor: &Actor, name: &str) -> Result<Arc<LiveDestination>, AppError> {
        let snapshot = self.live.now();
        let tenant = tenant_of(actor, &snapshot)?;
        snapshot
            .destinations()
            .find(|live| live.destination.tenant_id == tenant && live.destination.slug.as_str() == name)
            .cloned()
            .ok_or(AppError::NotFound)
    }

    /// Tries whether a destination would take a result.
    pub async fn try_destination(&self, live: &LiveDestination) -> TestReport {
        let at = self.clock.now();
        let found = tokio::time::timeout(TEST, self.delivery.probe(live)).await;
        let (ok, words) = match found {
            Ok(Ok(words)) => (true, words),
            Ok(Err(failure)) => (false, failure.words),
            Err(_) => (false, "No answer within 10 s.".to_owned()),
        };
        TestReport { at, ok, words, took: self.clock.now().since(at) }
    }
}

#[async_trait]
impl DestinationsPort for Services {
    async fn list(&self, actor: &Actor) -> Result<DestinationPage, AppError> {
        let snapshot = self.live.now();
        let tests = self.tests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut rows: Vec<DestinationRow> = snapshot
            .destinations()
            .filter(|live| sees(actor, live.destination.tenant_id))
            .map(|live| (&live.destination, live.reference.as_ref()))
            .map(|(destination, reference)| DestinationRow {
                secret_place: reference.map(ToString::to_string),
                id: destination.id,
                slug: destination.slug.to_string(),
                kind: destination.kind,
                url: destination.url.clone(),
                user: destination.user.clone(),
                auth: destination.auth,
                route: destination.route,
                enabled: destination.enabled,
                last_test: tests.get(&destination.id).cloned(),
            })
            .collect();
        rows.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(DestinationPage { now: self.clock.now(), rows })
    }

    async fn add(&self, actor: &Actor, new: NewDestination) -> Result<Option<String>, AppError> {
        let revealed = self.create_destination(actor, new).await?;
        let tenant = tenant_of(actor, &self.live.now())?;
        Ok(revealed.map(|revealed| self.reveals.keep(actor.user_id, self.clock.now(), (tenant, revealed))))
    }

    async fn test(&self, actor: &Actor, id: DestinationId) -> Result<TestReport, AppError> {
        let live = self.live.now().destination(id).cloned();
        let live = live.filter(|live| sees(actor, live.destination.tenant_id)).ok_or(AppError::NotFound)?;
        let report = self.try_destination(&live).await;
        self.tests.lock().unwrap_or_else(PoisonError::into_inner).insert(id, report.clone());
        Ok(report)
    }
}
