//! What the installation does for itself at set times.

use super::Actor;
use crate::{error::AppError, view::chores::ChorePage};
use async_trait::async_trait;
use domain::chore::ChoreName;

/// Chores. They belong to the installation, not to a tenant: whoever is signed in may see them. Why one failed is told to
/// those who configure alone, for the words of a database may name what is in it.
#[async_trait]
pub trait ChoresPort: Send + Sync {
    /// All of them, by name.
    async fn chores(&self, actor: &Actor) -> Result<ChorePage, AppError>;
    /// Asks for one to be done now, by whichever node looks first; its next time stays.
    async fn run_chore(&self, actor: &Actor, name: ChoreName) -> Result<(), AppError>;
    /// Lets one be done by itself, or not. One that is switched on goes on with its next time after now. One that is so
    /// already: nothing happens. Owners only: it concerns all tenants.
    async fn switch_chore(&self, actor: &Actor, name: ChoreName, on: bool) -> Result<(), AppError>;
}
