//! A replay: stored events run again as new, marked events. The copies carry the vendor's own id, so what they deliver
//! updates what the first run made; they have ids, jobs and idempotency keys of their own.

use crate::{
    id::{EventId, ReplayId, TenantId},
    selection::{EventCursor, Selection},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// Where a replay is in its life.
    pub enum ReplayState {
        /// Steps are taken when they fall due.
        Running = "running",
        /// Every event that was meant has been run again.
        Done = "done",
        /// A person ended it; what was run again stays.
        Cancelled = "cancelled",
    }
}

/// Most events a second that can be asked for.
pub const MAX_PER_SECOND: i32 = 1_000;

/// Events run again, as one undertaking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Identity.
    pub id: ReplayId,
    /// Whose events.
    pub tenant_id: TenantId,
    /// Who asked for it.
    pub actor: String,
    /// Which events.
    pub selection: Selection,
    /// At most this many in a second, 1 to [`MAX_PER_SECOND`].
    pub per_second: i32,
    /// Where it is.
    pub state: ReplayState,
    /// How many events were meant when it began.
    pub total: i64,
    /// How many were run again.
    pub done: i64,
    /// How many could not be: their payload is gone or unreadable.
    pub skipped: i64,
    /// The last event that was looked at.
    pub at: Option<EventCursor>,
    /// When the next step is due.
    pub next_step_at: Timestamp,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// That one event is a copy of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayLink {
    /// The copy.
    pub event_id: EventId,
    /// What it is a copy of; never itself a copy.
    pub origin_id: EventId,
    /// Which replay made it.
    pub replay_id: ReplayId,
}

impl Replay {
    /// How many events one step may take, and how long after it the next one is due (microseconds): quarters of a second
    /// where the rate allows, so that neither a burst nor a crawl hits the far side.
    pub fn pace(&self) -> (i64, i64) {
        let rate = i64::from(self.per_second.clamp(1, MAX_PER_SECOND));
        let step = (rate / 4).clamp(1, 100);
        (step, step * crate::time::SECOND / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(per_second: i32) -> (i64, i64) {
        let id = uuid::Uuid::nil();
        let replay = Replay {
            id: ReplayId::new(id),
            tenant_id: TenantId::new(id),
            actor: String::new(),
            selection: Selection::default(),
            per_second,
            state: ReplayState::Running,
            total: 0,
            done: 0,
            skipped: 0,
            at: None,
            next_step_at: Timestamp(0),
            created_at: Timestamp(0),
            finished_at: None,
        };
        replay.pace()
    }

    #[test]
    fn steps_keep_the_rate_that_was_asked_for() {
        assert_eq!(
            [at(1), at(3), at(10), at(1_000)],
            [(1, 1_000_000), (1, 333_333), (2, 200_000), (100, 100_000)]
        );
        assert_eq!((at(0), at(i32::MAX)), (at(1), at(1_000)), "nonsense is brought into range");
    }
}
