//! Chores. A row is its own lock: whoever takes one that is due holds it by a lease and by the number of its run, and a
//! node that went away holds it no longer than the lease. The times chores fall due are the caller's; leases go by the
//! database's clock ([`super::Store::time`]).

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    chore::{Chore, ChoreName},
    id::NodeId,
    schedule::Pace,
    time::Timestamp,
};

/// Who takes a chore, and how long it is theirs.
#[derive(Clone, Copy, Debug)]
pub struct ChoreTaker<'a> {
    /// The node.
    pub node: NodeId,
    /// Its host's name.
    pub host: &'a str,
    /// What the database's clock shows.
    pub lease_from: Timestamp,
    /// When the chore is free again unless the lease is extended.
    pub lease_until: Timestamp,
}

/// A chore somebody took: good for writing of it until somebody else takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoreHold {
    /// Which chore.
    pub name: ChoreName,
    /// Which run of it.
    pub run: i64,
}

/// How a chore ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoreEnd {
    /// When.
    pub at: Timestamp,
    /// How much it removed, or why it failed.
    pub outcome: std::result::Result<i64, String>,
    /// When it was due as it was taken.
    pub was_due: Timestamp,
    /// When it is due next, unless somebody changed that meanwhile.
    pub next_at: Timestamp,
}

/// Chores.
#[async_trait]
pub trait ChoreStore {
    /// Adds those that are not there yet, due at `now` and as often as usual. Others stay as they are.
    async fn add_chores(&self, names: &[ChoreName], now: Timestamp) -> Result<()>;
    /// All that this program knows, by name.
    async fn chores(&self) -> Result<Vec<Chore>>;
    /// Takes one that nobody holds and that is due at `now`, was asked for, or was left by a node that went away: the one
    /// longest due, or `only` this one. `None` when there is none.
    async fn take_chore(
        &self,
        taker: ChoreTaker<'_>,
        now: Timestamp,
        only: Option<ChoreName>,
    ) -> Result<Option<Chore>>;
    /// Extends a lease. `false` when somebody else took the chore: it must be left to them.
    async fn extend_chore(&self, hold: ChoreHold, lease_until: Timestamp) -> Result<bool>;
    /// Leaves a chore that was not ended to whoever takes it next.
    async fn give_chore_back(&self, hold: ChoreHold) -> Result<()>;
    /// Notes how a chore ended. `false`, and nothing written, when somebody else took it.
    async fn end_chore(&self, hold: ChoreHold, end: &ChoreEnd) -> Result<bool>;
    /// Asks for a chore to be done once, now, whether or not it is enabled; its next time stays. `NotFound` when it was
    /// never added.
    async fn ask_for_chore(&self, name: ChoreName, who: &str, audit: &AuditEntry) -> Result<()>;
    /// Sets whether and at which times a chore is done by itself. `NotFound` when it was never added.
    async fn set_chore(
        &self,
        name: ChoreName,
        enabled: bool,
        pace: &Pace,
        next_at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()>;
}
