//! Reading the bytes of webhooks.

use super::Actor;
use crate::{error::AppError, view::payload::Reading};
use async_trait::async_trait;
use domain::id::{EventId, JobId};

/// Payloads. The one way on which people come to see what a webhook brought.
#[async_trait]
pub trait PayloadsPort: Send + Sync {
    /// The bytes of an event, fit for a page. Who read which one is in the audit log before they are returned; when it
    /// cannot be noted, they are not.
    async fn read(&self, actor: &Actor, event: EventId) -> Result<Reading, AppError>;
    /// The bytes of the event a job began with. A job without event: [`AppError::NotFound`].
    async fn read_of_job(&self, actor: &Actor, job: JobId) -> Result<Reading, AppError>;
}
