//! Data keys, which seal values and are themselves kept wrapped by the master key, and the replacement of that key.

use super::{AuditEntry, Result, Sealed};
use async_trait::async_trait;
use domain::{
    destination::DestinationPart,
    id::{DestinationId, OfferId, ProviderId, RequestId, SecretId, TenantId, VendorId},
    time::Timestamp,
};
use uuid::Uuid;

/// A data key as it is kept: unreadable without one of the master keys it is wrapped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKey {
    /// Identity; stands in front of everything it sealed.
    pub id: Uuid,
    /// When it was made. The newest seals.
    pub created_at: Timestamp,
    /// Which master keys open it, each with the key as that one wrapped it.
    pub wraps: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A replacement of the master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRotation {
    /// The master key that goes.
    pub from_master: Vec<u8>,
    /// The one that comes.
    pub to_master: Vec<u8>,
    /// The data key all values are sealed with anew.
    pub data_key_id: Uuid,
    /// When it began.
    pub started_at: Timestamp,
    /// How many values were sealed anew so far.
    pub resealed: i64,
    /// When it was over; `None` while it is under way.
    pub finished_at: Option<Timestamp>,
}

/// The setting that holds the key of the links to senders' pages, sealed.
pub const SENDER_LINK_KEY: &str = "sender_link_key";

/// The setting that holds the first key which signs this installation's tokens, sealed; see
/// [`TokenKey`](super::TokenKey).
pub const TOKEN_KEY: &str = "token_key";

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A version of a vendor's secret.
    Secret(SecretId, VendorId),
    /// A provider's key.
    Provider(ProviderId),
    /// A destination's password or signing secret.
    Destination(DestinationId),
    /// The key of a tenant's payloads.
    Tenant(TenantId),
    /// A secret a vendor handed over that nobody accepted yet.
    Offer(OfferId, VendorId),
    /// A refused request as it came.
    Capture(RequestId),
    /// The setting [`SENDER_LINK_KEY`].
    SenderLinkKey,
    /// The setting [`TOKEN_KEY`].
    FirstTokenKey,
    /// A later key that signs tokens.
    TokenKey(Uuid),
    /// Something else of a destination.
    Part(DestinationId, DestinationPart),
}

/// A sealed value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedValue {
    /// Where.
    pub place: Place,
    /// The value.
    pub sealed: Sealed,
}

/// Data keys.
#[async_trait]
pub trait KeyStore {
    /// All data keys, oldest first.
    async fn data_keys(&self) -> Result<Vec<DataKey>>;
    /// Adds the first data key; `false` when there is one already.
    async fn add_first_data_key(&self, key: &DataKey) -> Result<bool>;
    /// Begins to replace the master key: adds the new data key, and the wraps of the others under the new master
    /// key, in one transaction. `Conflict` when a replacement is under way.
    async fn begin_key_rotation(
        &self,
        rotation: &KeyRotation,
        key: &DataKey,
        wraps: &[(Uuid, Vec<u8>)],
        audit: &AuditEntry,
    ) -> Result<()>;
    /// The replacement that is under way, or the last one.
    async fn key_rotation(&self) -> Result<Option<KeyRotation>>;
    /// Values whose first bytes are not these, after `after` in an order of the store's own. A page holds `limit` at
    /// most, and few where values are large; an empty one is the end.
    async fn sealed_otherwise(
        &self,
        head: &[u8],
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<SealedValue>>;
    /// How many values there are whose first bytes are not these.
    async fn count_sealed_otherwise(&self, head: &[u8]) -> Result<i64>;
    /// Replaces each value by its new form if it still is what it was, and counts them as progress of the
    /// replacement, all in one transaction. Returns how many were replaced.
    async fn reseal(&self, values: &[(SealedValue, Sealed)]) -> Result<i64>;
    /// Ends the replacement: forgets all wraps but those of the new master key. `NotFound` when none is under way.
    async fn finish_key_rotation(&self, now: Timestamp, audit: &AuditEntry) -> Result<()>;
}
