//! Schedules: listing, adding, switching, running one ahead of its time, removing.

use super::{Services, rules::choices, sees, slug, store_error, unavailable};
use crate::{
    clock::fresh,
    live::Snapshot,
    schedules::{
        make,
        pace::{self, BadPace},
    },
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, SchedulesPort},
    view::schedules::{NewSchedule, SchedulePage, ScheduleRow},
};
use async_trait::async_trait;
use domain::{
    id::{EventId, ScheduleId},
    schedule::{Pace, Schedule},
};

/// Longest type and subject, in bytes; longer ones fit no index.
const MAX_NAME: usize = 255;
/// Longest payload, in bytes.
const MAX_PAYLOAD: usize = 64 * 1024;

#[async_trait]
impl SchedulesPort for Services {
    async fn list(&self, actor: &Actor) -> Result<SchedulePage, AppError> {
        let schedules = self.store.schedules(actor.tenant).await.map_err(unavailable)?;
        let snapshot = self.live.now();
        let vendors = snapshot.vendors().filter(|live| sees(actor, live.vendor.tenant_id));
        Ok(SchedulePage {
            now: self.clock.now(),
            rows: schedules.into_iter().map(|schedule| row(actor, schedule, &snapshot)).collect(),
            vendors: choices(vendors.map(|live| (live.vendor.id, live.vendor.slug.to_string()))),
        })
    }

    async fn add(&self, actor: &Actor, new: NewSchedule) -> Result<ScheduleRow, AppError> {
        let schedule = self.checked_schedule(actor, new)?;
        let detail = format!("{} at {}", schedule.event_type, schedule.pace.in_words());
        let audit = self.audit(actor, Some(schedule.tenant_id), "schedule.add", &schedule.slug, detail);
        self.store.add_schedule(&schedule, &audit).await.map_err(store_error(Field::Slug))?;
        Ok(row(actor, schedule, &self.live.now()))
    }

    async fn set_pace(&self, actor: &Actor, id: ScheduleId, pace: Pace) -> Result<ScheduleRow, AppError> {
        let schedule = self.store.schedule(actor.tenant, id).await.map_err(unavailable)?;
        let now = self.clock.now();
        let next_at = pace::next(&pace, now, now).map_err(meant)?;
        let detail = format!("{}, before {}", pace.in_words(), schedule.pace.in_words());
        let audit = self.audit(actor, Some(schedule.tenant_id), "schedule.set", &schedule.slug, detail);
        let set = self.store.set_schedule_pace(actor.tenant, id, &pace, next_at, &audit).await;
        set.map_err(unavailable)?;
        Ok(row(actor, Schedule { pace, next_at, ..schedule }, &self.live.now()))
    }

    async fn switch(&self, actor: &Actor, id: ScheduleId, on: bool) -> Result<(), AppError> {
        let schedule = self.store.schedule(actor.tenant, id).await.map_err(unavailable)?;
        if schedule.enabled == on {
            return Ok(());
        }
        // What was due while it was off is not made up for.
        let next_at = pace::next(&schedule.pace, schedule.next_at, self.clock.now()).map_err(meant)?;
        let word = if on { "on" } else { "off" };
        let audit = self.audit(actor, Some(schedule.tenant_id), "schedule.switch", &schedule.slug, word);
        self.store.set_schedule_enabled(actor.tenant, id, on, next_at, &audit).await.map_err(unavailable)
    }

    async fn run_now(&self, actor: &Actor, id: ScheduleId) -> Result<EventId, AppError> {
        let schedule = self.store.schedule(actor.tenant, id).await.map_err(unavailable)?;
        let snapshot = self.live.now();
        let live = snapshot.vendor(schedule.vendor_id).filter(|live| live.vendor.enabled);
        let live = live.ok_or(AppError::invalid(Field::Vendor, Reason::Off))?;
        let now = self.clock.now();
        let made = make::event(&schedule, live, now, Some(actor.email.clone()), now);
        let (new, made) = made.map_err(|error| {
            tracing::error!(schedule = %schedule.slug, %error, "an event could not be made");
            AppError::Unavailable
        })?;
        let detail = new.event.id.to_string();
        let audit = self.audit(actor, Some(schedule.tenant_id), "schedule.run", &schedule.slug, detail);
        self.store.run_schedule_now(actor.tenant, (&new, &made), &audit).await.map_err(unavailable)?;
        Ok(new.event.id)
    }

    async fn remove(&self, actor: &Actor, id: ScheduleId) -> Result<(), AppError> {
        let schedule = self.store.schedule(actor.tenant, id).await.map_err(unavailable)?;
        let audit = self.audit(actor, Some(schedule.tenant_id), "schedule.remove", &schedule.slug, "");
        self.store.remove_schedule(actor.tenant, id, &audit).await.map_err(unavailable)
    }
}

impl Services {
    /// The schedule of this name.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when the actor has none.
    pub async fn schedule_named(&self, actor: &Actor, name: &str) -> Result<ScheduleId, AppError> {
        let all = self.store.schedules(actor.tenant).await.map_err(unavailable)?;
        let found = all.into_iter().find(|schedule| schedule.slug.as_str() == name);
        found.map(|schedule| schedule.id).ok_or(AppError::NotFound)
    }

    /// The schedule a form describes.
    fn checked_schedule(&self, actor: &Actor, new: NewSchedule) -> Result<Schedule, AppError> {
        let invalid = AppError::invalid;
        let snapshot = self.live.now();
        let vendor = snapshot
            .vendor(new.vendor_id)
            .map(|live| &live.vendor)
            .filter(|vendor| sees(actor, vendor.tenant_id))
            .ok_or(invalid(Field::Vendor, Reason::Unknown))?;
        if new.event_type.is_empty() {
            return Err(invalid(Field::Pattern, Reason::Missing));
        }
        if new.event_type.len() > MAX_NAME {
            return Err(invalid(Field::Pattern, Reason::TooLong));
        }
        if new.subject_id.as_ref().is_some_and(|subject| subject.len() > MAX_NAME) {
            return Err(invalid(Field::Subject, Reason::TooLong));
        }
        let payload = new.payload.unwrap_or_else(|| "{}".to_owned());
        if payload.len() > MAX_PAYLOAD {
            return Err(invalid(Field::Payload, Reason::TooLong));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(&payload)
            .map_err(|_| invalid(Field::Payload, Reason::Malformed))?;
        let now = self.clock.now();
        Ok(Schedule {
            id: ScheduleId::new(fresh()),
            tenant_id: vendor.tenant_id,
            vendor_id: vendor.id,
            slug: slug(&new.slug)?,
            event_type: new.event_type,
            subject_id: new.subject_id,
            payload,
            next_at: pace::next(&new.pace, now, now).map_err(meant)?,
            pace: new.pace,
            enabled: true,
            last_at: None,
            last_event_id: None,
            created_at: now,
            created_by: actor.email.clone(),
        })
    }
}

fn meant(bad: BadPace) -> AppError {
    let field = match bad {
        BadPace::Cron => Field::Cron,
        BadPace::Every => Field::Every,
        BadPace::Zone => Field::Zone,
    };
    AppError::invalid(field, Reason::Malformed)
}

fn row(actor: &Actor, schedule: Schedule, snapshot: &Snapshot) -> ScheduleRow {
    let live = snapshot.vendor(schedule.vendor_id);
    let tenant = || snapshot.tenant(schedule.tenant_id).map(|tenant| tenant.slug.to_string());
    ScheduleRow {
        id: schedule.id,
        tenant: actor.tenant.is_none().then(tenant).flatten(),
        slug: schedule.slug.to_string(),
        vendor: live.map(|live| live.vendor.slug.to_string()).unwrap_or_default(),
        vendor_on: live.is_some_and(|live| live.vendor.enabled),
        event_type: schedule.event_type,
        subject_id: schedule.subject_id,
        payload: schedule.payload,
        pace: schedule.pace,
        enabled: schedule.enabled,
        next_at: schedule.next_at,
        last_at: schedule.last_at,
        last_event_id: schedule.last_event_id,
        created_by: schedule.created_by,
    }
}
