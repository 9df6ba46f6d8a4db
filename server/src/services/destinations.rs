//! Destinations: listing, adding, and trying whether one would take a result.

use super::{Services, check_url, from_place, sees, slug, store_error, tenant_of, unavailable, unless_so};
use crate::{
    clock::{fresh, random},
    delivery::headers::Headers,
    live::{LiveDestination, purpose},
    secrets::Kept,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, DestinationsPort},
    view::connections::{DestinationPage, DestinationRow, NewDestination, Revealed, TestReport},
};
use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    destination::{
        Destination, DestinationAuth, DestinationKind, DestinationMethod, DestinationPart, WordpressRoute,
    },
    id::DestinationId,
    time::{DAY, Timestamp},
};
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

/// Longest a test may take.
const TEST: Duration = Duration::from_secs(10);

/// Longest two secrets of a destination sign side by side, in microseconds.
const LONGEST_OVERLAP: i64 = 7 * DAY;

fn signing_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random::<32>()))
}

/// What lists and pages say of a destination at `now`.
pub(super) fn row(live: &LiveDestination, last_test: Option<TestReport>, now: Timestamp) -> DestinationRow {
    let destination = &live.destination;
    DestinationRow {
        secret_place: live.reference.as_ref().map(ToString::to_string),
        method: destination.method,
        headers: live.headers.names(),
        old_secret_until: live.retiring.as_ref().map(|(_, until)| *until).filter(|until| *until > now),
        off_reason: destination.off_reason.clone(),
        id: destination.id,
        slug: destination.slug.to_string(),
        kind: destination.kind,
        url: destination.url.clone(),
        user: destination.user.clone(),
        auth: destination.auth,
        route: destination.route,
        enabled: destination.enabled,
        last_test,
    }
}

impl Services {
    /// What the last test of a destination found, if this process made one.
    pub(super) fn last_test(&self, id: DestinationId) -> Option<TestReport> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

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
        let auth = new.auth.unwrap_or(usual);
        let by_token = auth == DestinationAuth::Jwt && new.kind == DestinationKind::Wordpress;
        if auth != usual && !by_token {
            return Err(AppError::invalid(Field::Auth, Reason::DoesNotFit));
        }
        let (secret, made) = match (new.kind, new.password) {
            // The site itself says whom tokens stand for, and there is nothing to keep.
            (_, Some(_)) if by_token => return Err(AppError::invalid(Field::Password, Reason::DoesNotFit)),
            (_, None) if by_token && new.user.is_some() => {
                return Err(AppError::invalid(Field::User, Reason::DoesNotFit));
            }
            (_, None) if by_token => (None, None),
            (DestinationKind::Wordpress, None) => {
                return Err(AppError::invalid(Field::Password, Reason::Missing));
            }
            (DestinationKind::Wordpress, Some(_)) if new.user.is_none() => {
                return Err(AppError::invalid(Field::User, Reason::Missing));
            }
            (_, Some(given)) => (Some(given), None),
            (DestinationKind::Http, None) => {
                let made = signing_secret();
                (Some(made.clone()), Some(made))
            }
        };
        let headers = match new.headers.as_deref().map(Headers::written) {
            None => Headers::default(),
            Some(Ok(headers)) => headers,
            Some(Err(_)) => return Err(AppError::invalid(Field::CallHeaders, Reason::Malformed)),
        };
        if new.kind == DestinationKind::Wordpress {
            if !headers.is_empty() {
                return Err(AppError::invalid(Field::CallHeaders, Reason::DoesNotFit));
            }
            if new.method.is_some_and(|method| method != DestinationMethod::Post) {
                return Err(AppError::invalid(Field::Method, Reason::DoesNotFit));
            }
        }
        let destination = Destination {
            id: DestinationId::new(fresh()),
            tenant_id,
            slug: slug(&new.slug)?,
            kind: new.kind,
            method: new.method.unwrap_or(DestinationMethod::Post),
            url: match new.kind {
                DestinationKind::Wordpress => url.as_str().trim_end_matches('/').to_owned(),
                DestinationKind::Http => url.to_string(),
            },
            user: new.user,
            auth,
            // WordPress by itself takes no tokens.
            route: if by_token { WordpressRoute::Plugin } else { WordpressRoute::Auto },
            has_secret: secret.is_some(),
            enabled: true,
            off_reason: None,
            created_at: self.clock.now(),
        };
        let kept = match &secret {
            Some(secret) => Some(self.take_in(Field::Password, secret).await?.0),
            None => None,
        };
        let sealed =
            kept.as_ref().map(|kept| self.vault.seal(&purpose::destination(destination.id), &kept.to_seal()));
        let place = kept.as_ref().map(from_place).unwrap_or_default();
        let by = if by_token { ", by signed tokens" } else { "" };
        let detail = format!("{}{place}{by}", destination.url);
        let audit = self.audit(actor, Some(tenant_id), "destination.add", &destination.slug, detail);
        let headers = (!headers.is_empty()).then(|| {
            self.vault.seal(&purpose::part(destination.id, DestinationPart::Headers), &headers.to_seal())
        });
        let stored =
            self.store.add_destination(&destination, sealed.as_ref(), headers.as_ref(), &audit).await;
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

    /// Makes a new signing secret, or `given`, that of an HTTP destination; the one before signs, too, for `overlap`
    /// microseconds, so that the receiver can change over. Returns what is to be shown once; the secret only when it was
    /// made here.
    ///
    /// # Errors
    /// `Invalid { Kind, DoesNotFit }` for one that has no signing secret, `Invalid { Overlap, TooLong }` beyond seven
    /// days.
    pub async fn rotate_destination(
        &self,
        actor: &Actor,
        live: &LiveDestination,
        given: Option<String>,
        overlap: i64,
    ) -> Result<Revealed, AppError> {
        let destination = &live.destination;
        if destination.kind != DestinationKind::Http {
            return Err(AppError::invalid(Field::Kind, Reason::DoesNotFit));
        }
        if !(0..=LONGEST_OVERLAP).contains(&overlap) {
            return Err(AppError::invalid(Field::Overlap, Reason::TooLong));
        }
        let made = given.is_none().then(signing_secret);
        let value = given.or(made.clone()).unwrap_or_default();
        let (kept, _) = self.take_in(Field::Secret, &value).await?;
        let sealed = self.vault.seal(&purpose::destination(destination.id), &kept.to_seal());
        let now = self.clock.now();
        let old = match (&live.reference, &live.secret) {
            _ if overlap == 0 => None,
            (Some(reference), _) => Some(Kept::Reference(reference.clone())),
            (None, Some(secret)) => Some(Kept::Value(secret.clone())),
            (None, None) => None,
        };
        let purpose = purpose::part(destination.id, DestinationPart::Retiring);
        let old = old.map(|old| self.vault.seal(&purpose, &old.to_seal()));
        let until = now.plus(overlap);
        let detail = match old {
            Some(_) => format!("the old one signs, too, until {}{}", until.rfc3339(), from_place(&kept)),
            None => format!("the old one ended at once{}", from_place(&kept)),
        };
        let audit =
            self.audit(actor, Some(destination.tenant_id), "destination.rotate", &destination.slug, detail);
        let old = old.as_ref().map(|old| (old, until));
        self.store
            .rotate_destination(destination.id, &sealed, old, now, &audit)
            .await
            .map_err(unavailable)?;
        self.changed().await;
        Ok(Revealed { slug: destination.slug.to_string(), url: destination.url.clone(), secret: made })
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
        let now = self.clock.now();
        let mut rows: Vec<DestinationRow> = snapshot
            .destinations()
            .filter(|live| sees(actor, live.destination.tenant_id))
            .map(|live| row(live, self.last_test(live.destination.id), now))
            .collect();
        rows.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(DestinationPage { now, rows })
    }

    async fn switch(&self, actor: &Actor, id: DestinationId, on: bool) -> Result<(), AppError> {
        let live = self.destination_of(actor, id)?;
        let destination = &live.destination;
        if destination.enabled == on {
            return Ok(());
        }
        let action = if on { "destination.enable" } else { "destination.disable" };
        let audit = self.audit(actor, Some(destination.tenant_id), action, &destination.slug, "");
        unless_so(self.store.switch_destination(id, on, None, self.clock.now(), &audit).await)?;
        self.changed().await;
        Ok(())
    }

    async fn add(&self, actor: &Actor, new: NewDestination) -> Result<Option<String>, AppError> {
        let revealed = self.create_destination(actor, new).await?;
        let tenant = tenant_of(actor, &self.live.now())?;
        Ok(revealed.map(|revealed| self.reveals.keep(actor.user_id, self.clock.now(), (tenant, revealed))))
    }

    async fn test(&self, actor: &Actor, id: DestinationId) -> Result<TestReport, AppError> {
        let live = self.destination_of(actor, id)?;
        let report = self.try_destination(&live).await;
        self.tests.lock().unwrap_or_else(PoisonError::into_inner).insert(id, report.clone());
        Ok(report)
    }
}
