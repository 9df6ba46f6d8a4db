//! A person who signs in. The password's hash stays in the store and is not part of this type.

use crate::{
    id::{TenantId, UserId},
    role::Role,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// What they sign in with, lower case.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// The tenant they belong to; `None` for owners.
    pub tenant_id: Option<TenantId>,
    /// May not sign in any more.
    pub disabled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
}
