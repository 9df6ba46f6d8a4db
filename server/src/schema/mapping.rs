//! A mapping: rules, one a line, that make a payload of a new shape fit what templates and schema expect. The stored
//! payload stays as it came; templates see the mapped one.
//!
//! ```text
//! # the vendor calls it heading since June
//! rename /data/heading /data/title
//! rename /items/*/cost /items/*/price
//! default /data/lang "en"
//! drop /debug
//! ```
//! Places are JSON pointers (RFC 6901); a part that is `*` stands for every element of a list or every field of an
//! object. A rule does nothing where there is nothing to do: `rename` needs the old place and a free new one, `default`
//! a place that is empty. So a payload of the old shape passes unchanged. Rules run from top to bottom.

use super::{Fault, cut};
use serde_json::{Map, Value};

/// Longest mapping, in bytes.
pub const MAX_TEXT: usize = 16 * 1024;
/// Most rules.
const MAX_RULES: usize = 100;
/// Most parts of a pointer.
const MAX_PARTS: usize = 32;
/// Most places one payload may be changed at.
const MAX_CHANGES: usize = 10_000;

/// Rules in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping(Vec<Rule>);

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    /// Below each place `stem` stands for: from, to.
    Rename {
        stem: Vec<String>,
        from: Vec<String>,
        to: Vec<String>,
    },
    Default {
        stem: Vec<String>,
        at: Vec<String>,
        value: Value,
    },
    Drop {
        stem: Vec<String>,
        at: Vec<String>,
    },
}

impl Mapping {
    /// Reads the text of a mapping. Empty lines and lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that cannot be read, and why.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_TEXT {
            return Err(Fault {
                line: 1,
                words: format!("The mapping is longer than {} kB.", MAX_TEXT / 1024),
            });
        }
        let mut rules = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            rules.push(rule(line).map_err(|words| Fault { line: number, words })?);
            if rules.len() > MAX_RULES {
                return Err(Fault {
                    line: number,
                    words: format!("A mapping has at most {MAX_RULES} rules."),
                });
            }
        }
        if rules.is_empty() {
            let words = "Write at least one rule, such as rename /heading /title.".into();
            return Err(Fault { line: 1, words });
        }
        Ok(Self(rules))
    }

    /// `data` after all rules; `None` when none of them found anything to do.
    pub fn apply(&self, data: &Value) -> Option<Value> {
        let mut mapped = data.clone();
        let mut left = MAX_CHANGES;
        for rule in &self.0 {
            match rule {
                Rule::Rename { stem, from, to } => {
                    each(&mut mapped, stem, &mut left, &|below| rename(below, from, to));
                }
                Rule::Default { stem, at, value } => {
                    each(&mut mapped, stem, &mut left, &|below| put(below, at, value.clone()));
                }
                Rule::Drop { stem, at } => {
                    each(&mut mapped, stem, &mut left, &|below| take(below, at).is_some());
                }
            }
        }
        (left < MAX_CHANGES).then_some(mapped)
    }
}

fn rule(line: &str) -> Result<Rule, String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let two = || {
        let (first, second) = rest.split_once(char::is_whitespace)?;
        Some((first, second.trim())).filter(|(_, second)| !second.is_empty())
    };
    match word {
        "rename" => {
            let (from, to) = two().ok_or("rename needs two places: rename /old /new.")?;
            let (from, to) = (pointer(from)?, pointer(to)?);
            let (stem, from) = split(from);
            let (other, to) = split(to);
            if stem != other {
                return Err("Old and new place must be the same up to their last *.".into());
            }
            if to.starts_with(&from) {
                return Err("A place cannot be moved into itself.".into());
            }
            Ok(Rule::Rename { stem, from, to })
        }
        "default" => {
            let (at, value) = two().ok_or("default needs a place and a value: default /lang \"en\".")?;
            let value = serde_json::from_str(value).map_err(|error| {
                format!("The value {} is no JSON: {error}. Texts stand in double quotes.", cut(value, 40))
            })?;
            let (stem, at) = split(pointer(at)?);
            Ok(Rule::Default { stem, at, value })
        }
        "drop" => {
            let (stem, at) = split(pointer(rest)?);
            Ok(Rule::Drop { stem, at })
        }
        other => Err(format!("{:?} is no rule; use rename, default or drop.", cut(other, 40))),
    }
}

/// The parts of a JSON pointer that names a field.
fn pointer(text: &str) -> Result<Vec<String>, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("The place {:?} must be a JSON pointer and begin with /.", cut(text, 40)));
    };
    if text.chars().any(char::is_whitespace) {
        return Err("A place has no spaces.".into());
    }
    let parts: Vec<String> = rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    if parts.len() > MAX_PARTS {
        return Err(format!("A place has at most {MAX_PARTS} parts."));
    }
    if parts.last().is_some_and(|part| part == "*") {
        return Err("The last part of a place is a name, not *.".into());
    }
    Ok(parts)
}

/// The parts up to the last `*`, and those after it.
fn split(mut parts: Vec<String>) -> (Vec<String>, Vec<String>) {
    let after = parts.iter().rposition(|part| part == "*").map_or(0, |at| at + 1);
    let rest = parts.split_off(after);
    (parts, rest)
}

/// Does `change` below every place `stem` stands for.
fn each(value: &mut Value, stem: &[String], left: &mut usize, change: &dyn Fn(&mut Value) -> bool) {
    if *left == 0 {
        return;
    }
    let Some((part, rest)) = stem.split_first() else {
        *left -= usize::from(change(value));
        return;
    };
    match (part.as_str(), value) {
        ("*", Value::Array(items)) => items.iter_mut().for_each(|item| each(item, rest, left, change)),
        ("*", Value::Object(members)) => {
            members.values_mut().for_each(|member| each(member, rest, left, change))
        }
        (_, value) => {
            if let Some(inner) = step(value, part) {
                each(inner, rest, left, change);
            }
        }
    }
}

fn step<'v>(value: &'v mut Value, part: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(part),
        Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    }
}

fn inside<'v>(value: &'v Value, at: &[String]) -> Option<&'v Value> {
    at.iter().try_fold(value, |value, part| match value {
        Value::Object(members) => members.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn rename(value: &mut Value, from: &[String], to: &[String]) -> bool {
    if inside(value, from).is_none() || !is_free(value, to) {
        return false;
    }
    match take(value, from) {
        Some(moved) => put(value, to, moved),
        None => false,
    }
}

/// Whether something can be put at `at`: nothing is there yet, and what is around it are objects.
fn is_free(value: &Value, at: &[String]) -> bool {
    let mut value = value;
    for part in at {
        match value {
            Value::Object(members) => match members.get(part) {
                Some(inner) => value = inner,
                None => return true,
            },
            Value::Array(items) => match part.parse::<usize>().ok().and_then(|n| items.get(n)) {
                Some(inner) => value = inner,
                None => return false,
            },
            _ => return false,
        }
    }
    false
}

/// Puts `new` at a free place, making the objects around it.
fn put(value: &mut Value, at: &[String], new: Value) -> bool {
    if !is_free(value, at) {
        return false;
    }
    let Some((name, around)) = at.split_last() else { return false };
    let mut value = value;
    for part in around {
        value = match value {
            Value::Object(members) => {
                members.entry(part.clone()).or_insert_with(|| Value::Object(Map::new()))
            }
            other => match step(other, part) {
                Some(inner) => inner,
                None => return false,
            },
        };
    }
    match value {
        Value::Object(members) => members.insert(name.clone(), new).is_none(),
        _ => false,
    }
}

fn take(value: &mut Value, at: &[String]) -> Option<Value> {
    let (name, around) = at.split_last()?;
    let around = around.iter().try_fold(value, |value, part| step(value, part))?;
    match around {
        Value::Object(members) => members.remove(name),
        Value::Array(items) => {
            name.parse::<usize>().ok().filter(|n| *n < items.len()).map(|n| items.remove(n))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn mapped(text: &str, data: Value) -> Option<Value> {
        Mapping::parse(text).unwrap().apply(&data)
    }

    #[test]
    fn fields_are_renamed_filled_and_dropped() {
        let text = "# since June\nrename /data/heading /data/title\n\ndefault /data/lang \"en\"\ndrop /debug\nrename /a~1b /c/d\n";
        let before = json!({"data": {"heading": "x"}, "debug": {"a": 1}, "a/b": [1]});
        assert_eq!(
            mapped(text, before),
            Some(json!({"data": {"title": "x", "lang": "en"}, "c": {"d": [1]}}))
        );
    }

    #[test]
    fn a_payload_of_the_old_shape_passes_unchanged() {
        let text = "rename /heading /title\ndefault /lang \"en\"\ndrop /debug";
        assert_eq!(mapped(text, json!({"title": "x", "lang": null})), None);
        assert_eq!(
            mapped("rename /heading /title", json!({"title": "x", "heading": "y"})),
            None,
            "the new place is taken"
        );
        assert_eq!(mapped("rename /a /b/c", json!({"a": 1, "b": "text"})), None, "a text holds no fields");
        assert_eq!(mapped("rename /a /b", json!([1])), None);
    }

    #[test]
    fn a_star_stands_for_every_element_or_field() {
        let data = json!({"items": [{"cost": 1}, {"cost": 2}, 3], "by": {"x": {"old": 1}, "y": {}}});
        let text = "rename /items/*/cost /items/*/price\ndefault /by/*/old 0\ndrop /items/2";
        let expected =
            json!({"items": [{"price": 1}, {"price": 2}], "by": {"x": {"old": 1}, "y": {"old": 0}}});
        assert_eq!(mapped(text, data), Some(expected));
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, line, words) in [
            ("rename /a /b\nrenam /a /b", 2, "no rule"),
            ("rename /a", 1, "two places"),
            ("rename a b", 1, "begin with /"),
            ("\n\ndefault /a b", 3, "no JSON"),
            ("default /a", 1, "a place and a value"),
            ("drop", 1, "begin with /"),
            ("drop /a/*", 1, "not *"),
            ("rename /a/*/b /c/*/b", 1, "the same up to"),
            ("rename /a /a/b", 1, "into itself"),
            ("rename /a /b /c", 1, "no spaces"),
            ("# nothing", 1, "at least one"),
        ] {
            let fault = Mapping::parse(text).unwrap_err();
            assert!(fault.line == line && fault.words.contains(words), "{text}: {fault}");
        }
        assert!(Mapping::parse(&"drop /a\n".repeat(101)).is_err());
    }

    #[test]
    fn the_work_one_payload_can_cause_has_an_end() {
        let data = Value::Array(vec![json!({"a": 1}); 50_000]);
        let mapped = mapped("rename /*/a /*/b", data).unwrap();
        assert_eq!(
            mapped.as_array().unwrap().iter().filter(|item| item.get("b").is_some()).count(),
            MAX_CHANGES
        );
    }
}
