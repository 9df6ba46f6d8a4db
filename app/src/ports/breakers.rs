//! What circuit breakers see, and when they open.

use super::Actor;
use crate::{
    error::AppError,
    view::breakers::{ThresholdPage, WatchedRow},
};
use async_trait::async_trait;
use domain::thresholds::{Chosen, Guarded};

/// Counts and thresholds of circuit breakers. How they stand is [`super::FlowPort`]'s.
#[async_trait]
pub trait BreakersPort: Send + Sync {
    /// The breakers of all destinations, providers and models the actor sees, by name, each with the calls of all nodes in its window.
    async fn watched(&self, actor: &Actor) -> Result<Vec<WatchedRow>, AppError>;
    /// What is set for the installation and for all the actor sees. From memory.
    async fn thresholds(&self, actor: &Actor) -> Result<ThresholdPage, AppError>;
    /// Sets all thresholds of one; those left out are inherited. Nodes keep to it within a second. A number outside its
    /// bounds: `Invalid { Threshold(…), Malformed }`. Those of the installation: owners only, others are `NotAllowed`.
    async fn set_thresholds(&self, actor: &Actor, of: Guarded, chosen: Chosen) -> Result<(), AppError>;
}
