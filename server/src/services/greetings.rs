//! A vendor's side of a connection: whether it greeted, secrets it offered, what its preset expects. Also keeps
//! schemes that somebody is writing, in memory, so that a mistake does not cost what was typed.

use super::{Services, unavailable};
use crate::{live::purpose, secrets::Kept};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, GreetingsPort},
    view::{
        connections::Revealed,
        greeting::{ConnectionView, KeyStanding, OfferRow, PresetFacts, SchemeDraft, Stage},
    },
};
use async_trait::async_trait;
use domain::{
    connection::OFFER_LASTS,
    id::{OfferId, VendorId},
    time::DAY,
};
use signature::{KeySource, Preset, SecretOrigin};
use store::StoreError;

/// How long a secret stays accepted after an offered one took its place.
const OVERLAP: i64 = DAY;
/// Shorter secrets are shown no part of.
const LONG_ENOUGH: usize = 20;

impl Services {
    /// What is known of one vendor's side.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is not the actor's.
    pub async fn connection_of(&self, actor: &Actor, id: VendorId) -> Result<ConnectionView, AppError> {
        let live = self.vendor_of(actor, id)?;
        let now = self.clock.now();
        let connection = self.store.connection(id).await.map_err(unavailable)?;
        let sealed = self.store.offers(id, now.plus(-OFFER_LASTS)).await.map_err(unavailable)?;
        let offers = sealed
            .into_iter()
            .map(|(offer, sealed)| {
                let value = self.vault.unseal(&purpose::offer(id), &sealed).ok();
                OfferRow {
                    id: offer.id,
                    request_id: offer.request_id,
                    offered_at: offer.offered_at,
                    ending: value
                        .as_deref()
                        .filter(|_| actor.role.may_configure())
                        .and_then(|value| ending(value)),
                }
            })
            .collect();
        let counters = self.store.counters(Some(live.vendor.tenant_id), now.plus(-DAY)).await;
        let accepted = format!("vendor:{id}:accepted");
        let events = counters.map_err(unavailable)?.iter().any(|row| row.name == accepted);
        let preset = live.preset.as_deref();
        let published = preset.is_some_and(|preset| preset.secret_origin() == SecretOrigin::Published);
        let stage = if events {
            Stage::Connected
        } else if connection.follow_up.as_ref().is_some_and(|followed| !followed.ok) {
            Stage::Unconfirmed
        } else if live.secrets_at(now).is_empty() && !published {
            Stage::NeedsSecret
        } else if connection.greeted_at.is_some() {
            Stage::Greeted
        } else {
            Stage::Silent
        };
        let keys = preset.filter(|preset| signature::key_source(preset) != KeySource::None).map(|preset| {
            let standing = self.keys.standing(id, preset);
            KeyStanding { fetched_at: standing.fetched_at, failure: standing.failure }
        });
        let facts = preset.map(facts).unwrap_or_default();
        Ok(ConnectionView { now, stage, connection, facts, keys, offers })
    }

    /// Takes an offered secret as the vendor's own; returns it, since some vendors ask a person to repeat it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it waits no longer; `Invalid` when it does not fit the preset.
    pub async fn accept_offered(
        &self,
        actor: &Actor,
        id: VendorId,
        offer: OfferId,
    ) -> Result<Revealed, AppError> {
        let live = self.vendor_of(actor, id)?;
        let since = self.clock.now().plus(-OFFER_LASTS);
        let waiting = self.store.offers(id, since).await.map_err(unavailable)?;
        let (offered, sealed) =
            waiting.into_iter().find(|(waiting, _)| waiting.id == offer).ok_or(AppError::NotFound)?;
        let value = self.vault.unseal(&purpose::offer(id), &sealed).map_err(|error| {
            tracing::error!(vendor = %live.vendor.slug, %error, "an offered secret cannot be opened");
            AppError::Unavailable
        })?;
        // What a sender wrote is a secret or nothing, never a place to read one from.
        if Kept::given(&value).reference().is_some() {
            return Err(AppError::invalid(Field::Secret, Reason::Malformed));
        }
        self.rotate_secret(actor, &live, Some(value.to_string()), OVERLAP, false).await?;
        let detail = format!("offered with {}", offered.request_id);
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.offer.accept", &live.vendor.slug, detail);
        let noted = match self.store.withdraw_offers(id, &audit).await {
            // Gone already when two people accepted at the same time; what this one did is noted all the same.
            Err(StoreError::NotFound) => self.store.note(&audit).await,
            other => other,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "offers of a vendor whose secret was accepted could not be forgotten");
        }
        Ok(Revealed {
            slug: live.vendor.slug.to_string(),
            url: self.webhook_url(live.tenant.slug.as_str(), live.vendor.slug.as_str()),
            secret: Some(value.to_string()),
        })
    }

    /// Forgets everything a vendor offered.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when nothing waits.
    pub async fn dismiss_offered(&self, actor: &Actor, id: VendorId) -> Result<(), AppError> {
        let live = self.vendor_of(actor, id)?;
        let audit =
            self.audit(actor, Some(live.vendor.tenant_id), "vendor.offer.dismiss", &live.vendor.slug, "");
        self.store.withdraw_offers(id, &audit).await.map_err(unavailable)
    }
}

/// The last four characters of a secret that is long enough to show some.
fn ending(value: &str) -> Option<String> {
    let tail = value.len().checked_sub(4).filter(|_| value.len() >= LONG_ENOUGH)?;
    value.get(tail..).map(str::to_owned)
}

/// What a preset expects, for people.
fn facts(preset: &Preset) -> PresetFacts {
    let secret = match preset.secret_origin() {
        SecretOrigin::Published => "None is needed: its keys are published and fetched.",
        SecretOrigin::FirstRequest => "It hands one over; an admin accepts it here.",
        SecretOrigin::Vendor => "Only the vendor can give it.",
        SecretOrigin::Either => "Given by the vendor, or made here and entered there.",
    };
    let keys_from = match signature::key_source(preset) {
        KeySource::Jwks { host, .. } | KeySource::JwkById { host, .. } => Some(host),
        KeySource::CertificateUrl { hosts, .. } => Some(hosts.join(", ").replace("<region>", "REGION")),
        KeySource::None => None,
    };
    PresetFacts {
        id: preset.id.clone(),
        name: preset.name.clone(),
        doc_url: preset.doc_url.clone(),
        notes: preset.notes.clone(),
        greeting: preset.greeting().map(str::to_owned),
        deadline: preset.deadline_secs,
        retries: preset.retries.clone(),
        max_body: preset.default_max_body as u64,
        tolerance: preset.tolerance_secs(),
        secret: secret.to_owned(),
        keys_from,
        signs_body: preset.signs_whole_body(),
        options: preset.options.iter().filter_map(|option| option.as_str().parse().ok()).collect(),
    }
}

#[async_trait]
impl GreetingsPort for Services {
    async fn connection(&self, actor: &Actor, vendor: VendorId) -> Result<ConnectionView, AppError> {
        self.connection_of(actor, vendor).await
    }

    async fn accept_offer(
        &self,
        actor: &Actor,
        vendor: VendorId,
        offer: OfferId,
    ) -> Result<String, AppError> {
        let tenant = self.vendor_of(actor, vendor)?.vendor.tenant_id;
        let revealed = self.accept_offered(actor, vendor, offer).await?;
        Ok(self.reveals.keep(actor.user_id, self.clock.now(), (tenant, revealed)))
    }

    async fn dismiss_offers(&self, actor: &Actor, vendor: VendorId) -> Result<(), AppError> {
        self.dismiss_offered(actor, vendor).await
    }

    async fn all_facts(&self, _actor: &Actor) -> Result<Vec<PresetFacts>, AppError> {
        let mut all: Vec<PresetFacts> = signature::presets().iter().map(facts).collect();
        all.sort_by_key(|facts| facts.name.to_lowercase());
        Ok(all)
    }

    async fn facts(&self, _actor: &Actor, preset: &str) -> Result<PresetFacts, AppError> {
        signature::preset(preset).map(facts).ok_or(AppError::NotFound)
    }

    async fn keep_draft(&self, actor: &Actor, draft: SchemeDraft) -> Result<Option<String>, AppError> {
        let Err(fault) = Preset::custom(&draft.scheme) else { return Ok(None) };
        self.kept_draft(actor, SchemeDraft { fault, ..draft }).map(Some)
    }

    async fn draft(&self, actor: &Actor, handle: &str) -> Result<SchemeDraft, AppError> {
        self.drafts.look(actor.user_id, self.clock.now(), handle).ok_or(AppError::NotFound)
    }
}

impl Services {
    /// Keeps a scheme that cannot be taken, with what is wrong with it; returns its handle.
    pub(super) fn kept_draft(&self, actor: &Actor, draft: SchemeDraft) -> Result<String, AppError> {
        if draft.scheme.len() > MAX_DRAFT {
            return Err(AppError::invalid(Field::Scheme, Reason::TooLong));
        }
        let fault: String = draft.fault.chars().take(400).collect();
        Ok(self.drafts.keep(actor.user_id, self.clock.now(), SchemeDraft { fault, ..draft }))
    }
}

/// Longer texts are not kept as drafts.
const MAX_DRAFT: usize = 64 * 1024;
