//! Schedules.

use super::Actor;
use crate::{
    error::AppError,
    view::schedules::{NewSchedule, SchedulePage, ScheduleRow},
};
use async_trait::async_trait;
use domain::{
    id::{EventId, ScheduleId},
    schedule::Pace,
};

/// Events that are made at set times, as if their vendor had sent them.
#[async_trait]
pub trait SchedulesPort: Send + Sync {
    /// All of them, by name.
    async fn list(&self, actor: &Actor) -> Result<SchedulePage, AppError>;
    /// Adds one, in its vendor's tenant. A time that never comes: `Invalid { Cron, Malformed }`; a payload that is no JSON:
    /// `Invalid { Payload, Malformed }`; a name in use: `Invalid { Slug, Taken }`.
    async fn add(&self, actor: &Actor, new: NewSchedule) -> Result<ScheduleRow, AppError>;
    /// Changes at which times one makes events; the next one is the first of them after now. Times that never come, and
    /// unknown zones: as when one is added.
    async fn set_pace(&self, actor: &Actor, id: ScheduleId, pace: Pace) -> Result<ScheduleRow, AppError>;
    /// Switches one on or off. One that is switched on goes on with its next time after now. One that is so already: nothing
    /// happens.
    async fn switch(&self, actor: &Actor, id: ScheduleId, on: bool) -> Result<(), AppError>;
    /// Makes an event now, and leaves the next time as it is. While its vendor is off: `Invalid { Vendor, Off }`.
    async fn run_now(&self, actor: &Actor, id: ScheduleId) -> Result<EventId, AppError>;
    /// Removes one; the events it made stay.
    async fn remove(&self, actor: &Actor, id: ScheduleId) -> Result<(), AppError>;
}
