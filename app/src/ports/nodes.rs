//! The processes of this installation.

use super::Actor;
use crate::{error::AppError, view::nodes::NodePage};
use async_trait::async_trait;

/// Running processes. They belong to the installation, not to a tenant: whoever is signed in may see them, with counts of
/// jobs and nothing about the jobs.
#[async_trait]
pub trait NodesPort: Send + Sync {
    /// Those that live, and those that went away during the last day without saying so.
    async fn nodes(&self, actor: &Actor) -> Result<NodePage, AppError>;
}
