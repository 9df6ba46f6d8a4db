//! A JSON Schema that was read, found harmless and compiled; and what a payload lacks in words people understand.
//!
//! Drafts 7 and 2020-12. A schema is written by an admin but runs for every event, so the work it can cause is bounded
//! before it is used: its length, the size it has with every `$ref` written out (a schema that contains itself has
//! none and is refused), and patterns without backtracking. Nothing is fetched: a `$ref` points inside the schema.

use super::{Fault, cut, escaped, lines::line_of};
use jsonschema::{
    Draft, PatternOptions, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;
use std::collections::HashMap;

/// Longest schema, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// Most values a schema may have with every `$ref` written out.
const MAX_SIZE: u64 = 20_000;
/// Largest compiled pattern, in bytes.
const MAX_PATTERN: usize = 256 * 1024;
/// Longest description of one difference, in characters.
const MAX_WORDS: usize = 160;

/// A compiled schema.
#[derive(Debug)]
pub struct Check {
    validator: jsonschema::Validator,
}

/// One thing about a payload that does not fit. Names places and types, never values: those may be private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, as a JSON pointer; empty for the whole body.
    pub pointer: String,
    /// What is wrong there: `is missing`, `is a string instead of a number`.
    pub words: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() { "the body" } else { &self.pointer };
        write!(f, "{place} {}", self.words)
    }
}

impl Check {
    /// Reads, bounds and compiles a schema.
    ///
    /// # Errors
    /// What is wrong with it, and in which line.
    pub fn new(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_TEXT {
            return Err(fault(1, format!("The schema is longer than {} kB.", MAX_TEXT / 1024)));
        }
        let schema: Value = serde_json::from_str(text)
            .map_err(|error| fault(error.line(), format!("This is no JSON: {error}.")))?;
        let at = |pointer: &str, words: String| fault(line_of(text, pointer), words);
        let Some(root) = schema.as_object() else {
            return Err(at("", "A schema is a JSON object, such as {\"type\": \"object\"}.".into()));
        };
        let draft = match root.get("$schema").map(|named| named.as_str().unwrap_or_default()) {
            None => Draft::Draft202012,
            Some(named) => {
                match named.trim_end_matches('#').trim_start_matches("https").trim_start_matches("http") {
                    "://json-schema.org/draft-07/schema" => Draft::Draft7,
                    "://json-schema.org/draft/2020-12/schema" => Draft::Draft202012,
                    _ => return Err(at("/$schema", "Use draft 2020-12 or draft 7 of JSON Schema.".into())),
                }
            }
        };
        references(&schema, "", &at)?;
        let size = Sizes { root: &schema, known: HashMap::new(), open: vec![String::new()] }.of(&schema);
        match size {
            None => {
                return Err(at("", "The schema contains itself; the work it could cause has no end.".into()));
            }
            Some(size) if size > MAX_SIZE => {
                return Err(at(
                    "",
                    format!("With its references written out the schema has more than {MAX_SIZE} parts."),
                ));
            }
            Some(_) => {}
        }
        let patterns = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
        jsonschema::options()
            .with_draft(draft)
            .should_validate_formats(false)
            .with_pattern_options(patterns)
            .build(&schema)
            .map(|validator| Self { validator })
            .map_err(|error| {
                at(
                    error.instance_path().as_str(),
                    format!("{}.", cut(error.to_string().trim_end_matches('.'), 300)),
                )
            })
    }

    /// Whether `data` fits.
    pub fn fits(&self, data: &Value) -> bool {
        self.validator.is_valid(data)
    }

    /// What does not fit, at most `most` of it; empty when all does.
    pub fn differences(&self, data: &Value, most: usize) -> Vec<Difference> {
        if self.fits(data) {
            return Vec::new();
        }
        self.validator.iter_errors(data).take(most).map(|error| difference(&error)).collect()
    }
}

fn fault(line: usize, words: String) -> Fault {
    Fault { line: line.max(1), words }
}

/// Refuses references that leave the schema, and parts with an address of their own, inside which `#` would mean
/// something else. Looks into data (`const`, `enum`), too: a property may have such a name, and what is refused
/// there without need can be written without `$ref`.
fn references(value: &Value, pointer: &str, at: &impl Fn(&str, String) -> Fault) -> Result<(), Fault> {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let here = format!("{pointer}/{}", escaped(key));
                match (key.as_str(), member) {
                    ("$ref", Value::String(target))
                        if target.contains('%') || (target != "#" && !target.starts_with("#/")) =>
                    {
                        let words = format!(
                            "$ref {:?} leads out of the schema; only #/… is followed.",
                            cut(target, 80)
                        );
                        return Err(at(&here, words));
                    }
                    ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                        return Err(at(&here, format!("{key} is not followed; use $ref with #/….")));
                    }
                    ("$id", Value::String(_)) if !pointer.is_empty() => {
                        return Err(at(&here, "Only the whole schema may have an $id.".into()));
                    }
                    _ => references(member, &here, at)?,
                }
            }
            Ok(())
        }
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(n, item)| references(item, &format!("{pointer}/{n}"), at))
        }
        _ => Ok(()),
    }
}

/// How many values a part has with every reference written out.
struct Sizes<'s> {
    root: &'s Value,
    known: HashMap<String, u64>,
    /// References that are being written out.
    open: Vec<String>,
}

impl Sizes<'_> {
    /// `None` for a part that contains itself.
    fn of(&mut self, part: &Value) -> Option<u64> {
        let mut size = 1_u64;
        match part {
            Value::Object(members) => {
                for (key, member) in members {
                    let more = match (key.as_str(), member) {
                        ("$ref", Value::String(target)) => self.referenced(target)?,
                        _ => self.of(member)?,
                    };
                    size = size.saturating_add(more);
                }
            }
            Value::Array(items) => {
                for item in items {
                    size = size.saturating_add(self.of(item)?);
                }
            }
            _ => {}
        }
        Some(size)
    }

    fn referenced(&mut self, target: &str) -> Option<u64> {
        let pointer = target.trim_start_matches('#').to_owned();
        if let Some(known) = self.known.get(&pointer) {
            return Some(*known);
        }
        if self.open.contains(&pointer) {
            return None;
        }
        // A reference to nothing is refused by the compiler, in its own words.
        let Some(part) = self.root.pointer(&pointer) else { return Some(1) };
        self.open.push(pointer.clone());
        let size = self.of(part)?;
        self.open.pop();
        self.known.insert(pointer, size);
        Some(size)
    }
}

fn difference(error: &ValidationError<'_>) -> Difference {
    let pointer = error.instance_path().as_str().to_owned();
    let (pointer, words) = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            (format!("{pointer}/{}", escaped(name)), "is missing".to_owned())
        }
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(kind) => kind.as_str().to_owned(),
                TypeKind::Multiple(kinds) => {
                    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or ")
                }
            };
            (pointer, format!("is {} instead of {wanted}", super::shape::kind_of(error.instance())))
        }
        ValidationErrorKind::Enum { .. } => (pointer, "is none of the known values".to_owned()),
        ValidationErrorKind::Constant { .. } => (pointer, "is not the one value it may have".to_owned()),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            (pointer, format!("has fields that are not expected: {}", unexpected.join(", ")))
        }
        _ => (pointer, error.masked_with("it").to_string()),
    };
    Difference { pointer: cut(&pointer, 200), words: cut(&words, MAX_WORDS) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(text: &str, data: &Value) -> Vec<String> {
        Check::new(text).unwrap().differences(data, 9).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_payload_that_does_not_fit_is_described_by_pointers_and_without_its_values() {
        let schema = r#"{"type":"object","required":["title","id"],"additionalProperties":false,
            "properties":{"id":{"type":["integer","null"]},"title":{"type":"string"},"a/b":{"maxLength":3},"of":{"enum":["x"]}}}"#;
        let data = json!({"id": "secret-7", "a/b": "secret", "of": "secret", "heading": "secret"});
        let said = said(schema, &data);
        for part in [
            "/title is missing",
            "/id is string instead of null or integer",
            "/a~1b it is longer than 3 characters",
            "/of is none of the known values",
            "the body has fields that are not expected: heading",
        ] {
            assert!(said.iter().any(|line| line == part), "{part} in {said:?}");
        }
        assert!(!said.concat().contains("secret"));
        assert!(Check::new(schema).unwrap().fits(&json!({"id": null, "title": ""})));
    }

    #[test]
    fn a_wrong_schema_is_refused_with_the_line_that_is_wrong() {
        for (text, line, words) in [
            ("{\n\"type\": \"object\",\n}", 3, "no JSON"),
            ("[]", 1, "JSON object"),
            ("{\n\n\"$schema\": \"http://json-schema.org/draft-04/schema#\"}", 3, "draft 7"),
            ("{\"properties\": {\n \"a\": {\n  \"type\": \"text\"}}}", 3, "text"),
            ("{\"items\":\n {\"$ref\": \"https://example.com/s.json\"}}", 2, "leads out"),
            ("{\"items\":\n {\"$ref\": \"file:///etc/passwd\"}}", 2, "leads out"),
            ("{\"items\":\n {\"$ref\": \"other#/a\"}}", 2, "leads out"),
            ("{\"items\": {\n\"$id\": \"http://x/\"}}", 2, "$id"),
            ("{\"items\": {\"$ref\": \"#\"}}", 1, "contains itself"),
            (
                "{\"$defs\": {\"a\": {\"anyOf\": [{\"$ref\": \"#/$defs/a\"}]}}, \"$ref\": \"#/$defs/a\"}",
                1,
                "contains itself",
            ),
            ("{\"properties\": {\"default\": {\"$ref\": \"#\"}}}", 1, "contains itself"),
            ("{\"$ref\": \"#/%24defs/a\"}", 1, "leads out"),
            ("{\"$ref\": \"#/$defs/none\"}", 1, ""),
            ("{\"pattern\": \"(a)\\\\1\"}", 1, ""),
        ] {
            let fault = Check::new(text).unwrap_err();
            assert!(fault.line == line && fault.words.contains(words), "{text}: {fault}");
        }
    }

    #[test]
    fn a_schema_that_unfolds_beyond_measure_is_refused() {
        let mut defs = serde_json::Map::new();
        for n in 0..40 {
            let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            defs.insert(format!("d{n}"), json!({"anyOf": [next, next]}));
        }
        defs.insert("d40".into(), json!({"type": "null"}));
        let bomb = json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string();
        assert!(Check::new(&bomb).unwrap_err().words.contains("more than"));
    }

    #[test]
    fn references_inside_the_schema_and_properties_named_like_one_are_fine() {
        let schema = r##"{"$schema":"http://json-schema.org/draft-07/schema#",
            "definitions":{"name":{"type":"string"}},
            "properties":{"$ref":{"type":"string"},"a":{"$ref":"#/definitions/name"}}}"##;
        assert_eq!(said(schema, &json!({"a": 1})), ["/a is number instead of string"]);
    }

    #[test]
    fn a_pattern_cannot_take_more_than_linear_time() {
        let check = Check::new(r#"{"pattern": "^(a+)+$"}"#).unwrap();
        assert!(!check.fits(&json!(format!("{}!", "a".repeat(100_000)))));
    }
}
