//! The catalogue of event types, and one type with its schemas and mappings.

use domain::{
    id::{EventId, JobId, VendorId},
    schema::{SchemaMode, SchemaOrigin},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What stands in an address for events whose vendor names no type.
const NO_TYPE: &str = "(none)";

/// One type in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeRow {
    /// Who sends it.
    pub vendor_id: VendorId,
    /// Short name of the sender.
    pub vendor: String,
    /// The vendor's word; empty where a vendor names none.
    pub event_type: String,
    /// How many events were stored.
    pub events: i64,
    /// When the first came.
    pub first_seen: Timestamp,
    /// When the last came.
    pub last_seen: Timestamp,
    /// The last one.
    pub sample: EventId,
    /// How the schema in use is applied; `None` without one.
    pub mode: Option<SchemaMode>,
    /// Which version is in use.
    pub version: Option<i32>,
    /// How many events did not fit.
    pub broken: i64,
    /// When the first did not fit, since schema or mapping last changed.
    pub drift_since: Option<Timestamp>,
    /// Since when good payloads have the structure they have.
    pub shape_since: Option<Timestamp>,
}

impl TypeRow {
    /// The type's word, also where there is none.
    pub fn name(&self) -> String {
        type_name(&self.event_type).to_owned()
    }

    /// Where its page is.
    pub fn href(&self) -> String {
        type_href(&self.vendor, &self.event_type)
    }
}

/// What people read for a type.
pub fn type_name(event_type: &str) -> &str {
    if event_type.is_empty() { "(no type)" } else { event_type }
}

/// Where the page of a type is.
pub fn type_href(vendor: &str, event_type: &str) -> String {
    let event_type = if event_type.is_empty() { NO_TYPE } else { event_type };
    format!("/events/types/{}/{}", segment(vendor), segment(event_type))
}

/// A text as one part of a path.
fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The type named in an address.
pub fn type_of_path(text: &str) -> String {
    if text == NO_TYPE { String::new() } else { text.to_owned() }
}

/// The catalogue, by vendor and type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypesPage {
    /// The server's clock.
    pub now: Timestamp,
    /// All types the actor may see.
    pub rows: Vec<TypeRow>,
}

/// What is wrong with a text, and in which line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFault {
    /// Line, from 1.
    pub line: usize,
    /// One sentence.
    pub words: String,
}

/// A text in a form: what is in use, or what somebody typed that could not be saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// For a mapping: the vendor's version it is for.
    pub from_version: Option<String>,
    /// Why it was not saved.
    pub fault: Option<TextFault>,
}

/// One version of a schema in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaRow {
    /// Its number.
    pub version: i32,
    /// Where it came from.
    pub origin: SchemaOrigin,
    /// How many events it was learned from.
    pub samples: i32,
    /// Whether it is the one in use.
    pub used: bool,
    /// When it was saved.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// One version of a mapping in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingRow {
    /// Its number.
    pub version: i32,
    /// For which of the vendor's versions; `None` for all.
    pub from_version: Option<String>,
    /// Its rules.
    pub text: String,
    /// Whether it is in use.
    pub active: bool,
    /// When it was saved.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// How a place of a payload differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiffKind {
    /// It is new.
    Added,
    /// It is missing.
    Missing,
    /// It has another type, or another rule of the schema is broken there.
    Changed,
}

/// One difference. Names places and types, never values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// How.
    pub kind: DiffKind,
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What, to be read after the place.
    pub words: String,
}

/// What is known of one payload's shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeReport {
    /// The event.
    pub event_id: EventId,
    /// Short name of the vendor.
    pub vendor: String,
    /// Its type.
    pub event_type: String,
    /// Version and mode of the schema in use.
    pub schema: Option<(i32, SchemaMode)>,
    /// The mapping in use that changes this payload.
    pub mapping: Option<i32>,
    /// What does not fit the schema, after that mapping.
    pub misfits: Vec<DiffLine>,
    /// What is different from the last good payload, as both came.
    pub diff: Vec<DiffLine>,
    /// That last good one.
    pub good: Option<EventId>,
}

impl ShapeReport {
    /// Where its type's page is.
    pub fn href(&self) -> String {
        type_href(&self.vendor, &self.event_type)
    }

    /// Whether there is anything worth showing.
    pub fn is_worth_showing(&self) -> bool {
        self.schema.is_some() || self.mapping.is_some()
    }
}

/// Jobs that wait because of a schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCount {
    /// How many wait.
    pub held: i64,
    /// How many of them would run now.
    pub fitting: i64,
    /// Whether there are more than were counted.
    pub more: bool,
}

/// A held payload as the mapping in use changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The job that waits.
    pub job_id: JobId,
    /// Its payload's shape.
    pub report: ShapeReport,
    /// What the mapping in use changes about it; empty while none does.
    pub changes: Vec<DiffLine>,
}

/// Everything the page of one type shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypePage {
    /// The server's clock.
    pub now: Timestamp,
    /// The type.
    pub row: TypeRow,
    /// Versions of its schema, newest first.
    pub schemas: Vec<SchemaRow>,
    /// What stands in the schema's editor.
    pub schema: Draft,
    /// How many events a schema could be learned from.
    pub samples: i64,
    /// Versions of its mappings, newest first.
    pub mappings: Vec<MappingRow>,
    /// What stands in the mapping's editor.
    pub mapping: Draft,
    /// Jobs that wait.
    pub held: HeldCount,
    /// The oldest of them.
    pub preview: Option<Preview>,
}

/// What is saved as a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMapping {
    /// The rules, one a line.
    pub text: String,
    /// For which of the vendor's versions; `None` for all.
    pub from_version: Option<String>,
}

/// What became of a text that was to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is the version given.
    Version(i32),
    /// It cannot be used; the text waits under this handle to be mended.
    Faulty(TextFault, String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_an_address_that_leads_back_to_it() {
        assert_eq!(type_href("acme", "story.ready"), "/events/types/acme/story.ready");
        assert_eq!(type_href("acme", "a/b c?ü"), "/events/types/acme/a%2Fb%20c%3F%C3%BC");
        assert_eq!(type_href("acme", ""), "/events/types/acme/%28none%29");
        assert_eq!(type_of_path("(none)"), "");
    }
}
