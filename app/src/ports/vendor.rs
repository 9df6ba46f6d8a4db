//! One sender of webhooks: what its page shows at the top, and switching it off and on.

use super::Actor;
use crate::{
    error::AppError,
    view::vendor::{VendorAddress, VendorFigures, VendorHead},
};
use async_trait::async_trait;
use domain::id::VendorId;

/// One sender of webhooks. What its panels show is asked for by ports of their own, by [`VendorHead::id`].
#[async_trait]
pub trait VendorPort: Send + Sync {
    /// The vendor at this address. An address without a tenant means the actor's own, for owners the default one.
    async fn head(&self, actor: &Actor, at: &VendorAddress) -> Result<VendorHead, AppError>;
    /// What it sent during the last 24 hours.
    async fn figures(&self, actor: &Actor, id: VendorId) -> Result<VendorFigures, AppError>;
    /// Lets its URL answer, or not: then it is 404 to every sender. Nothing is lost by it but what is sent meanwhile.
    async fn switch(&self, actor: &Actor, id: VendorId, enabled: bool) -> Result<(), AppError>;
}
