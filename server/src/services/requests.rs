//! Requests, accepted and refused: the list of both, one refused request, checking it again, and accepting it.

use super::{
    Services, checks,
    events::{place, vendor_facets, vendor_name},
    judge::Judged,
    payloads, unavailable,
};
use crate::{
    ingress::{
        capture::Capture,
        event::{self, Arrival},
        redact, refused, why,
    },
    live::{LiveVendor, Snapshot},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, RequestsPort},
    view::{
        requests::{Fate, RequestFilter, RequestPage, RequestRow, RequestStory},
        story::Payload,
    },
};
use async_trait::async_trait;
use domain::{
    event::{Event, EventPayload},
    id::{EventId, RequestId},
    place::{EventFilter, Outcome, Place, RefusedFilter},
    refusal::{Acceptance, Recheck, RefusedRequest},
};
use signature::Envelope;
use std::sync::Arc;
use store::{NewEvent, StoreError};
use zeroize::Zeroizing;

#[async_trait]
impl RequestsPort for Services {
    async fn list(
        &self,
        actor: &Actor,
        filter: &RequestFilter,
        cursor: Option<Place>,
        limit: u32,
    ) -> Result<RequestPage, AppError> {
        let limit = limit.clamp(1, 1_000) as usize;
        let snapshot = self.live.now();
        // One more than shown of each kind tells whether there are older ones.
        let mut rows = self.taken_in(actor, filter, cursor, limit as i64 + 1, &snapshot).await?;
        rows.extend(self.turned_away(actor, filter, cursor, limit as i64 + 1, &snapshot).await?);
        rows.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let older = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| older).map(|(place, _)| place.to_string());
        let reasons =
            self.store.refused_reasons(actor.tenant, filter.vendor_id).await.map_err(unavailable)?;
        Ok(RequestPage {
            now: self.clock.now(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            next_cursor,
            vendors: vendor_facets(actor, &snapshot),
            reasons,
        })
    }

    async fn request(&self, actor: &Actor, id: RequestId) -> Result<RequestStory, AppError> {
        let request = self.store.refused_request(actor.tenant, id).await.map_err(unavailable)?;
        let snapshot = self.live.now();
        let live = snapshot.vendor(request.vendor_id);
        let preset = live.and_then(|live| live.preset.as_deref());
        Ok(RequestStory {
            now: self.clock.now(),
            vendor: vendor_name(request.vendor_id, &snapshot),
            preset: preset.map(|preset| preset.name.clone()).unwrap_or_default(),
            checks: checks::checks(preset, &request.reason, &request.detail),
            request,
        })
    }

    async fn body(&self, actor: &Actor, id: RequestId) -> Result<Payload, AppError> {
        let request = self.store.refused_request(actor.tenant, id).await.map_err(unavailable)?;
        let capture = self.capture(&request).await.map_err(|error| match error {
            AppError::Invalid { .. } => AppError::NotFound,
            other => other,
        })?;
        let detail = format!("{} bytes", capture.body.len());
        let audit = self.audit(actor, Some(request.tenant_id), "request.read", id, detail);
        self.store.note(&audit).await.map_err(unavailable)?;
        let live = self.vendor_behind(&request)?;
        let raw = EventPayload { headers: request.headers, body: capture.body.to_vec() };
        // The capture is sealed as it came, because a check needs every byte; people see it as it would be stored.
        Ok(payloads::shown(redact::stored(live.redaction(), raw)))
    }

    async fn recheck(&self, actor: &Actor, id: RequestId) -> Result<Recheck, AppError> {
        let request = self.store.refused_request(actor.tenant, id).await.map_err(unavailable)?;
        let live = self.vendor_behind(&request)?;
        let capture = self.capture(&request).await?;
        let judged = self.judge(&live, &capture, request.received_at).await;
        let (code, words) = self.explain(judged, &live, &request, &capture).await?;
        let recheck = Recheck { at: self.clock.now(), by: actor.email.clone(), code, words };
        let audit = self.audit(actor, Some(request.tenant_id), "request.recheck", id, recheck.code.clone());
        self.store.note_recheck(id, &recheck, &audit).await.map_err(unavailable)?;
        Ok(recheck)
    }

    async fn accept(&self, actor: &Actor, id: RequestId, anyway: bool) -> Result<EventId, AppError> {
        let request = self.store.refused_request(actor.tenant, id).await.map_err(unavailable)?;
        if let Some(accepted) = &request.accepted {
            return Ok(accepted.event_id);
        }
        let live = self.vendor_behind(&request)?;
        let capture = self.capture(&request).await?;
        let (check, version) = match self.judge(&live, &capture, request.received_at).await {
            Judged::Fits(version) => ("the check passed", version),
            Judged::Refused(_) if anyway => ("although the check failed", None),
            Judged::Refused(_) => return Err(AppError::invalid(Field::Form, Reason::StillRefused)),
            Judged::NoPreset => return Err(AppError::invalid(Field::Preset, Reason::Unknown)),
            Judged::NoKey { .. } if anyway => ("unchecked, since the vendor's keys could not be had", None),
            Judged::NoKey { .. } => return Err(AppError::invalid(Field::Form, Reason::KeysNotAtHand)),
        };
        let event = self.event_of(&live, &request, &capture, version)?;
        let acceptance =
            Acceptance { event_id: event.event.id, at: self.clock.now(), by: actor.email.clone() };
        let detail = format!("refused as {}, accepted by hand, {check}", request.reason);
        let audit = self.audit(actor, Some(request.tenant_id), "request.accept", id, detail);
        let stored = self.store.accept_refused(id, &event, &acceptance, &audit).await;
        Ok(stored.map_err(unavailable)?.id)
    }
}

impl Services {
    async fn taken_in(
        &self,
        actor: &Actor,
        filter: &RequestFilter,
        cursor: Option<Place>,
        limit: i64,
        snapshot: &Snapshot,
    ) -> Result<Vec<(Place, RequestRow)>, AppError> {
        if filter.outcome == Some(Outcome::Refused) || filter.reason.is_some() {
            return Ok(Vec::new());
        }
        let wanted = EventFilter { vendor_id: filter.vendor_id, ..EventFilter::default() };
        let events = self.store.events(actor.tenant, &wanted, cursor, limit).await.map_err(unavailable)?;
        Ok(events.into_iter().map(|event| (place(&event), accepted_row(event, snapshot))).collect())
    }

    async fn turned_away(
        &self,
        actor: &Actor,
        filter: &RequestFilter,
        cursor: Option<Place>,
        limit: i64,
        snapshot: &Snapshot,
    ) -> Result<Vec<(Place, RequestRow)>, AppError> {
        if filter.outcome == Some(Outcome::Accepted) {
            return Ok(Vec::new());
        }
        let wanted = RefusedFilter { vendor_id: filter.vendor_id, reason: filter.reason.clone() };
        let refused = self.store.refused(actor.tenant, &wanted, cursor, limit).await.map_err(unavailable)?;
        let place = |request: &RefusedRequest| Place { at: request.received_at, id: request.id.uuid() };
        Ok(refused.into_iter().map(|request| (place(&request), refused_row(request, snapshot))).collect())
    }

    fn vendor_behind(&self, request: &RefusedRequest) -> Result<Arc<LiveVendor>, AppError> {
        self.live.now().vendor(request.vendor_id).cloned().ok_or(AppError::NotFound)
    }

    /// The request itself; `Invalid { Form, Spent }` when it is not kept.
    async fn capture(&self, request: &RefusedRequest) -> Result<Capture, AppError> {
        let gone = AppError::invalid(Field::Form, Reason::Spent);
        let sealed = self.store.refused_capture(request.id).await.map_err(|error| match error {
            StoreError::NotFound => gone,
            other => unavailable(other),
        })?;
        Capture::open(&self.vault, request.id, &sealed).map_err(|error| {
            tracing::error!(%error, request.id = %request.id, "a refused request cannot be opened");
            gone
        })
    }

    /// Code and words of a verdict, with the likely cause where one is known.
    async fn explain(
        &self,
        judged: Judged,
        live: &Arc<LiveVendor>,
        request: &RefusedRequest,
        capture: &Capture,
    ) -> Result<(String, String), AppError> {
        let refusal = match judged {
            Judged::Refused(refusal) => refusal,
            other => return Ok(other.in_words()),
        };
        let told = (refusal.code().to_owned(), refusal.detail());
        let known = refused::known(
            self.store.as_ref(),
            &self.vault,
            &self.live,
            live,
            request,
            capture,
            &self.public_url,
        );
        let mut known = known.await.map_err(unavailable)?;
        let secrets = live.secrets_at(self.clock.now());
        known.current = secrets.into_iter().map(|(_, value)| Zeroizing::new(value.to_owned())).collect();
        let (live, capture) = (live.clone(), capture.clone());
        let (public_url, then) = (self.public_url.clone(), request.received_at);
        // Trying other secrets and spellings takes a while; not on the threads that answer.
        let found = tokio::task::spawn_blocking(move || {
            why::finding(live.preset.as_deref()?, &known, &capture, &public_url, then)
        });
        let found = found.await.map_err(|_| AppError::Unavailable)?;
        Ok(found.map_or(told, |finding| (finding.code, finding.words)))
    }

    /// The event a refused request becomes; `secret_version` is the one its signature fits.
    fn event_of(
        &self,
        live: &LiveVendor,
        request: &RefusedRequest,
        capture: &Capture,
        secret_version: Option<i32>,
    ) -> Result<NewEvent, AppError> {
        let preset = live.preset.as_deref().ok_or(AppError::invalid(Field::Preset, Reason::Unknown))?;
        let now = self.clock.now();
        let envelope = capture.with_delivery(&self.public_url, |delivery| delivery.normalize(preset));
        let arrival = Arrival { request_id: request.id, at: now, secret_version };
        // A body that cannot be read is known by its hash, like those of vendors without ids.
        let envelope = envelope.unwrap_or_else(|_| Envelope::default());
        let event = capture.with_request(&self.public_url, |asked| {
            event::build(live, preset, arrival, envelope, asked, &capture.headers())
        });
        let (mut event, _) = event.map_err(|error| {
            tracing::error!(%error, request.id = %request.id, "a refused request cannot be stored as its tenant wants");
            AppError::Unavailable
        })?;
        if event.event.occurred_at.is_none() {
            // It happened before it was refused, not when somebody accepted it; what is newer must not be overwritten.
            event.jobs.iter_mut().for_each(|job| job.occurred_at = Some(request.received_at));
        }
        Ok(event)
    }
}

fn accepted_row(event: Event, snapshot: &Snapshot) -> RequestRow {
    RequestRow {
        id: event.request_id,
        received_at: event.received_at,
        vendor: vendor_name(event.vendor_id, snapshot),
        body_len: event.body_len,
        fate: Fate::Accepted { event_id: event.id, event_type: event.event_type },
    }
}

fn refused_row(request: RefusedRequest, snapshot: &Snapshot) -> RequestRow {
    RequestRow {
        id: request.id,
        received_at: request.received_at,
        vendor: vendor_name(request.vendor_id, snapshot),
        body_len: request.body_len,
        fate: Fate::Refused {
            status: request.status,
            reason: request.reason,
            detail: request.detail,
            finding: request.finding,
            accepted: request.accepted.map(|accepted| accepted.event_id),
        },
    }
}
