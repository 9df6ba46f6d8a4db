//! How much of each connection's work is done at once and in a minute.

use domain::limit::{Limited, WorkLimit};
use serde::{Deserialize, Serialize};

/// One connection and what is set for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkLimitRow {
    /// What is set; nothing but a weight of 1 where nobody set anything.
    pub limit: WorkLimit,
    /// Its short name.
    pub name: String,
    /// Its tenant's short name, where the viewer sees several.
    pub tenant: Option<String>,
}

impl WorkLimitRow {
    /// What it is, in a word.
    pub const fn kind(&self) -> &'static str {
        match self.limit.of {
            Limited::Vendor(_) => "vendor",
            Limited::Destination(_) => "destination",
            Limited::Provider(_) => "provider",
        }
    }
}

/// Everything whose work can be limited: vendors, then providers, then destinations, each by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkLimitPage {
    /// Its rows.
    pub rows: Vec<WorkLimitRow>,
}

/// What is to be set; numbers as they were given, each unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewWorkLimit {
    /// Whose work.
    pub of: Limited,
    /// Jobs at once; any number when `None`.
    pub at_once: Option<u32>,
    /// Jobs a minute; any number when `None`.
    pub per_minute: Option<u32>,
    /// Share against others; 1 when `None`.
    pub weight: Option<u32>,
}
