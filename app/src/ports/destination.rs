//! One destination: how it stands, and replacing its signing secret, with or without an overlap that lasts.

use super::Actor;
use crate::{
    error::AppError,
    view::destination::{DestinationHead, DestinationView},
};
use async_trait::async_trait;
use domain::id::DestinationId;

/// One destination.
#[async_trait]
pub trait DestinationPort: Send + Sync {
    /// What its page begins with.
    async fn destination_head(&self, actor: &Actor, id: DestinationId) -> Result<DestinationHead, AppError>;
    /// How it stands now.
    async fn destination_now(&self, actor: &Actor, id: DestinationId) -> Result<DestinationView, AppError>;
    /// Replaces the signing secret of an HTTP endpoint by `given`, or by one made here; the one before signs, too, for
    /// `overlap` microseconds. Returns a handle for [`RevealPort::reveal_once`](super::RevealPort::reveal_once). A
    /// destination without a signing secret: `Invalid { Kind, DoesNotFit }`; an overlap longer than 7 days:
    /// `Invalid { Overlap, TooLong }`.
    async fn replace_signing_secret(
        &self,
        actor: &Actor,
        id: DestinationId,
        given: Option<String>,
        overlap: i64,
    ) -> Result<String, AppError>;
    /// Ends the signing secret that was replaced and still signs, before its time; `why` goes into the audit log. None that
    /// does: `Invalid { OldSecret, Ended }`; while the one in use cannot be read: `Invalid { OldSecret, OnlyOne }`.
    async fn end_old_secret(&self, actor: &Actor, id: DestinationId, why: String) -> Result<(), AppError>;
}
