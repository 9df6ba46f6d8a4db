//! Payloads, what is never stored of them, and replays in memory.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, PayloadsPort, RedactionPort, ReplaysPort},
    view::{
        connections::Choice,
        payload::Reading,
        redaction::VendorPrivacy,
        replays::{Chosen, EventReplays, ReplayPage, ReplayRow},
        story::Payload,
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId, ReplayId, TenantId, VendorId},
    privacy::TenantPrivacy,
    redaction::Redaction,
    replay::{Replay, ReplayLink, ReplayState},
    selection::Selection,
    time::MINUTE,
};
use uuid::Uuid;

#[async_trait]
impl PayloadsPort for Fake {
    async fn read(&self, _: &Actor, event: EventId) -> Result<Reading, AppError> {
        self.note(format!("read {event}"));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(Reading::Read(Payload {
            headers: vec![
                header("content-type", "application/json"),
                header("webhook-id", "wh_01"),
                header("webhook-signature", "•••"),
            ],
            body: "{\n  \"type\": \"batch.completed\",\n  \"data\": {\n    \"id\": \"batch_6743\",\n    \"title\": \"Match report\",\n    \"text\": \"Rovers 2–1 City. Att. 12,418. Adeyemi 81', 88'.\"\n  }\n}".into(),
            cut: false,
        }))
    }

    async fn read_of_job(&self, actor: &Actor, job: JobId) -> Result<Reading, AppError> {
        let stories = self.stories.lock().unwrap().clone();
        let story = stories.iter().find(|story| story.chapters.iter().any(|chapter| chapter.job.id == job));
        let arrival = story.and_then(|story| story.arrival.as_ref()).ok_or(AppError::NotFound)?;
        self.read(actor, arrival.event_id).await
    }
}

#[async_trait]
impl RedactionPort for Fake {
    async fn of_vendor(&self, _: &Actor, _: VendorId) -> Result<VendorPrivacy, AppError> {
        self.well()?;
        let rules = Redaction::read(["/customer/email", "/items/*/card"], ["x-client-ip"], []);
        let tenant = TenantPrivacy::of(TenantId::new(Uuid::nil()));
        Ok(VendorPrivacy {
            rules: rules.unwrap(),
            tenant: TenantPrivacy { encrypt: true, has_key: true, ..tenant },
        })
    }

    async fn set(&self, _: &Actor, vendor: VendorId, rules: Redaction) -> Result<(), AppError> {
        self.note(format!("redact {vendor} {}", rules.pointers.len()));
        Ok(())
    }

    async fn preview(&self, actor: &Actor, _: VendorId, _: Redaction) -> Result<Option<Reading>, AppError> {
        self.read(actor, EventId::new(Uuid::nil())).await.map(Some)
    }
}

#[async_trait]
impl ReplaysPort for Fake {
    async fn list(&self, _: &Actor) -> Result<ReplayPage, AppError> {
        self.well()?;
        let vendors: Vec<_> =
            self.vendors.iter().map(|row| Choice { id: row.id, label: row.address.slug.clone() }).collect();
        let row = |n: i64, state, done, total| ReplayRow {
            vendor: vendors.first().map(|vendor| vendor.label.clone()),
            replay: Replay {
                id: ReplayId::new(Uuid::from_u128(900 + n.unsigned_abs() as u128)),
                tenant_id: TenantId::new(Uuid::nil()),
                actor: "ada@daily-herald.example".into(),
                selection: Selection { event_type: Some("batch.*".into()), ..Selection::default() },
                per_second: 10,
                state,
                total,
                done,
                skipped: n % 2,
                at: None,
                next_step_at: self.now,
                created_at: self.now.plus(-n * MINUTE),
                finished_at: None,
            },
        };
        let rows = match vendors.is_empty() {
            true => vec![],
            false => vec![row(2, ReplayState::Running, 120, 480), row(61, ReplayState::Done, 13, 14)],
        };
        Ok(ReplayPage { now: self.now, rows, vendors })
    }

    async fn choose(&self, _: &Actor, selection: Selection) -> Result<Chosen, AppError> {
        let selection = Selection { until: Some(self.now), ..selection };
        Ok(Chosen { selection, tenant_id: TenantId::new(Uuid::nil()), count: 128 })
    }

    async fn start(&self, _: &Actor, chosen: Chosen, per_second: i32) -> Result<ReplayId, AppError> {
        self.note(format!("replay {} at {per_second}", chosen.selection.in_words()));
        Ok(ReplayId::new(Uuid::from_u128(902)))
    }

    async fn cancel(&self, _: &Actor, id: ReplayId) -> Result<(), AppError> {
        self.note(format!("cancel {id}"));
        Ok(())
    }

    async fn of_event(&self, _: &Actor, event: EventId) -> Result<EventReplays, AppError> {
        let id = |n: u128| EventId::new(Uuid::from_u128(n | 0x018f_3c51_0000_7000_8000_0000_0000_0000));
        let link =
            ReplayLink { event_id: id(3), origin_id: id(1), replay_id: ReplayId::new(Uuid::from_u128(902)) };
        Ok(EventReplays { origin: (event == id(3)).then_some(link), copies: vec![] })
    }
}
