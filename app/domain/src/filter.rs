//! How a list of jobs is narrowed and paged. The query of a list page's URL is exactly this.

use crate::{
    id::{JobId, VendorId},
    job::{JobKind, JobState},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Which jobs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFilter {
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only of this kind.
    pub kind: Option<JobKind>,
    /// Only from this vendor.
    pub vendor_id: Option<VendorId>,
}

/// A place in a list that is sorted newest first: the last row seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Its time.
    pub created_at: Timestamp,
    /// Its id, which decides between rows of the same time.
    pub id: JobId,
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid page cursor")]
pub struct BadCursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.created_at.0, self.id.uuid().simple())
    }
}

impl std::str::FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (time, id) = text.split_once('-').ok_or(BadCursor)?;
        Ok(Self {
            created_at: Timestamp(i64::from_str_radix(time, 16).map_err(|_| BadCursor)?),
            id: JobId::new(uuid::Uuid::try_parse(id).map_err(|_| BadCursor)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_through_a_url() {
        let cursor =
            Cursor { created_at: Timestamp(1_790_000_000_000_000), id: JobId::new(uuid::Uuid::max()) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("nonsense".parse::<Cursor>(), Err(BadCursor));
    }
}
