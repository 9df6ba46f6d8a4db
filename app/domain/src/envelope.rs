//! One webhook in the same five words, whoever sent it. Jobs, templates, schemas and mappings all mean this type when
//! they say `data`. How each vendor's words are found is the preset's business (crate `signature`).

use crate::{event::Event, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A webhook, normalised.
///
/// | field | from |
/// |---|---|
/// | `event_type` | where the vendor's preset says; empty when the vendor names none |
/// | `subject_id` | the same; the thing it happened to |
/// | `occurred_at` | the vendor's time, or when it arrived |
/// | `data` | the whole body: JSON as it came, a form as an object of its fields, anything else `null` |
/// | `schema_version` | the version the vendor states for its payload, such as Stripe's `api_version` |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// What happened, in the vendor's words.
    pub event_type: String,
    /// What it happened to.
    pub subject_id: Option<String>,
    /// When it happened at the vendor; when it arrived where the vendor does not say.
    pub occurred_at: Timestamp,
    /// The whole body. JSON pointers of schemas and mappings begin here.
    pub data: Value,
    /// Version of the vendor's payload, where it states one.
    pub schema_version: Option<String>,
}

impl Envelope {
    /// The envelope of `event`, whose body says `data`.
    pub fn of(event: &Event, data: Value) -> Self {
        Self {
            event_type: event.event_type.clone(),
            subject_id: event.subject_id.clone(),
            occurred_at: event.occurred_at.unwrap_or(event.received_at),
            data,
            schema_version: event.schema_version.clone(),
        }
    }
}
