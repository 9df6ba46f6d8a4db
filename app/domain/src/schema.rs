//! What payloads of one vendor's event type must look like: versions of schemas and mappings, which of them is in use,
//! and what is known of each type that was ever seen. How a schema is checked is the server's business.

use crate::{
    id::{EventId, TenantId, VendorId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

crate::words! {
    /// What happens to events whose payload does not fit the schema. None of it ever loses an event.
    pub enum SchemaMode {
        /// Nothing is checked.
        Off = "off",
        /// Jobs run and say what did not fit.
        Warn = "warn",
        /// Jobs wait until a person releases them.
        Hold = "hold",
    }
}

crate::words! {
    /// Where a schema came from.
    pub enum SchemaOrigin {
        /// A person wrote it.
        Pasted = "pasted",
        /// Worked out from stored events.
        Learned = "learned",
    }
}

/// One event type of one vendor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeKey {
    /// Who sends it.
    pub vendor_id: VendorId,
    /// The vendor's word for it; empty where a vendor names none.
    pub event_type: String,
}

/// One version of a schema. Never changed once it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    /// Of which events.
    pub of: TypeKey,
    /// Counts up from 1 within the type.
    pub version: i32,
    /// The JSON Schema.
    pub text: String,
    /// Where it came from.
    pub origin: SchemaOrigin,
    /// How many events it was learned from; 0 when it was pasted.
    pub samples: i32,
    /// When it was saved.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// Which version of a type's schema is in use, and how strictly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaUse {
    /// Of which events.
    pub of: TypeKey,
    /// The version.
    pub version: i32,
    /// What happens to what does not fit.
    pub mode: SchemaMode,
}

/// One version of a mapping. Its text is never changed once it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingVersion {
    /// Of which events.
    pub of: TypeKey,
    /// Counts up from 1 within the type.
    pub version: i32,
    /// Only for payloads whose vendor states this version; `None` for all others.
    pub from_version: Option<String>,
    /// The rules, one a line.
    pub text: String,
    /// Whether it is used for new events. At most one per type and `from_version` is.
    pub active: bool,
    /// When it was saved.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// What a job knows of the shape of its event's payload: which versions judged and changed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobShape {
    /// Version of the schema the payload was checked with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<i32>,
    /// Version of the mapping that changed what templates see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<i32>,
    /// What did not fit, in words, where the job runs nevertheless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// What a held job's reason begins with when its payload did not fit the schema.
pub const HELD_BY_SCHEMA: &str = "schema: ";

/// An event type that was seen at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTypeSeen {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Which.
    pub of: TypeKey,
    /// How many events of it were stored.
    pub events: i64,
    /// When the first came.
    pub first_seen: Timestamp,
    /// When the last came.
    pub last_seen: Timestamp,
    /// The last one.
    pub sample: EventId,
    /// Hash of the last good payload's structure.
    pub shape_hash: Option<String>,
    /// Since when the structure is this one.
    pub shape_since: Option<Timestamp>,
    /// The last event whose payload was as it should be.
    pub good: Option<EventId>,
    /// How many did not fit their schema.
    pub broken: i64,
    /// When the first came that did not fit, since schema or mapping last changed.
    pub drift_since: Option<Timestamp>,
}
