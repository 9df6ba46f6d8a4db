//! Schemas and mappings in versions, the catalogue of event types, and the jobs that wait for a schema.

use super::{AuditEntry, Result};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId, TenantId, VendorId},
    job::{Job, JobParams},
    schema::{EventTypeSeen, MappingVersion, SchemaUse, SchemaVersion, TypeKey},
    time::Timestamp,
};

/// What was seen of one event type since the last writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which type.
    pub of: TypeKey,
    /// How many events.
    pub events: i64,
    /// How many of them did not fit their schema.
    pub broken: i64,
    /// When the first of them came.
    pub first: Timestamp,
    /// When the last of them came.
    pub last: Timestamp,
    /// The last of them.
    pub sample: EventId,
    /// When the first came that did not fit.
    pub first_broken: Option<Timestamp>,
    /// The last that was as it should be.
    pub good: Option<EventId>,
    /// Hash of that one's structure.
    pub shape_hash: Option<String>,
    /// Good ones, to learn from.
    pub samples: Vec<EventId>,
}

/// Event ids kept per type to learn from.
pub const SAMPLES_KEPT: i64 = 100;

/// Schemas, mappings and the catalogue. Changes of schemas and mappings are changes of the configuration (see
/// [`super::ConfigStore`]): audited, and noticed by every node.
#[async_trait]
pub trait SchemaStore {
    /// Adds the next version of a schema and uses it, in the mode given. The version number is given by the store and
    /// returned; the type's drift begins anew.
    async fn add_schema(&self, schema: &SchemaVersion, used: &SchemaUse, audit: &AuditEntry) -> Result<i32>;
    /// Uses another version or mode. `NotFound` when there is no such version.
    async fn use_schema(&self, used: &SchemaUse, audit: &AuditEntry) -> Result<()>;
    /// All versions of a type's schema, newest first.
    async fn schemas_of(&self, of: &TypeKey) -> Result<Vec<SchemaVersion>>;
    /// What is used of them; `None` while there is none.
    async fn schema_use(&self, of: &TypeKey) -> Result<Option<SchemaUse>>;
    /// Adds the next version of a mapping; with `active` it takes the place of the one used for the same
    /// `from_version`. The version number is given by the store and returned; the type's drift begins anew.
    async fn add_mapping(&self, mapping: &MappingVersion, audit: &AuditEntry) -> Result<i32>;
    /// Uses a version of a mapping, or no longer. `NotFound` when there is no such version.
    async fn use_mapping(&self, of: &TypeKey, version: i32, active: bool, audit: &AuditEntry) -> Result<()>;
    /// All versions of a type's mappings, newest first.
    async fn mappings_of(&self, of: &TypeKey) -> Result<Vec<MappingVersion>>;
    /// One version of a type's mapping, in use or not.
    async fn mapping(&self, of: &TypeKey, version: i32) -> Result<MappingVersion>;

    /// Adds what was seen to the catalogue; types beyond `most` of one vendor are left out. The order of `seen` must
    /// be the same on all nodes.
    async fn sight_types(&self, seen: &[Sighting], most: i64) -> Result<()>;
    /// The catalogue of a tenant, or of one vendor, by vendor and type.
    async fn event_types(
        &self,
        scope: Option<TenantId>,
        vendor: Option<VendorId>,
    ) -> Result<Vec<EventTypeSeen>>;
    /// One type of the catalogue.
    async fn event_type(&self, of: &TypeKey) -> Result<EventTypeSeen>;
    /// The newest good events of a type that are known, newest first.
    async fn samples_of(&self, of: &TypeKey, limit: i64) -> Result<Vec<EventId>>;

    /// The jobs of a type that are held because of its schema, oldest first, those after `after`.
    async fn held_by_schema(
        &self,
        of: &TypeKey,
        after: Option<(Timestamp, JobId)>,
        limit: i64,
    ) -> Result<Vec<Job>>;
    /// Puts these jobs back in the queue with the parameters given, those that are still held. Returns how many.
    async fn release(&self, jobs: &[(JobId, JobParams)], now: Timestamp, audit: &AuditEntry) -> Result<u64>;
}
