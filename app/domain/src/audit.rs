//! How the audit log is narrowed and paged. The query of its page is exactly this.

use crate::{filter::BadCursor, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which entries are shown; empty parts narrow nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Only what this person or program did.
    pub actor: Option<String>,
    /// Only this action (`vendor.rotate`), or all actions of a kind (`vendor`).
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
}

/// The last entry seen, in a list that is sorted newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCursor {
    /// Its time.
    pub at: Timestamp,
    /// Its id, which decides between entries of the same time.
    pub id: Uuid,
}

impl std::fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.at.0, self.id.simple())
    }
}

impl std::str::FromStr for AuditCursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (time, id) = text.split_once('-').ok_or(BadCursor)?;
        Ok(Self {
            at: Timestamp(i64::from_str_radix(time, 16).map_err(|_| BadCursor)?),
            id: Uuid::try_parse(id).map_err(|_| BadCursor)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_log_survives_the_way_through_a_url() {
        let cursor = AuditCursor { at: Timestamp(1_790_000_000_000_000), id: Uuid::max() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "-", "x-y", "1-2"] {
            assert_eq!(bad.parse::<AuditCursor>(), Err(BadCursor));
        }
    }
}
