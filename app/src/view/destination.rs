//! One destination, as its page shows it: what stays while the page is open, and what changes by itself.

use super::connections::DestinationRow;
use domain::{
    destination::{DestinationAuth, DestinationKind},
    id::DestinationId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What its forms begin with. Read once when the page opens, so that no form is drawn anew under somebody who types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationHead {
    /// Identity; what panels ask by.
    pub id: DestinationId,
    /// Short name.
    pub slug: String,
    /// The short name of its tenant, for those who see several.
    pub tenant: Option<String>,
    /// What stands at the other end.
    pub kind: DestinationKind,
    /// How Tidegate proves itself.
    pub auth: DestinationAuth,
}

/// How it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationView {
    /// The server's clock.
    pub now: Timestamp,
    /// What the list says of it.
    pub row: DestinationRow,
    /// Whether its password or signing secret is there and can be read; `None` where it needs none.
    pub secret_readable: Option<bool>,
    /// What tokens for it name as their issuer, where it is shown tokens.
    pub issuer: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}
