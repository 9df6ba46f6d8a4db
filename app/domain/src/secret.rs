//! One version of a vendor's secret, without its value: the value is sealed in the store.

use crate::{
    id::{SecretId, VendorId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// Where a secret is in its life.
    pub enum SecretState {
        /// In use.
        Active = "active",
        /// Replaced, still accepted until its `not_after`.
        Retiring = "retiring",
        /// Never accepted again.
        Revoked = "revoked",
    }
}

/// What is known of one version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretInfo {
    /// Identity.
    pub id: SecretId,
    /// Whose it is.
    pub vendor_id: VendorId,
    /// 1 for the first, then counting up.
    pub version: i32,
    /// Where it is in its life.
    pub state: SecretState,
    /// When a retiring secret stops being accepted.
    pub not_after: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

impl SecretInfo {
    /// Whether a signature made with it is accepted at `now`.
    pub fn accepts(&self, now: Timestamp) -> bool {
        match self.state {
            SecretState::Active => true,
            SecretState::Retiring => self.not_after.is_some_and(|end| now < end),
            SecretState::Revoked => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retiring_secret_is_accepted_until_its_end_and_not_after() {
        let end = Timestamp::from_unix(1_000);
        let mut secret = SecretInfo {
            id: SecretId::new(uuid::Uuid::nil()),
            vendor_id: VendorId::new(uuid::Uuid::nil()),
            version: 1,
            state: SecretState::Retiring,
            not_after: Some(end),
            created_at: Timestamp(0),
        };
        assert!(secret.accepts(end.plus(-1)));
        assert!(!secret.accepts(end));
        secret.not_after = None;
        assert!(!secret.accepts(Timestamp(0)));
        secret.state = SecretState::Revoked;
        assert!(!secret.accepts(Timestamp(0)));
    }
}
