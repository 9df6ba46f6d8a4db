//! A scheme of one's own, after its vendor was added.

use super::Actor;
use crate::{error::AppError, view::scheme::SchemeSet};
use async_trait::async_trait;
use domain::id::VendorId;

/// Schemes of vendors that no preset knows.
#[async_trait]
pub trait SchemesPort: Send + Sync {
    /// A vendor's scheme as it was written; `None` for one of a preset.
    async fn scheme(&self, actor: &Actor, vendor: VendorId) -> Result<Option<String>, AppError>;
    /// Lets it be judged by another scheme from now on. One that cannot be taken is kept as a draft with what is wrong with
    /// it: one that cannot be read, that has an event's id or type elsewhere, or that a secret in use does not fit. A
    /// vendor of a preset: `Invalid { Scheme, DoesNotFit }`; a draft too long to keep: `Invalid { Scheme, TooLong }`.
    async fn set_scheme(
        &self,
        actor: &Actor,
        vendor: VendorId,
        scheme: String,
    ) -> Result<SchemeSet, AppError>;
}
