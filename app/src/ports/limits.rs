//! What a vendor may send.

use super::Actor;
use crate::{
    error::AppError,
    view::limits::{NewLimits, VendorLimits},
};
use async_trait::async_trait;
use domain::id::VendorId;

/// What a vendor may send: from where, how much and how large.
#[async_trait]
pub trait LimitsPort: Send + Sync {
    /// The limits as they are.
    async fn limits(&self, actor: &Actor, vendor: VendorId) -> Result<VendorLimits, AppError>;
    /// Sets all of them; whatever else is decided about the vendor stays. Something that is no network:
    /// `Invalid { Allow, Malformed }`; more than [`crate::view::limits::MAX_NETWORKS`]: `Invalid { Allow, TooLong }`;
    /// a number out of its bounds: `Invalid { PerSecond | Burst | MaxBody, Malformed }`; a burst without a rate:
    /// `Invalid { PerSecond, Missing }`.
    async fn set_limits(&self, actor: &Actor, vendor: VendorId, new: NewLimits) -> Result<(), AppError>;
}
