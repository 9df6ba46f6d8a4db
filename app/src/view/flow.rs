//! What keeps jobs from running for a while: switches that are on, breakers that opened.

use domain::{
    breaker::{Breaker, BreakerMode, BreakerState},
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

    /// The switches that stop more than one connection: what a banner tells of.
    pub fn wide(&self) -> impl Iterator<Item = &Pause> {
        self.pauses
            .iter()
            .filter(|pause| pause.target.is_for_all() || matches!(pause.target, PauseTarget::Tenant(_)))
    }
}

impl BreakerRow {
    /// How it stands, in a word.
    pub const fn word(&self) -> &'static str {
        standing(&self.breaker)
    }
}

/// How a breaker stands, in a word.
pub const fn standing(breaker: &Breaker) -> &'static str {
    match (breaker.mode, breaker.state) {
        (BreakerMode::ForcedOpen, _) => "Forced open",
        (BreakerMode::ForcedClosed, _) => "Forced closed",
        (BreakerMode::Automatic, BreakerState::Open) => "Open",
        (BreakerMode::Automatic, BreakerState::HalfOpen) => "Half-open",
        (BreakerMode::Automatic, BreakerState::Closed) => "Closed",
    }
}
