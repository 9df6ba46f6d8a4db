//! The page a vendor's engineer gets, without an account: links to it, and what stands on it.

use super::Actor;
use crate::{
    error::AppError,
    view::sender::{SenderLink, SenderPage, SignatureVerdict, VendorRefusals},
};
use async_trait::async_trait;
use domain::id::VendorId;

/// Links to sender pages.
#[async_trait]
pub trait SenderPort: Send + Sync {
    /// What a vendor was refused for lately.
    async fn refusals(&self, actor: &Actor, vendor: VendorId) -> Result<VendorRefusals, AppError>;
    /// A new link to a vendor's sender page. Audited.
    async fn link(&self, actor: &Actor, vendor: VendorId) -> Result<SenderLink, AppError>;
    /// Makes all links to a vendor's sender page worthless that were given out until now.
    async fn end_links(&self, actor: &Actor, vendor: VendorId) -> Result<(), AppError>;
    /// What stands on the page behind a link. A wrong, ended or renewed link: [`AppError::NotFound`].
    async fn page(&self, token: &str) -> Result<SenderPage, AppError>;
    /// The verdict on headers and a body somebody typed. Too many from `client`: [`AppError::Busy`].
    async fn check(
        &self,
        token: &str,
        client: &str,
        headers: &str,
        body: &str,
    ) -> Result<SignatureVerdict, AppError>;
}
