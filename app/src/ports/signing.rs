//! What of its preset's options was chosen for a vendor.

use super::Actor;
use crate::{
    error::AppError,
    view::{preset_options::PresetOption, signing::SigningOption},
};
use async_trait::async_trait;
use domain::id::VendorId;
use std::collections::BTreeMap;

/// Options of a vendor's preset.
#[async_trait]
pub trait SigningPort: Send + Sync {
    /// Those its preset offers, in the order forms have them; none for a scheme of one's own.
    async fn signing(&self, actor: &Actor, vendor: VendorId) -> Result<Vec<SigningOption>, AppError>;
    /// Sets all options that can be changed later; one that is not among `options` is as the preset has it. One that the
    /// preset does not offer: `Invalid { Option, DoesNotFit }`; one that cannot be taken: `Invalid { Option, Malformed }`;
    /// one that was decided when the vendor was added: `Invalid { Option, DecidedOnce }`.
    async fn set_signing(
        &self,
        actor: &Actor,
        vendor: VendorId,
        options: BTreeMap<PresetOption, String>,
    ) -> Result<(), AppError>;
}
