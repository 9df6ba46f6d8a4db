//! Running stored events again.

use super::Actor;
use crate::{
    error::AppError,
    view::replays::{Chosen, EventReplays, ReplayPage},
};
use async_trait::async_trait;
use domain::{
    id::{EventId, ReplayId},
    selection::Selection,
};

/// Replays.
#[async_trait]
pub trait ReplaysPort: Send + Sync {
    /// The newest ones with their progress, and what a new one can be about.
    async fn list(&self, actor: &Actor) -> Result<ReplayPage, AppError>;
    /// How many events a selection means, and of which tenant. An owner who names neither vendor nor event while there
    /// are several tenants: `Invalid { Vendor, Missing }`.
    async fn choose(&self, actor: &Actor, selection: Selection) -> Result<Chosen, AppError>;
    /// Begins a replay of what [`ReplaysPort::choose`] counted; steps are then taken by the workers. Nothing chosen:
    /// `Invalid { Form, Missing }`. A rate out of range: `Invalid { Rate, Malformed }`.
    async fn start(&self, actor: &Actor, chosen: Chosen, per_second: i32) -> Result<ReplayId, AppError>;
    /// Ends a replay; what was run again stays. One that does not run: `Invalid { Form, DoesNotFit }`.
    async fn cancel(&self, actor: &Actor, id: ReplayId) -> Result<(), AppError>;
    /// What an event is a copy of, and its own copies.
    async fn of_event(&self, actor: &Actor, event: EventId) -> Result<EventReplays, AppError>;
}
