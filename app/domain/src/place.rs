//! How the lists of requests and events are narrowed and paged.

use crate::{filter::BadCursor, id::VendorId, time::Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place in a list that is sorted newest first: the last row seen, whatever its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Its time.
    pub at: Timestamp,
    /// Its id, which decides between rows of the same time.
    pub id: Uuid,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.at.0, self.id.simple())
    }
}

impl std::str::FromStr for Place {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (time, id) = text.split_once('-').ok_or(BadCursor)?;
        Ok(Self {
            at: Timestamp(i64::from_str_radix(time, 16).map_err(|_| BadCursor)?),
            id: Uuid::try_parse(id).map_err(|_| BadCursor)?,
        })
    }
}

crate::words! {
    /// What became of a request.
    pub enum Outcome {
        /// Stored as an event.
        Accepted = "accepted",
        /// Turned away.
        Refused = "refused",
    }
}

/// Which refused requests a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFilter {
    /// Only to this vendor.
    pub vendor_id: Option<VendorId>,
    /// Only for this reason.
    pub reason: Option<String>,
}

/// Which events a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    /// Only from this vendor.
    pub vendor_id: Option<VendorId>,
    /// Only of this type.
    pub event_type: Option<String>,
    /// Only about this subject.
    pub subject_id: Option<String>,
    /// Only those that arrived at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that arrived before this time.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_through_a_url() {
        let place = Place { at: Timestamp(1_790_000_000_000_000), id: Uuid::max() };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!("nonsense".parse::<Place>(), Err(BadCursor));
    }
}
