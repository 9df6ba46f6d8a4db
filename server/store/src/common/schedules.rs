//! Schedules.

use super::{Adapter, Connection, Row, Transaction, audit::end_change, events, rows};
use crate::{AuditEntry, NewEvent, Result, ScheduleStore, StoreError, text::clean, text::clean_opt};
use async_trait::async_trait;
use domain::{
    id::{EventId, ScheduleId, TenantId, VendorId},
    schedule::{Pace, Schedule, ScheduledEvent},
    time::Timestamp,
};
use sqlx::query;

/// The columns [`schedule`] reads.
macro_rules! schedule_columns {
    () => {
        "id, tenant_id, vendor_id, slug, event_type, subject_id, payload, pace, enabled, next_at, last_at, \
         last_event_id, created_at, created_by"
    };
}

fn schedule(row: &Row) -> Result<Schedule> {
    Ok(Schedule {
        id: rows::get(row, "id").map(ScheduleId::new)?,
        tenant_id: rows::get(row, "tenant_id").map(TenantId::new)?,
        vendor_id: rows::get(row, "vendor_id").map(VendorId::new)?,
        slug: rows::parse(row, "slug")?,
        event_type: rows::get(row, "event_type")?,
        subject_id: rows::get(row, "subject_id")?,
        payload: rows::get(row, "payload")?,
        pace: rows::parse(row, "pace")?,
        enabled: rows::get(row, "enabled")?,
        next_at: rows::time(row, "next_at")?,
        last_at: rows::time_opt(row, "last_at")?,
        last_event_id: rows::id_opt(row, "last_event_id", EventId::new)?,
        created_at: rows::time(row, "created_at")?,
        created_by: rows::get(row, "created_by")?,
    })
}

/// Notes that a schedule made `event` at `at`.
async fn note_last(connection: &mut Connection, id: ScheduleId, event: EventId, at: Timestamp) -> Result<()> {
    query("update schedules set last_event_id = $2, last_at = $3 where id = $1")
        .bind(id.uuid())
        .bind(event.uuid())
        .bind(at.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores what a schedule made. An event that is there already counts: this due time made it.
async fn store(transaction: &mut Transaction, new: &NewEvent, made: &ScheduledEvent) -> Result<()> {
    let stored = events::store(transaction, std::slice::from_ref(new)).await?;
    let event = stored.first().map_or(new.event.id, |recorded| recorded.id);
    query(
        "insert into scheduled_events (event_id, schedule_id, slug, due_at, run_by) values ($1, $2, $3, $4, $5)
         on conflict (event_id) do nothing",
    )
    .bind(event.uuid())
    .bind(made.schedule_id.uuid())
    .bind(made.slug.as_str())
    .bind(made.due_at.0)
    .bind(clean_opt(made.run_by.as_ref()))
    .execute(&mut **transaction)
    .await?;
    note_last(transaction, made.schedule_id, event, new.event.received_at).await
}

#[async_trait]
impl ScheduleStore for Adapter {
    async fn add_schedule(&self, schedule: &Schedule, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let added = query(concat!(
            "insert into schedules (",
            schedule_columns!(),
            ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        ))
        .bind(schedule.id.uuid())
        .bind(schedule.tenant_id.uuid())
        .bind(schedule.vendor_id.uuid())
        .bind(schedule.slug.as_str())
        .bind(clean(&schedule.event_type))
        .bind(clean_opt(schedule.subject_id.as_ref()))
        .bind(clean(&schedule.payload))
        .bind(clean(&schedule.pace.to_string()).into_owned())
        .bind(schedule.enabled)
        .bind(schedule.next_at.0)
        .bind(schedule.last_at.map(|at| at.0))
        .bind(schedule.last_event_id.map(EventId::uuid))
        .bind(schedule.created_at.0)
        .bind(clean(&schedule.created_by))
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn schedules(&self, scope: Option<TenantId>) -> Result<Vec<Schedule>> {
        let found = query(concat!(
            "select ",
            schedule_columns!(),
            " from schedules where $1 is null or tenant_id = $1 order by slug, id"
        ))
        .bind(scope.map(TenantId::uuid))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, schedule)
    }

    async fn schedule(&self, scope: Option<TenantId>, id: ScheduleId) -> Result<Schedule> {
        let row = query(concat!(
            "select ",
            schedule_columns!(),
            " from schedules where id = $1 and ($2 is null or tenant_id = $2)"
        ))
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        schedule(&row)
    }

    async fn set_schedule_enabled(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        enabled: bool,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query(
            "update schedules set enabled = $3, next_at = $4 where id = $1 and ($2 is null or tenant_id = $2)",
        )
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .bind(enabled)
        .bind(next_at.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn set_schedule_pace(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        pace: &Pace,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query(
            "update schedules set pace = $3, next_at = $4 where id = $1 and ($2 is null or tenant_id = $2)",
        )
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .bind(clean(&pace.to_string()))
        .bind(next_at.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn remove_schedule(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        let removed = query("delete from schedules where id = $1 and ($2 is null or tenant_id = $2)")
            .bind(id.uuid())
            .bind(scope.map(TenantId::uuid))
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, removed.rows_affected(), audit).await
    }

    async fn schedules_by_due(&self, limit: i64) -> Result<Vec<Schedule>> {
        let found = query(concat!(
            "select ",
            schedule_columns!(),
            " from schedules where enabled order by next_at limit $1"
        ))
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, schedule)
    }

    async fn run_schedule(
        &self,
        before: &Schedule,
        next_at: Timestamp,
        made: Option<(&NewEvent, &ScheduledEvent)>,
    ) -> Result<bool> {
        let mut transaction = self.begin().await?;
        // First, so that of two who would make the same event one waits here and then finds it made.
        let moved = query("update schedules set next_at = $2 where id = $1 and enabled and next_at = $3")
            .bind(before.id.uuid())
            .bind(next_at.0)
            .bind(before.next_at.0)
            .execute(&mut *transaction)
            .await?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some((new, made)) = made {
            store(&mut transaction, new, made).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn run_schedule_now(
        &self,
        scope: Option<TenantId>,
        (new, made): (&NewEvent, &ScheduledEvent),
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        // Changes nothing: it keeps the schedule from being removed meanwhile.
        let there =
            query("update schedules set next_at = next_at where id = $1 and ($2 is null or tenant_id = $2)")
                .bind(made.schedule_id.uuid())
                .bind(scope.map(TenantId::uuid))
                .execute(&mut *transaction)
                .await?;
        if there.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        store(&mut transaction, new, made).await?;
        end_change(transaction, 1, audit).await
    }

    async fn scheduled(&self, event: EventId) -> Result<Option<ScheduledEvent>> {
        let row = query(
            "select event_id, schedule_id, slug, due_at, run_by from scheduled_events where event_id = $1",
        )
        .bind(event.uuid())
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(ScheduledEvent {
            event_id: EventId::new(rows::get(&row, "event_id")?),
            schedule_id: ScheduleId::new(rows::get(&row, "schedule_id")?),
            slug: rows::parse(&row, "slug")?,
            due_at: rows::time(&row, "due_at")?,
            run_by: rows::get(&row, "run_by")?,
        }))
    }
}
