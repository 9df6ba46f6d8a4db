//! Pause switches and circuit breakers.

use super::Actor;
use crate::{error::AppError, view::flow::FlowView};
use async_trait::async_trait;
use domain::{
    breaker::{BreakerKey, BreakerMode},
    pause::PauseTarget,
};

/// What keeps jobs from running for a while.
#[async_trait]
pub trait FlowPort: Send + Sync {
    /// The switches that are on and the breakers that ever opened, as far as they concern the actor. From memory.
    async fn flow(&self, actor: &Actor) -> Result<FlowView, AppError>;
    /// Pauses something; nothing happens when it is. What stops every tenant: owners only, others are `NotAllowed`.
    async fn pause(&self, actor: &Actor, target: PauseTarget) -> Result<(), AppError>;
    /// Ends a pause; nothing happens when there is none. Rights as for pausing.
    async fn resume(&self, actor: &Actor, target: PauseTarget) -> Result<(), AppError>;
    /// Decides about a breaker.
    async fn set_breaker(&self, actor: &Actor, key: BreakerKey, mode: BreakerMode) -> Result<(), AppError>;
}
