//! Two schedules, one of which is off.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, SchedulesPort},
    view::{
        connections::Choice,
        schedules::{NewSchedule, SchedulePage, ScheduleRow},
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, ScheduleId},
    schedule::Pace,
    time::{HOUR, MINUTE},
};
use uuid::Uuid;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x018f_3c51_0000_7000_8000_0000_0000_0000 + n)
}

impl Fake {
    fn schedule(&self, n: u128, slug: &str, pace: Pace) -> ScheduleRow {
        ScheduleRow {
            id: ScheduleId::new(uuid(n)),
            slug: slug.into(),
            tenant: None,
            vendor: "openai".into(),
            vendor_on: true,
            event_type: "digest.due".into(),
            subject_id: Some("digest".into()),
            payload: r#"{"of": "yesterday"}"#.into(),
            pace,
            enabled: true,
            next_at: self.now.plus(3 * HOUR),
            last_at: Some(self.now.plus(-21 * HOUR)),
            last_event_id: Some(EventId::new(uuid(2))),
            created_by: "ada@daily-herald.example".into(),
        }
    }
}

#[async_trait]
impl SchedulesPort for Fake {
    async fn list(&self, _: &Actor) -> Result<SchedulePage, AppError> {
        self.well()?;
        let vendors = self.vendors.iter().map(|of| Choice { id: of.id, label: of.address.slug.to_string() });
        let rows = match self.vendors.is_empty() {
            true => vec![],
            false => vec![
                ScheduleRow {
                    enabled: false,
                    last_at: None,
                    last_event_id: None,
                    subject_id: None,
                    ..self.schedule(2, "check-the-wires", Pace::Every(900))
                },
                self.schedule(1, "morning-digest", Pace::Cron("0 7 * * 1-5".into())),
                ScheduleRow {
                    vendor_on: false,
                    next_at: self.now.plus(-MINUTE),
                    ..self.schedule(
                        3,
                        "weekly-round-up",
                        Pace::cron("30 5 * * 1".into(), "Europe/Berlin".parse().ok()),
                    )
                },
            ],
        };
        Ok(SchedulePage { now: self.now, rows, vendors: vendors.collect() })
    }

    async fn add(&self, _: &Actor, new: NewSchedule) -> Result<ScheduleRow, AppError> {
        if new.pace == Pace::Cron("never".into()) {
            return Err(AppError::invalid(Field::Cron, Reason::Malformed));
        }
        self.note(format!("schedule {} {} {} {:?}", new.slug, new.event_type, new.pace, new.payload));
        Ok(self.schedule(9, &new.slug, new.pace))
    }

    async fn set_pace(&self, _: &Actor, id: ScheduleId, pace: Pace) -> Result<ScheduleRow, AppError> {
        if pace == Pace::Cron("never".into()) {
            return Err(AppError::invalid(Field::Cron, Reason::Malformed));
        }
        self.note(format!("set {id} {pace}"));
        Ok(self.schedule(1, "morning-digest", pace))
    }

    async fn switch(&self, _: &Actor, id: ScheduleId, on: bool) -> Result<(), AppError> {
        self.note(format!("switch {id} {on}"));
        Ok(())
    }

    async fn run_now(&self, _: &Actor, id: ScheduleId) -> Result<EventId, AppError> {
        self.note(format!("run {id}"));
        Ok(EventId::new(uuid(1)))
    }

    async fn remove(&self, _: &Actor, id: ScheduleId) -> Result<(), AppError> {
        self.note(format!("remove {id}"));
        Ok(())
    }
}
