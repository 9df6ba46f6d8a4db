//! Limits of work: how much of one vendor, destination or provider is done at the same time and in a minute, over all
//! nodes, and how its queues take turns with others.

use crate::{
    id::{DestinationId, ProviderId, TenantId, VendorId},
    job::{Called, Job},
    queue::QueueHead,
    time::MINUTE,
};
use serde::{Deserialize, Serialize};

/// Greatest weight.
pub const MAX_WEIGHT: u32 = 100;
/// Most that can be set for one minute, or at once.
pub const MAX_LIMIT: u32 = 1_000_000;

/// Whose work is limited. Its text form is the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limited {
    /// What a vendor's events started.
    Vendor(VendorId),
    /// What goes to a destination.
    Destination(DestinationId),
    /// What is asked of a provider.
    Provider(ProviderId),
}

/// A text that names nothing whose work can be limited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the id of a vendor, destination or provider")]
pub struct BadLimited;

impl Limited {
    /// Whether it is about the jobs of this queue.
    pub fn covers(self, head: &QueueHead) -> bool {
        self.is_of(head.vendor_id, head.calls)
    }

    /// Whether it is about this job.
    pub fn covers_job(self, job: &Job) -> bool {
        self.is_of(job.vendor_id, job.calls())
    }

    fn is_of(self, vendor: Option<VendorId>, calls: Option<Called>) -> bool {
        match self {
            Self::Vendor(id) => vendor == Some(id),
            Self::Destination(id) => calls == Some(Called::Destination(id)),
            Self::Provider(id) => calls == Some(Called::Provider(id)),
        }
    }
}

impl std::fmt::Display for Limited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vendor(id) => id.fmt(f),
            Self::Destination(id) => id.fmt(f),
            Self::Provider(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for Limited {
    type Err = BadLimited;
    fn from_str(text: &str) -> Result<Self, BadLimited> {
        // An id says by its prefix what it is of.
        let vendor = text.parse().map(Self::Vendor).ok();
        let destination = || text.parse().map(Self::Destination).ok();
        let provider = || text.parse().map(Self::Provider).ok();
        vendor.or_else(destination).or_else(provider).ok_or(BadLimited)
    }
}

impl Serialize for Limited {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Limited {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What is set for one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkLimit {
    /// Whose work.
    pub of: Limited,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Jobs that run at the same time on all nodes together; `None` for as many as workers take.
    pub at_once: Option<u32>,
    /// Jobs begun in a minute on all nodes together, spread over it; `None` for any number.
    pub per_minute: Option<u32>,
    /// Share of its queues against others that have work: 1 unless somebody set it.
    pub weight: u32,
}

impl WorkLimit {
    /// Whether there is anything to be counted before its jobs are claimed.
    pub const fn counts(&self) -> bool {
        self.at_once.is_some() || self.per_minute.is_some()
    }

    /// The time in which room for one job comes back, in microseconds, and how many may begin at the same moment after
    /// a pause: a second's worth. `None` where any number may begin.
    pub fn pace(&self) -> Option<(i64, i64)> {
        let per_minute = i64::from(self.per_minute?.max(1));
        Some((MINUTE / per_minute, (per_minute / 60).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;
    use uuid::Uuid;

    #[test]
    fn whose_work_is_limited_is_read_back_from_its_text() {
        let id = Uuid::from_u128(7);
        for of in [
            Limited::Vendor(VendorId::new(id)),
            Limited::Destination(DestinationId::new(id)),
            Limited::Provider(ProviderId::new(id)),
        ] {
            assert_eq!(of.to_string().parse(), Ok(of));
        }
        assert_eq!("everything".parse::<Limited>(), Err(BadLimited));
    }

    #[test]
    fn a_minutes_work_is_spread_over_it() {
        let limit = |per_minute| WorkLimit {
            of: Limited::Vendor(VendorId::new(Uuid::nil())),
            tenant_id: TenantId::new(Uuid::nil()),
            at_once: None,
            per_minute,
            weight: 1,
        };
        assert_eq!(limit(None).pace(), None);
        assert_eq!(limit(Some(6)).pace(), Some((10 * SECOND, 1)));
        assert_eq!(limit(Some(600)).pace(), Some((SECOND / 10, 10)));
    }
}
