//! Pause switches and circuit breakers. Both are configuration: every change counts up its version, so every node
//! notices (see [`super::ConfigStore`]), and both are read with the rest of it.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    breaker::Breaker,
    pause::{Pause, PauseTarget},
};

/// Switches and breakers.
#[async_trait]
pub trait SwitchStore {
    /// Turns a switch on; `Conflict` when it is.
    async fn pause(&self, pause: &Pause, audit: &AuditEntry) -> Result<()>;
    /// Turns a switch off; `NotFound` when it is.
    async fn resume(&self, target: PauseTarget, audit: &AuditEntry) -> Result<()>;
    /// Writes a breaker over its revision before this one; revision 1 is written where there is none. `false`, and
    /// nothing written, when somebody else changed it meanwhile.
    async fn change_breaker(&self, breaker: &Breaker, audit: Option<&AuditEntry>) -> Result<bool>;
}
