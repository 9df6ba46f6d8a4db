//! What keeps jobs from running for a while: switches that are on, breakers that opened.

use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    id::{DestinationId, ProviderId},
    pause::{Pause, PauseTarget},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A breaker with the name of what it guards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerRow {
    /// The breaker.
    pub breaker: Breaker,
    /// What people call what it guards.
    pub name: String,
}

/// Switches and breakers that concern somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowView {
    /// The server's clock.
    pub now: Timestamp,
    /// The switch that pauses all of the viewer's own work: of everything for owners, of their tenant for others.
    pub own: Option<PauseTarget>,
    /// Switches that are on, the oldest first.
    pub pauses: Vec<Pause>,
    /// Breakers that ever opened or were decided about, by name.
    pub breakers: Vec<BreakerRow>,
}

impl FlowView {
    /// The switch of `target`, when it is on.
    pub fn pause_of(&self, target: PauseTarget) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.target == target)
    }

    /// The switch that stops more than one connection: what a banner tells of.
    pub fn wide(&self) -> Option<&Pause> {
        self.pauses
            .iter()
            .find(|pause| pause.target.is_for_all() || matches!(pause.target, PauseTarget::Tenant(_)))
    }

    /// The breaker of a destination.
    pub fn of_destination(&self, id: DestinationId) -> Option<&BreakerRow> {
        self.breakers.iter().find(|row| row.breaker.key == BreakerKey::Destination(id))
    }

    /// The breakers of a provider's models.
    pub fn of_provider(&self, id: ProviderId) -> impl Iterator<Item = &BreakerRow> {
        self.breakers
            .iter()
            .filter(move |row| matches!(&row.breaker.key, BreakerKey::Model(provider, _) if *provider == id))
    }
}

impl BreakerRow {
    /// How it stands, in a word.
    pub const fn word(&self) -> &'static str {
        match (self.breaker.mode, self.breaker.state) {
            (BreakerMode::ForcedOpen, _) => "Forced open",
            (BreakerMode::ForcedClosed, _) => "Forced closed",
            (BreakerMode::Automatic, BreakerState::Open) => "Open",
            (BreakerMode::Automatic, BreakerState::HalfOpen) => "Half-open",
            (BreakerMode::Automatic, BreakerState::Closed) => "Closed",
        }
    }

    /// Whether jobs wait for it.
    pub fn stops(&self) -> bool {
        self.breaker.state != BreakerState::Closed
    }
}
