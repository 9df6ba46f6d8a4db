//! The structure of a payload: which places it has and of which types they are, without any value. Two structures can
//! be compared, which shows what a vendor changed.

use super::{check::Difference, cut, escaped};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Most places that are looked at; what comes after them is not told apart.
const MAX_PLACES: usize = 2_000;
/// Deepest place.
const MAX_DEPTH: usize = 32;

/// Places and their types. Elements of lists share one place, `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape(BTreeMap<String, BTreeSet<&'static str>>);

/// How a place differs from what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added(&'static str),
    /// It is no longer there.
    Missing(String),
    /// It has another type: before, now.
    Changed(String, String),
}

/// What a JSON type is called.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Shape {
    /// The structure of `data`.
    pub fn of(data: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(data, &mut String::new(), 0);
        shape
    }

    fn add(&mut self, value: &Value, place: &mut String, depth: usize) {
        if self.0.len() >= MAX_PLACES || depth > MAX_DEPTH {
            return;
        }
        self.0.entry(place.clone()).or_default().insert(kind_of(value));
        let length = place.len();
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    place.push('/');
                    place.push_str(&escaped(key));
                    self.add(member, place, depth + 1);
                    place.truncate(length);
                }
            }
            Value::Array(items) => {
                place.push_str("/*");
                for item in items {
                    self.add(item, place, depth + 1);
                }
                place.truncate(length);
            }
            _ => {}
        }
    }

    /// The same for equal structures, on every machine.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (place, kinds) in &self.0 {
            hash.update(place);
            for kind in kinds {
                hash.update([0]);
                hash.update(kind);
            }
            hash.update([1]);
        }
        hex::encode(&hash.finalize()[..8])
    }

    /// What is different here from `before`, in the order of the places. Of a part that came or went only its
    /// outermost place is named.
    pub fn against(&self, before: &Self) -> Vec<(String, Change)> {
        let mut changes: Vec<(String, Change)> = Vec::new();
        let places: BTreeSet<&String> = self.0.keys().chain(before.0.keys()).collect();
        let words = |kinds: &BTreeSet<&'static str>| kinds.iter().copied().collect::<Vec<_>>().join(" or ");
        for place in places {
            let change = match (before.0.get(place), self.0.get(place)) {
                (None, Some(now)) => Change::Added(now.iter().next().copied().unwrap_or("null")),
                (Some(was), None) => Change::Missing(words(was)),
                (Some(was), Some(now)) if was != now => Change::Changed(words(was), words(now)),
                _ => continue,
            };
            let inside = |(outer, outer_change): &(String, Change)| {
                std::mem::discriminant(outer_change) == std::mem::discriminant(&change)
                    && place.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('/'))
            };
            if !matches!(change, Change::Changed(..)) && changes.iter().rev().take(64).any(inside) {
                continue;
            }
            changes.push((cut(place, 200), change));
        }
        changes
    }
}

impl Change {
    /// The change in words, to be read after its place.
    pub fn words(&self) -> String {
        match self {
            Self::Added(kind) => format!("is new ({kind})"),
            Self::Missing(kinds) => format!("is missing (was {kinds})"),
            Self::Changed(was, now) => format!("is {now} (was {was})"),
        }
    }
}

/// The first few differences in one line.
pub fn summary(differences: &[Difference]) -> String {
    const SAID: usize = 3;
    let said: Vec<String> = differences.iter().take(SAID).map(ToString::to_string).collect();
    let more = differences.len().saturating_sub(SAID);
    let more = if more > 0 { format!("; {more} more") } else { String::new() };
    cut(&format!("{}{more}", said.join("; ")), 400)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, now: &Value) -> Vec<String> {
        let changes = Shape::of(now).against(&Shape::of(before));
        changes.iter().map(|(place, change)| format!("{place} {}", change.words())).collect()
    }

    #[test]
    fn what_came_what_went_and_what_changed_its_type_is_told_by_its_place() {
        let before = json!({"data": {"title": "x", "id": 1, "tags": [{"n": 1}]}, "old": {"a": {"b": 1}}});
        let now = json!({"data": {"heading": "x", "id": "1", "tags": [{"n": 1, "m": null}]}});
        let expected = [
            "/data/heading is new (string)",
            "/data/id is string (was number)",
            "/data/tags/*/m is new (null)",
            "/data/title is missing (was string)",
            "/old is missing (was object)",
        ];
        assert_eq!(told(&before, &now), expected);
    }

    #[test]
    fn other_values_are_the_same_shape_and_the_same_hash() {
        let [a, b] = [json!({"a": [1, 2], "b": "x"}), json!({"b": "y", "a": [3]})];
        assert!(told(&a, &b).is_empty());
        assert_eq!(Shape::of(&a).hash(), Shape::of(&b).hash());
        assert_ne!(Shape::of(&a).hash(), Shape::of(&json!({"a": [], "b": "y"})).hash());
    }

    #[test]
    fn a_huge_payload_is_looked_at_only_so_far() {
        let wide: Value =
            (0..100_000).map(|n| (format!("k{n}"), Value::Null)).collect::<serde_json::Map<_, _>>().into();
        assert!(Shape::of(&wide).0.len() <= MAX_PLACES);
    }

    #[test]
    fn a_summary_names_the_first_few_and_counts_the_others() {
        let one = Difference { pointer: "/a".into(), words: "is missing".into() };
        assert_eq!(summary(&vec![one.clone(); 5]), "/a is missing; /a is missing; /a is missing; 2 more");
        assert_eq!(summary(&[one]), "/a is missing");
    }
}
