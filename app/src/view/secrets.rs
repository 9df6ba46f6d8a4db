//! The versions of a vendor's secret as its panel shows them; never a value.

use domain::{secret::SecretState, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Hours the small chart of a version shows.
pub const CHART_HOURS: usize = 24;

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretVersion {
    /// 1 for the first, then counting up.
    pub version: i32,
    /// Where it is in its life; one whose time is over is revoked, whether that was written down already or not.
    pub state: SecretState,
    /// When it was added.
    pub created_at: Timestamp,
    /// Until when a retiring one is accepted.
    pub until: Option<Timestamp>,
    /// Where its value is, when that is not the database.
    pub place: Option<SecretPlace>,
    /// The last minute in which a request matched it, as far back as that is kept.
    pub last_match_at: Option<Timestamp>,
    /// Requests that matched it during the last hour.
    pub last_hour: i64,
    /// Requests that matched it in each of the last [`CHART_HOURS`] hours, oldest first.
    pub per_hour: Vec<i64>,
}

/// Where a value is, and when it was read last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretPlace {
    /// The reference: `env:NAME`, `file:/path` or `vault:mount/path#field`.
    pub reference: String,
    /// The version read, where the place counts versions.
    pub version: Option<i64>,
    /// When the value was read last.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read the last time; the value read before stays in use.
    pub problem: Option<String>,
}

/// All that the panel shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The server's clock.
    pub now: Timestamp,
    /// Every version that is not revoked, and the last revoked ones; newest first.
    pub versions: Vec<SecretVersion>,
    /// After how many hours without a match a retiring version ends; `None` when it ends at its time only.
    pub quiet_hours: Option<i32>,
    /// Whether a new secret can be made here; else the vendor hands it out and it must be pasted.
    pub can_make: bool,
}

impl Secrets {
    /// Versions that are accepted, newest first.
    pub fn accepted(&self) -> impl Iterator<Item = &SecretVersion> {
        self.versions.iter().filter(|version| version.state != SecretState::Revoked)
    }
}
