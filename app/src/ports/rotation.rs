//! The versions of a vendor's secret: seeing them, replacing one, ending one.

use super::Actor;
use crate::{error::AppError, view::secrets::Secrets};
use async_trait::async_trait;
use domain::id::VendorId;

/// The versions of a vendor's secret.
///
/// A version that requests matched during the last hour ends within the next hour only when `force` is given, else
/// [`AppError::StillUsed`]; the only version that is accepted likewise, else [`AppError::OnlySecret`].
#[async_trait]
pub trait RotationPort: Send + Sync {
    /// The versions, newest first, and how often each was matched; never their values.
    async fn secrets(&self, actor: &Actor, vendor: VendorId) -> Result<Secrets, AppError>;
    /// Adds the next version, `given` or made here; those active until now are accepted for `overlap` microseconds
    /// more. Returns a handle for [`RevealPort::reveal_once`](super::RevealPort::reveal_once). An overlap longer than
    /// 7 days: `Invalid { Overlap, TooLong }`; a secret that does not fit the preset: `Invalid { Secret, Malformed }`.
    async fn rotate(
        &self,
        actor: &Actor,
        vendor: VendorId,
        given: Option<String>,
        overlap: i64,
        force: bool,
    ) -> Result<String, AppError>;
    /// Lets a retiring version be accepted for `overlap` microseconds from now, longer or shorter than before. One that
    /// has ended: `Invalid { Version, Ended }`; one that is active: `Invalid { Version, DoesNotFit }`.
    async fn set_overlap(
        &self,
        actor: &Actor,
        vendor: VendorId,
        version: i32,
        overlap: i64,
        force: bool,
    ) -> Result<(), AppError>;
    /// Ends a version now. One that has ended: `Invalid { Version, Ended }`.
    async fn revoke(
        &self,
        actor: &Actor,
        vendor: VendorId,
        version: i32,
        force: bool,
    ) -> Result<(), AppError>;
    /// After how many hours without a match retiring versions end before their time (1 to 720); `None` for never.
    async fn set_quiet_hours(
        &self,
        actor: &Actor,
        vendor: VendorId,
        hours: Option<i32>,
    ) -> Result<(), AppError>;
}
