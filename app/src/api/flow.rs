//! Pause switches and circuit breakers.

use crate::{error::AppError, view::flow::FlowView};
use domain::{
    breaker::{BreakerKey, BreakerMode},
    pause::PauseTarget,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What keeps jobs from running for a while.
#[server(prefix = "/ui", endpoint = "flow", input = GetUrl)]
pub async fn read_flow() -> Result<FlowView, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.flow.flow(&actor).await.map_err(seat::named)
}

/// Makes work wait.
#[server(prefix = "/ui", endpoint = "flow/pause")]
pub async fn pause_work(target: PauseTarget) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.flow.pause(&actor, target).await.map_err(seat::named)
}

/// Lets it go on.
#[server(prefix = "/ui", endpoint = "flow/resume")]
pub async fn resume_work(target: PauseTarget) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.flow.resume(&actor, target).await.map_err(seat::named)
}

/// Decides about a breaker.
#[server(prefix = "/ui", endpoint = "flow/breaker")]
pub async fn set_breaker(key: BreakerKey, mode: BreakerMode) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.flow.set_breaker(&actor, key, mode).await.map_err(seat::named)
}
