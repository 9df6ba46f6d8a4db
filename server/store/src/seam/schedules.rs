//! Schedules. Whoever makes a due event moves the schedule on in the same transaction, and only if nobody else did: any
//! number of nodes may look after them, and each due time makes one event.

use super::{AuditEntry, NewEvent, Result};
use async_trait::async_trait;
use domain::{
    id::{EventId, ScheduleId, TenantId},
    schedule::{Pace, Schedule, ScheduledEvent},
    time::Timestamp,
};

/// Schedules. `scope` is the tenant whose schedules are meant; `None` means all.
#[async_trait]
pub trait ScheduleStore {
    /// Adds a schedule; `Conflict` when its name is taken in its tenant.
    async fn add_schedule(&self, schedule: &Schedule, audit: &AuditEntry) -> Result<()>;
    /// All of them, by name.
    async fn schedules(&self, scope: Option<TenantId>) -> Result<Vec<Schedule>>;
    /// One of them.
    async fn schedule(&self, scope: Option<TenantId>, id: ScheduleId) -> Result<Schedule>;
    /// Lets a schedule make events, the next one at `next_at`, or not.
    async fn set_schedule_enabled(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        enabled: bool,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Changes at which times a schedule makes events, the next one at `next_at`.
    async fn set_schedule_pace(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        pace: &Pace,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Removes a schedule; the events it made stay.
    async fn remove_schedule(
        &self,
        scope: Option<TenantId>,
        id: ScheduleId,
        audit: &AuditEntry,
    ) -> Result<()>;
    /// The enabled ones, those that fall due first before others; at most `limit`.
    async fn schedules_by_due(&self, limit: i64) -> Result<Vec<Schedule>>;
    /// Moves a schedule that is due on to `next_at`, and stores what it made; nothing where its vendor takes nothing. `false`,
    /// and nothing written, when it is not any more as it was `before`.
    async fn run_schedule(
        &self,
        before: &Schedule,
        next_at: Timestamp,
        made: Option<(&NewEvent, &ScheduledEvent)>,
    ) -> Result<bool>;
    /// Stores an event a schedule made ahead of its time, and leaves its next time as it is.
    async fn run_schedule_now(
        &self,
        scope: Option<TenantId>,
        made: (&NewEvent, &ScheduledEvent),
        audit: &AuditEntry,
    ) -> Result<()>;
    /// Which schedule made an event, if one did.
    async fn scheduled(&self, event: EventId) -> Result<Option<ScheduledEvent>>;
}
