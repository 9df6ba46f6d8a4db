//! Pause switches: what a person stopped for a while, and which jobs that concerns. Events are accepted and stored
//! all the same; only work waits.

use crate::{
    id::{DestinationId, ProviderId, TenantId, VendorId},
    job::{Job, JobKind},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What is paused. Its text form is `everything`, `deliveries`, or the id of the one thing that is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PauseTarget {
    /// All work of the installation.
    Everything,
    /// All calls to destinations of the installation; models are asked all the same.
    Deliveries,
    /// All work of a tenant.
    Tenant(TenantId),
    /// All work a vendor's events started.
    Vendor(VendorId),
    /// What goes to a destination.
    Destination(DestinationId),
    /// What is asked of a provider.
    Provider(ProviderId),
}

/// A text that names nothing that can be paused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected everything, deliveries, or the id of a tenant, vendor, destination or provider")]
pub struct BadTarget;

impl PauseTarget {
    /// Whether `job` waits while this is paused.
    pub fn covers(self, job: &Job) -> bool {
        let delivers = job.kind != JobKind::Generate;
        match self {
            Self::Everything => true,
            Self::Deliveries => delivers,
            Self::Tenant(id) => job.tenant_id == id,
            Self::Vendor(id) => job.vendor_id == Some(id),
            // A job that asks a model names the destination its result goes to later.
            Self::Destination(id) => delivers && job.destination_id == Some(id),
            Self::Provider(id) => !delivers && job.provider_id == Some(id),
        }
    }

    /// Whether it stops work of every tenant.
    pub const fn is_for_all(self) -> bool {
        matches!(self, Self::Everything | Self::Deliveries)
    }
}

impl std::fmt::Display for PauseTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Deliveries => f.write_str("deliveries"),
            Self::Tenant(id) => id.fmt(f),
            Self::Vendor(id) => id.fmt(f),
            Self::Destination(id) => id.fmt(f),
            Self::Provider(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for PauseTarget {
    type Err = BadTarget;
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        match text {
            "everything" => return Ok(Self::Everything),
            "deliveries" => return Ok(Self::Deliveries),
            _ => {}
        }
        // An id says by its prefix what it is of.
        let tenant = text.parse().map(Self::Tenant).ok();
        let vendor = || text.parse().map(Self::Vendor).ok();
        let destination = || text.parse().map(Self::Destination).ok();
        let provider = || text.parse().map(Self::Provider).ok();
        tenant.or_else(vendor).or_else(destination).or_else(provider).ok_or(BadTarget)
    }
}

impl Serialize for PauseTarget {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PauseTarget {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A switch that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What waits.
    pub target: PauseTarget,
    /// Whose it is; `None` for what stops every tenant.
    pub tenant_id: Option<TenantId>,
    /// Who paused it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_target_is_read_back_from_its_text() {
        let id = Uuid::from_u128(7);
        for target in [
            PauseTarget::Everything,
            PauseTarget::Deliveries,
            PauseTarget::Tenant(TenantId::new(id)),
            PauseTarget::Vendor(VendorId::new(id)),
            PauseTarget::Destination(DestinationId::new(id)),
            PauseTarget::Provider(ProviderId::new(id)),
        ] {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        assert_eq!("job_00000000000000000000000000000007".parse::<PauseTarget>(), Err(BadTarget));
    }
}
