//! Circuit breakers as they are kept: which target one guards, and how it stands. When one opens and closes is the
//! worker's business.

use crate::{
    id::{DestinationId, NodeId, ProviderId, TenantId},
    pause::BadTarget,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a breaker guards. Its text form is the id of the destination or of the provider, or the provider's id, a slash and
/// the model; an id says by its prefix what it is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BreakerKey {
    /// A destination.
    Destination(DestinationId),
    /// A provider, with all its models: they share a host, a key and an account.
    Provider(ProviderId),
    /// A model of a provider: one model can be overloaded while the others answer.
    Model(ProviderId, String),
}

impl std::fmt::Display for BreakerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Destination(id) => id.fmt(f),
            Self::Provider(id) => id.fmt(f),
            Self::Model(id, model) => write!(f, "{id}/{model}"),
        }
    }
}

impl std::str::FromStr for BreakerKey {
    type Err = BadTarget;
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        match text.split_once('/') {
            Some((id, model)) if !model.is_empty() => {
                Ok(Self::Model(id.parse().map_err(|_| BadTarget)?, model.to_owned()))
            }
            Some(_) => Err(BadTarget),
            None => {
                let destination = text.parse().map(Self::Destination).ok();
                destination.or_else(|| text.parse().map(Self::Provider).ok()).ok_or(BadTarget)
            }
        }
    }
}

impl BreakerKey {
    /// Whether it is about calls to models.
    pub const fn of_models(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::Model(..))
    }

    /// The provider it is about.
    pub const fn provider(&self) -> Option<ProviderId> {
        match self {
            Self::Destination(_) => None,
            Self::Provider(id) | Self::Model(id, _) => Some(*id),
        }
    }
}

impl Serialize for BreakerKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BreakerKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

crate::words! {
    /// How a breaker stands.
    pub enum BreakerState {
        /// Jobs run.
        Closed = "closed",
        /// Jobs wait.
        Open = "open",
        /// One job at a time tries whether the target is well again; the others wait.
        HalfOpen = "half_open",
    }
}

crate::words! {
    /// What a person decides about a breaker.
    pub enum BreakerMode {
        /// It decides by itself.
        Automatic = "automatic",
        /// Jobs wait, whatever the target does.
        ForcedOpen = "open",
        /// Jobs run, whatever the target does.
        ForcedClosed = "closed",
    }
}

/// A breaker that opened at least once, or that somebody decided about; a target without one is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// What it guards.
    pub key: BreakerKey,
    /// Whose that is.
    pub tenant_id: TenantId,
    /// How it stands.
    pub state: BreakerState,
    /// Who decides.
    pub mode: BreakerMode,
    /// Why it stands as it does, in plain words.
    pub reason: String,
    /// When it came to stand so; calls begun before say nothing about it.
    pub changed_at: Timestamp,
    /// Who changed it: a person, or `tidegate`.
    pub changed_by: String,
    /// How often it opened since it was last closed; the pause doubles with each.
    pub openings: i32,
    /// Not before this the target is tried again.
    pub open_until: Option<Timestamp>,
    /// Who tries.
    pub probe_node: Option<NodeId>,
    /// Until when nobody else does.
    pub probe_until: Option<Timestamp>,
    /// Counts changes: whoever changes a breaker says which one they saw, and only one of several succeeds.
    pub revision: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_a_breaker_guards_is_read_back_from_its_text() {
        let id = Uuid::from_u128(7);
        for key in [
            BreakerKey::Destination(DestinationId::new(id)),
            BreakerKey::Provider(ProviderId::new(id)),
            BreakerKey::Model(ProviderId::new(id), "vendor/model:70b".into()),
        ] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for bad in ["", "/gpt", "prv_00000000000000000000000000000007/", "dst_1", "prv_1"] {
            assert_eq!(bad.parse::<BreakerKey>(), Err(BadTarget));
        }
    }
}
