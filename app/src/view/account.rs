//! Who is signed in, as far as pages need to know. Rights are asked of [`Role`], never compared.

use domain::role::Role;
use serde::{Deserialize, Serialize};

/// What stands between a visitor and the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gate {
    /// Nobody has an account yet: the one-time link must be used first.
    NeedsSetup,
    /// There are accounts, but this visitor has no session.
    SignedOut,
    /// Come in.
    Open(Viewer),
}

/// The person looking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// What they sign in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
}
