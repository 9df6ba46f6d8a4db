//! A schema worked out from payloads that came: the types each place had, which fields were always there, and which
//! texts are words of a small set. Deliberately modest: no formats, no lengths, no ranges, and fields that were never
//! seen stay allowed, because a schema that knows too much breaks on the first Monday that differs.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Most samples that are looked at.
pub const MAX_SAMPLES: usize = 100;
/// Deepest place that is described.
const MAX_DEPTH: usize = 24;
/// An object with more different fields than this is a table with keys of its own, and its fields are not named.
const MAX_FIELDS: usize = 100;
/// Most places of the whole schema.
const MAX_PLACES: usize = 2_000;
/// Texts of a set have at most this many different values, …
const MAX_WORDS: usize = 6;
/// … each no longer than this, …
const MAX_WORD: usize = 40;
/// … and were seen at least this often each, so that a handful of samples makes no sets.
const REPEATED: usize = 3;

/// The schema of `samples`; `None` without any.
pub fn learn(samples: &[Value]) -> Option<Value> {
    if samples.is_empty() {
        return None;
    }
    let mut place = Place::default();
    let mut left = MAX_PLACES;
    for sample in samples.iter().take(MAX_SAMPLES) {
        place.add(sample, 0, &mut left);
    }
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    place.write(&mut schema);
    Some(Value::Object(schema))
}

/// What was seen at one place.
#[derive(Default)]
struct Place {
    kinds: BTreeSet<&'static str>,
    /// How many objects were seen here.
    objects: usize,
    /// The fields of those objects, and in how many of them each was.
    fields: BTreeMap<String, (usize, Place)>,
    /// The elements of the lists seen here.
    items: Option<Box<Place>>,
    /// Texts and how often each came; `None` once they are too many or too long for a set.
    words: Option<BTreeMap<String, usize>>,
    texts: usize,
    /// Whether the fields are too many or too deep to be named.
    blurred: bool,
}

impl Place {
    fn add(&mut self, value: &Value, depth: usize, left: &mut usize) {
        self.kinds.insert(match value {
            Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
            other => super::shape::kind_of(other),
        });
        match value {
            Value::Object(members) => self.object(members, depth, left),
            Value::Array(items) if depth < MAX_DEPTH => {
                let place = self.items.get_or_insert_default();
                for item in items {
                    place.add(item, depth + 1, left);
                }
            }
            Value::String(text) => self.text(text),
            _ => {}
        }
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize, left: &mut usize) {
        self.objects += 1;
        for (key, member) in members {
            if self.blurred {
                return;
            }
            let known = self.fields.contains_key(key);
            if depth >= MAX_DEPTH || (!known && (self.fields.len() >= MAX_FIELDS || *left == 0)) {
                self.blurred = true;
                self.fields.clear();
                return;
            }
            *left -= usize::from(!known);
            let (count, place) = self.fields.entry(key.clone()).or_default();
            *count += 1;
            place.add(member, depth + 1, left);
        }
    }

    fn text(&mut self, text: &str) {
        self.texts += 1;
        if self.texts == 1 {
            self.words = Some(BTreeMap::new());
        }
        let Some(words) = &mut self.words else { return };
        *words.entry(text.to_owned()).or_default() += 1;
        if words.len() > MAX_WORDS || text.chars().count() > MAX_WORD {
            self.words = None;
        }
    }

    fn write(&self, schema: &mut Map<String, Value>) {
        let mut kinds: Vec<&str> = self.kinds.iter().copied().collect();
        if kinds.contains(&"number") {
            kinds.retain(|kind| *kind != "integer");
        }
        match kinds.as_slice() {
            // An empty list says nothing of what belongs into it.
            [] => return,
            [one] => drop(schema.insert("type".into(), json!(one))),
            several => drop(schema.insert("type".into(), json!(several))),
        }
        if self.objects > 0 && !self.blurred {
            let always: Vec<&String> = self
                .fields
                .iter()
                .filter(|(_, (count, _))| *count == self.objects)
                .map(|(key, _)| key)
                .collect();
            if !always.is_empty() {
                schema.insert("required".into(), json!(always));
            }
            let fields: Map<String, Value> =
                self.fields.iter().map(|(key, (_, place))| (key.clone(), place.written())).collect();
            if !fields.is_empty() {
                schema.insert("properties".into(), Value::Object(fields));
            }
        }
        if let Some(items) = &self.items
            && !items.kinds.is_empty()
        {
            schema.insert("items".into(), items.written());
        }
        if let Some(words) = &self.words
            && self.kinds.len() == 1
            && words.len() > 1
            && words.values().all(|count| *count >= REPEATED)
        {
            schema.insert("enum".into(), json!(words.keys().collect::<Vec<_>>()));
        }
    }

    fn written(&self) -> Value {
        let mut schema = Map::new();
        self.write(&mut schema);
        Value::Object(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check::Check;

    #[test]
    fn types_are_joined_and_only_what_was_in_all_samples_is_required() {
        let samples = [
            json!({"id": 1, "title": "a", "of": {"x": 1.5}, "tags": ["a"]}),
            json!({"id": null, "title": "b", "of": {"x": 2, "y": true}, "tags": []}),
        ];
        let expected = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["id", "of", "tags", "title"],
            "properties": {
                "id": {"type": ["integer", "null"]},
                "of": {"type": "object", "required": ["x"],
                    "properties": {"x": {"type": "number"}, "y": {"type": "boolean"}}},
                "tags": {"type": "array", "items": {"type": "string"}},
                "title": {"type": "string"},
            },
        });
        assert_eq!(learn(&samples), Some(expected));
        assert_eq!(learn(&[]), None);
    }

    #[test]
    fn a_field_of_an_optional_object_is_required_inside_that_object_only() {
        let learned = learn(&[json!({"a": {"b": 1}}), json!({})]).unwrap();
        assert_eq!(learned["properties"]["a"]["required"], json!(["b"]));
        assert!(learned.get("required").is_none());
    }

    #[test]
    fn texts_become_a_set_only_when_few_and_each_repeated() {
        let of = |texts: &[&str]| {
            let samples: Vec<Value> = texts.iter().map(|text| json!({"s": text})).collect();
            learn(&samples).unwrap()["properties"]["s"].get("enum").cloned()
        };
        assert_eq!(of(&["on", "off", "on", "off", "on", "off"]), Some(json!(["off", "on"])));
        assert_eq!(of(&["on", "off", "on", "on", "off"]), None, "off came only twice");
        assert_eq!(of(&["on"; 9]), None, "a set of one is a coincidence");
        let many: Vec<String> = (0..7).flat_map(|n| vec![format!("w{n}"); 3]).collect();
        assert_eq!(of(&many.iter().map(String::as_str).collect::<Vec<_>>()), None);
        let long = "x".repeat(41);
        assert_eq!(of(&[&long, "y", &long, "y", &long, "y"]), None);
    }

    #[test]
    fn an_object_with_keys_of_its_own_stays_open() {
        let table: Value = (0..500).map(|n| (format!("usr_{n}"), json!(n))).collect::<Map<_, _>>().into();
        let learned = learn(&[json!({"by_user": table})]).unwrap();
        assert_eq!(learned["properties"]["by_user"], json!({"type": "object"}));
    }

    #[test]
    fn every_sample_fits_the_schema_learned_from_it_and_a_renamed_field_does_not() {
        let samples: Vec<Value> = (0..20)
            .map(|n| {
                let kind = if n % 2 == 0 { "a" } else { "b" };
                json!({"id": n, "kind": kind, "deep": [[{"x": n}, null]], "opt": (n > 3).then_some("t")})
            })
            .collect();
        let check = Check::new(&learn(&samples).unwrap().to_string()).unwrap();
        assert!(samples.iter().all(|sample| check.fits(sample)));
        assert!(!check.fits(&json!({"id": 1, "sort": "a", "deep": [], "opt": null})));
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!({"d": [deep]});
        }
        assert!(Check::new(&learn(std::slice::from_ref(&deep)).unwrap().to_string()).unwrap().fits(&deep));
    }
}
