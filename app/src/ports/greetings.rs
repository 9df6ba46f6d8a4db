//! What the dashboard needs to show and settle a vendor's side of a connection.

use super::Actor;
use crate::{
    error::AppError,
    view::greeting::{ConnectionView, PresetFacts, SchemeDraft},
};
use async_trait::async_trait;
use domain::id::{OfferId, VendorId};

/// Vendors' greetings, the secrets they hand over, and what their presets expect.
#[async_trait]
pub trait GreetingsPort: Send + Sync {
    /// What is known of one vendor's side.
    async fn connection(&self, actor: &Actor, vendor: VendorId) -> Result<ConnectionView, AppError>;
    /// Takes an offered secret as the vendor's own and forgets the other offers; secrets in use until now are accepted
    /// for another day. Returns a handle for [`super::RevealPort::reveal_once`]: some vendors ask a person to repeat it.
    async fn accept_offer(&self, actor: &Actor, vendor: VendorId, offer: OfferId)
    -> Result<String, AppError>;
    /// Forgets everything a vendor offered.
    async fn dismiss_offers(&self, actor: &Actor, vendor: VendorId) -> Result<(), AppError>;
    /// What every preset expects, by name.
    async fn all_facts(&self, actor: &Actor) -> Result<Vec<PresetFacts>, AppError>;
    /// What one preset expects.
    async fn facts(&self, actor: &Actor, preset: &str) -> Result<PresetFacts, AppError>;
    /// Keeps a scheme that cannot be used, with what is wrong, for ten minutes; `None` when it can be used. Returns the
    /// handle for [`GreetingsPort::draft`].
    async fn keep_draft(&self, actor: &Actor, draft: SchemeDraft) -> Result<Option<String>, AppError>;
    /// What `handle` stands for, for the account that made it.
    async fn draft(&self, actor: &Actor, handle: &str) -> Result<SchemeDraft, AppError>;
}
