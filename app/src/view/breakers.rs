//! What circuit breakers see, and when they open.

use domain::{
    breaker::Breaker,
    calls::Counted,
    thresholds::{Chosen, Guarded, Threshold},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A breaker with what it counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedRow {
    /// What people call what it guards.
    pub name: String,
    /// How it stands; closed at revision 0 where it never did anything.
    pub breaker: Breaker,
    /// The calls of all nodes in its window.
    pub counted: Counted,
    /// When it opens by itself: every number that holds.
    pub thresholds: BTreeMap<Threshold, u32>,
}

impl WatchedRow {
    /// What it counted, as a sentence.
    pub fn counts(&self) -> String {
        let Counted { calls, failed, slow, .. } = self.counted;
        let window = self.thresholds.get(&Threshold::Window).copied().unwrap_or_default();
        match calls {
            0 => format!("no call in the last {window} s"),
            calls => {
                let calls = super::words::count(calls, "call", "calls");
                format!("{calls} in the last {window} s: {failed} failed, {slow} slow")
            }
        }
    }
}

/// Something whose thresholds can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// For whom.
    pub of: Guarded,
    /// Its short name.
    pub name: String,
    /// Its tenant's short name, where the viewer sees several.
    pub tenant: Option<String>,
    /// The numbers that are set.
    pub chosen: Chosen,
    /// What holds where none is.
    pub inherited: BTreeMap<Threshold, String>,
    /// Whether the viewer may change it.
    pub may: bool,
}

impl ThresholdRow {
    /// What it is, in a word.
    pub const fn kind(&self) -> &'static str {
        match self.of {
            Guarded::Installation => "all",
            Guarded::Destination(_) => "destination",
            Guarded::Provider(_) => "provider",
        }
    }
}

/// The installation, then destinations, then providers, each by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdPage {
    /// Its rows.
    pub rows: Vec<ThresholdRow>,
}
