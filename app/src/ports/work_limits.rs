//! Limits of work.

use super::Actor;
use crate::{
    error::AppError,
    view::work_limits::{NewWorkLimit, WorkLimitPage},
};
use async_trait::async_trait;

/// How much of each connection's work is done at once and in a minute, on all nodes together.
#[async_trait]
pub trait WorkLimitsPort: Send + Sync {
    /// All connections the actor sees, each with what is set for it. From memory.
    async fn work_limits(&self, actor: &Actor) -> Result<WorkLimitPage, AppError>;
    /// Sets all of one; nodes keep to it within a second. A number outside its bounds: `Invalid { …, Malformed }`.
    async fn set_work_limit(&self, actor: &Actor, new: NewWorkLimit) -> Result<(), AppError>;
}
