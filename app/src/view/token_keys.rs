//! The keys that sign tokens for sites, without their secret halves.

use domain::time::{DAY, MINUTE, Timestamp};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// How long a new key can be published before it signs, in microseconds: never so short that a set of keys somebody may
/// still hold in between does not name it yet.
pub const LEADS: RangeInclusive<i64> = 10 * MINUTE..=30 * DAY;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyTurn {
    /// Published; it signs from this moment on.
    Next(Timestamp),
    /// It signs.
    Signs,
    /// Published until this moment; it signs no more.
    Last(Timestamp),
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKeyRow {
    /// Its thumbprint, by which tokens name it.
    pub id: String,
    /// What it is for.
    pub turn: KeyTurn,
}

/// All that are published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKeys {
    /// The server's clock.
    pub now: Timestamp,
    /// In the order in which they sign.
    pub keys: Vec<TokenKeyRow>,
}

impl TokenKeys {
    /// Whether a new key waits to sign.
    pub fn is_under_way(&self) -> bool {
        self.keys.iter().any(|key| matches!(key.turn, KeyTurn::Next(_)))
    }
}
