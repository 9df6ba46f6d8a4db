//! Who is signed in, as far as pages need to know. Rights are asked of [`Role`], never compared.

use domain::role::Role;
use serde::{Deserialize, Serialize};

/// The person looking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// What they sign in with.
    pub email: String,
    /// What they may do.
    pub role: Role,
}
