//! Requests, events and sender pages in memory.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::*,
    view::{
        events::*,
        jobs::{Facet, JobRow},
        requests::*,
        sender::*,
        story::Payload,
    },
};
use async_trait::async_trait;
use domain::{
    event::{ByHand, Event, EventVersion},
    id::*,
    place::{EventFilter, Outcome, Place},
    refusal::{Acceptance, Finding, ReasonCount, Recheck, RefusedRequest},
    schedule::ScheduledEvent,
    time::{MINUTE, SECOND, Timestamp},
};
use uuid::Uuid;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x018f_3c51_0000_7000_8000_0000_0000_0000 + n)
}

/// The refused request of this number: 1 has a cause and is kept, 2 is not kept, 3 was accepted by hand.
pub fn refused(n: u128, now: Timestamp) -> RefusedRequest {
    let (reason, detail) = match n {
        1 => {
            ("signature_mismatch", "The signature does not belong to this body under any configured secret.")
        }
        2 => ("body_too_large", "The body is larger than the 524288 bytes this vendor may send."),
        _ => ("timestamp_stale", "The timestamp is 412 s old, more than this vendor's limit."),
    };
    let finding = (n == 1).then(|| Finding {
        code: "revoked_secret".into(),
        words: "The signature was made with version 1 of this vendor's secret, which is revoked.".into(),
    });
    RefusedRequest {
        id: RequestId::new(uuid(n)),
        tenant_id: TenantId::new(uuid(1)),
        vendor_id: VendorId::new(uuid(1)),
        received_at: now.plus(-(n as i64) * MINUTE),
        status: if n == 2 { 413 } else { 401 },
        reason: reason.into(),
        detail: detail.into(),
        headers: vec![
            ("authorization".into(), "[redacted]".into()),
            ("x-odd".into(), "<script>alert('header')</script>".into()),
        ],
        body_len: if n == 2 { 0 } else { 1_284 },
        method: "POST".into(),
        path: "/webhooks/openai?token=[redacted]".into(),
        client: "192.0.2.7".into(),
        finding,
        captured: n != 2,
        rechecked: None,
        accepted: (n == 3).then(|| Acceptance {
            event_id: EventId::new(uuid(2)),
            at: now.plus(-SECOND),
            by: "ada@daily-herald.example".into(),
        }),
    }
}

fn event(n: u128, now: Timestamp) -> Event {
    Event {
        id: EventId::new(uuid(n)),
        tenant_id: TenantId::new(uuid(1)),
        vendor_id: VendorId::new(uuid(1)),
        external_id: "evt_external_1".into(),
        event_type: "response.completed".into(),
        subject_id: Some("resp_7".into()),
        occurred_at: Some(now.plus(-2 * MINUTE)),
        schema_version: None,
        received_at: now.plus(-(n as i64) * SECOND),
        request_id: RequestId::new(uuid(100 + n)),
        trace_id: "trace".into(),
        secret_version: (n != 2).then_some(2),
        body_len: 812,
    }
}

fn cursor_is(cursor: Option<Place>, at: Timestamp, id: Uuid) -> bool {
    cursor.is_none_or(|place| (Place { at, id }) < place)
}

fn vendors(fake: &Fake) -> Vec<Facet<VendorId>> {
    fake.vendors
        .iter()
        .map(|row| Facet { value: row.id, label: row.address.slug.clone(), count: None })
        .collect()
}

#[async_trait]
impl RequestsPort for Fake {
    async fn list(
        &self,
        _: &Actor,
        filter: &RequestFilter,
        cursor: Option<Place>,
        _limit: u32,
    ) -> Result<RequestPage, AppError> {
        self.well()?;
        let any = !self.vendors.is_empty();
        let turned_away = (1..=3).map(|n| refused(n, self.now)).map(|request| RequestRow {
            id: request.id,
            received_at: request.received_at,
            vendor: "openai".into(),
            body_len: request.body_len,
            fate: Fate::Refused {
                status: request.status,
                reason: request.reason,
                detail: request.detail,
                finding: request.finding,
                accepted: request.accepted.map(|accepted| accepted.event_id),
            },
        });
        let taken = (1..=2).map(|n| event(n, self.now)).map(|event| RequestRow {
            id: event.request_id,
            received_at: event.received_at,
            vendor: "openai".into(),
            body_len: event.body_len,
            fate: Fate::Accepted { event_id: event.id, event_type: event.event_type },
        });
        let mut rows: Vec<_> = taken.chain(turned_away).filter(|_| any).collect();
        rows.retain(|row| {
            let outcome = match &row.fate {
                Fate::Accepted { .. } => Outcome::Accepted,
                Fate::Refused { .. } => Outcome::Refused,
            };
            let reason = match &row.fate {
                Fate::Refused { reason, .. } => Some(reason),
                Fate::Accepted { .. } => None,
            };
            filter.outcome.is_none_or(|wanted| wanted == outcome)
                && filter.reason.as_ref().is_none_or(|wanted| reason == Some(wanted))
                && cursor_is(cursor, row.received_at, row.id.uuid())
        });
        let reasons = (1..=3)
            .filter(|_| any)
            .map(|n| refused(n, self.now))
            .map(|request| ReasonCount { reason: request.reason, count: 1, last_at: request.received_at })
            .collect();
        Ok(RequestPage { now: self.now, rows, next_cursor: None, vendors: vendors(self), reasons })
    }

    async fn request(&self, _: &Actor, id: RequestId) -> Result<RequestStory, AppError> {
        self.well()?;
        let found = (1..=3).map(|n| refused(n, self.now)).find(|request| request.id == id);
        let mut request = found.ok_or(AppError::NotFound)?;
        if self.calls.lock().unwrap().contains(&format!("recheck {id}")) {
            request.rechecked = Some(Recheck {
                at: self.now,
                by: "ada".into(),
                code: Recheck::VALID.into(),
                words: "The signature fits version 2 of the secret.".into(),
            });
        }
        let check =
            |name: &str, state, detail: &str| Check { name: name.into(), state, detail: detail.into() };
        Ok(RequestStory {
            now: self.now,
            vendor: "openai".into(),
            preset: "OpenAI".into(),
            checks: vec![
                check("Method", CheckState::Passed, ""),
                check("Signature", CheckState::Failed, &request.detail),
                check("Contents", CheckState::NotReached, ""),
            ],
            request,
        })
    }

    async fn body(&self, _: &Actor, id: RequestId) -> Result<Payload, AppError> {
        self.note(format!("read {id}"));
        Ok(Payload { headers: vec![], body: "{\"the\": \"body\"}".into(), cut: false })
    }

    async fn recheck(&self, _: &Actor, id: RequestId) -> Result<Recheck, AppError> {
        self.note(format!("recheck {id}"));
        Ok(Recheck { at: self.now, by: "ada".into(), code: Recheck::VALID.into(), words: String::new() })
    }

    async fn accept(&self, _: &Actor, id: RequestId, anyway: bool) -> Result<EventId, AppError> {
        if !anyway {
            return Err(AppError::invalid(Field::Form, Reason::StillRefused));
        }
        self.note(format!("accept {id}"));
        Ok(EventId::new(uuid(2)))
    }
}

#[async_trait]
impl EventsPort for Fake {
    async fn list(
        &self,
        _: &Actor,
        filter: &EventFilter,
        cursor: Option<Place>,
        _limit: u32,
    ) -> Result<EventPage, AppError> {
        self.well()?;
        let rows = (1..=2).map(|n| event(n, self.now)).filter(|event| {
            !self.vendors.is_empty()
                && filter.event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type)
                && cursor_is(cursor, event.received_at, event.id.uuid())
        });
        let rows = rows.map(|event| EventRow {
            id: event.id,
            vendor: "openai".into(),
            event_type: event.event_type,
            subject_id: event.subject_id,
            external_id: event.external_id,
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            secret_version: event.secret_version,
            body_len: event.body_len,
        });
        Ok(EventPage { now: self.now, rows: rows.collect(), next_cursor: None })
    }

    async fn vendors(&self, _: &Actor) -> Result<Vec<Facet<VendorId>>, AppError> {
        self.well()?;
        Ok(vendors(self))
    }

    async fn event(&self, _: &Actor, id: EventId) -> Result<EventStory, AppError> {
        self.well()?;
        // The third is a copy of the first.
        let events: Vec<_> = (1..=3).map(|n| event(n, self.now)).collect();
        let found = events.iter().find(|event| event.id == id).cloned().ok_or(AppError::NotFound)?;
        let copied = found.id == events[2].id;
        let versions = events[..2].iter().rev().map(|event| EventVersion {
            id: event.id,
            received_at: event.received_at,
            event_type: event.event_type.clone(),
            body_len: event.body_len,
        });
        Ok(EventStory {
            is_news: false,
            now: self.now,
            vendor: "openai".into(),
            path: "/webhooks/openai".into(),
            versions: versions.collect(),
            copied,
            by_hand: found.secret_version.is_none().then(|| ByHand {
                request_id: RequestId::new(uuid(3)),
                at: self.now,
                by: "ada@daily-herald.example".into(),
                reason: "timestamp_stale".into(),
            }),
            // The second asked for what a job had done already, and a schedule made it.
            scheduled: (found.id == events[1].id).then(|| ScheduledEvent {
                event_id: found.id,
                schedule_id: ScheduleId::new(uuid(1)),
                slug: "morning-digest".parse().unwrap(),
                due_at: self.now.plus(-MINUTE),
                run_by: None,
            }),
            done_already: match found.id == events[1].id {
                true => vec![
                    DoneAlready {
                        id: JobId::new(uuid(41)),
                        job: self
                            .stories
                            .lock()
                            .unwrap()
                            .first()
                            .map(|story| JobRow::of(&story.chapters[0].job, None, None)),
                    },
                    DoneAlready { id: JobId::new(uuid(42)), job: None },
                ],
                false => vec![],
            },
            jobs: vec![],
            event: found,
        })
    }
}

#[async_trait]
impl SenderPort for Fake {
    async fn refusals(&self, _: &Actor, vendor_id: VendorId) -> Result<VendorRefusals, AppError> {
        self.well()?;
        let reasons = (1..=3).map(|n| refused(n, self.now)).map(|request| ReasonCount {
            reason: request.reason,
            count: 1,
            last_at: request.received_at,
        });
        Ok(VendorRefusals { now: self.now, vendor_id, reasons: reasons.collect() })
    }

    async fn link(&self, _: &Actor, vendor: VendorId) -> Result<SenderLink, AppError> {
        self.note(format!("link {vendor}"));
        let url = "https://hooks.example.com/sender/t0ken".into();
        Ok(SenderLink { vendor: "openai".into(), url, expires_at: self.now.plus(7 * 24 * 60 * MINUTE) })
    }

    async fn end_links(&self, _: &Actor, vendor: VendorId) -> Result<(), AppError> {
        self.note(format!("end links {vendor}"));
        Ok(())
    }

    async fn page(&self, _token: &str) -> Result<SenderPage, AppError> {
        Err(AppError::NotFound)
    }

    async fn check(&self, _: &str, _: &str, _: &str, _: &str) -> Result<SignatureVerdict, AppError> {
        Err(AppError::NotFound)
    }
}
