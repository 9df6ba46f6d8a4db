//! Chores: what the installation does for itself at set times.

use domain::{
    chore::{Chore, ChoreName, LastRun},
    schedule::Pace,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One chore in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoreRow {
    /// Which one.
    pub name: ChoreName,
    /// At which times it is done.
    pub pace: Pace,
    /// Whether it is done by itself.
    pub enabled: bool,
    /// When it is due.
    pub next_at: Timestamp,
    /// Whether somebody asked for it and no node began yet.
    pub asked: bool,
    /// Since when, and on which host, it is done at the moment.
    pub at_work: Option<(Timestamp, String)>,
    /// How many times in a row it failed.
    pub failures: i32,
    /// How it went last.
    pub last: Option<LastRun>,
}

impl From<Chore> for ChoreRow {
    fn from(chore: Chore) -> Self {
        Self {
            name: chore.name,
            pace: chore.pace,
            enabled: chore.enabled,
            next_at: chore.next_at,
            asked: chore.asked_by.is_some(),
            at_work: chore.at_work.map(|at_work| (at_work.since, at_work.host)),
            failures: chore.failures,
            last: chore.last,
        }
    }
}

/// All chores, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChorePage {
    /// The server's clock.
    pub now: Timestamp,
    /// Its rows.
    pub rows: Vec<ChoreRow>,
}
