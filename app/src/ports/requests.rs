//! Requests to vendors' URLs: what became of them, and what can be done about refused ones.

use super::Actor;
use crate::{
    error::AppError,
    view::{
        requests::{RequestFilter, RequestPage, RequestStory},
        story::Payload,
    },
};
use async_trait::async_trait;
use domain::{
    id::{EventId, RequestId},
    place::Place,
    refusal::Recheck,
};

/// Requests.
#[async_trait]
pub trait RequestsPort: Send + Sync {
    /// One page, newest first, of at most `limit` rows, those after `cursor` when there is one.
    async fn list(
        &self,
        actor: &Actor,
        filter: &RequestFilter,
        cursor: Option<Place>,
        limit: u32,
    ) -> Result<RequestPage, AppError>;
    /// A refused request, with what was checked and why it failed.
    async fn request(&self, actor: &Actor, id: RequestId) -> Result<RequestStory, AppError>;
    /// The body of a refused request. Every reading is audited. One that is not kept: [`AppError::NotFound`].
    async fn body(&self, actor: &Actor, id: RequestId) -> Result<Payload, AppError>;
    /// Checks a refused request again, with the secrets as they are now and the clock as it was then. One that is not
    /// kept any more: `Invalid { Form, Spent }`.
    async fn recheck(&self, actor: &Actor, id: RequestId) -> Result<Recheck, AppError>;
    /// Stores a refused request as an event; a second time gives the same event. One that still fails its check:
    /// `Invalid { Form, StillRefused }`, unless it is to be accepted `anyway`.
    async fn accept(&self, actor: &Actor, id: RequestId, anyway: bool) -> Result<EventId, AppError>;
}
