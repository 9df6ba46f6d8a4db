//! Schedules: events that are made at set times.

use super::connections::Choice;
use domain::{
    id::{EventId, ScheduleId, VendorId},
    schedule::Pace,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One schedule in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleRow {
    /// Identity.
    pub id: ScheduleId,
    /// Short name.
    pub slug: String,
    /// Its tenant's short name, where the viewer sees several.
    pub tenant: Option<String>,
    /// Short name of the vendor whose events it makes.
    pub vendor: String,
    /// Whether that vendor's events are taken; while they are not, due times pass.
    pub vendor_on: bool,
    /// Their type.
    pub event_type: String,
    /// What they are about.
    pub subject_id: Option<String>,
    /// Their body: JSON.
    pub payload: String,
    /// When they are made.
    pub pace: Pace,
    /// Whether they are.
    pub enabled: bool,
    /// When the next one is due.
    pub next_at: Timestamp,
    /// When the last one was made.
    pub last_at: Option<Timestamp>,
    /// That one.
    pub last_event_id: Option<EventId>,
    /// Who added it.
    pub created_by: String,
}

/// The list of schedules with what a new one can refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchedulePage {
    /// The server's clock.
    pub now: Timestamp,
    /// All schedules the actor may see, by name.
    pub rows: Vec<ScheduleRow>,
    /// Vendors whose events one can make.
    pub vendors: Vec<Choice<VendorId>>,
}

/// What the form for a schedule carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSchedule {
    /// Short name.
    pub slug: String,
    /// Whose events it makes.
    pub vendor_id: VendorId,
    /// Their type.
    pub event_type: String,
    /// What they are about.
    pub subject_id: Option<String>,
    /// Their body; an empty object when `None`.
    pub payload: Option<String>,
    /// When they are made: the expression, unchecked, or so many seconds apart.
    pub pace: Pace,
}
