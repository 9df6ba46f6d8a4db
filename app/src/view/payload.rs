//! What comes of asking for the bytes of a webhook.

use super::story::Payload;
use serde::{Deserialize, Serialize};

/// What comes of asking for the bytes of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// Here they are.
    Read(Payload),
    /// They were removed after the time the tenant keeps them.
    Removed,
    /// They were sealed under a data key that was destroyed.
    Destroyed,
}
