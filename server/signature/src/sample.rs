//! Small bodies as each vendor sends them, for trying a set-up out. The texts are in `samples.toml`;
//! this module puts id, type and number where the normaliser looks.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::preset::Preset;
use crate::selector::{Path, Selector};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// Event types the vendor uses; samples go through them in turn.
    #[serde(default)]
    types: Vec<String>,
    /// JSON in which `"{n}"` is the number, `"{s}"`, `"{ms}"` and `"{iso}"` are a time, or a form.
    body: String,
}

static SAMPLES: LazyLock<BTreeMap<String, Text>> = LazyLock::new(|| {
    toml::from_str(include_str!("samples.toml"))
        .expect("the embedded samples are loaded by a test of this crate")
});

/// When the sample numbered 0 happened; each next one is a second later.
const EPOCH: u64 = 1_790_000_000;

fn text(preset: &Preset) -> Option<&'static Text> {
    SAMPLES.get(&preset.id)
}

/// The vendor's usual event type for the sample of this number.
pub fn sample_type(preset: &Preset, n: u64) -> Option<&'static str> {
    let types = &text(preset)?.types;
    let index = n.checked_rem(types.len() as u64)?;
    types.get(usize::try_from(index).ok()?).map(String::as_str)
}

/// A body as this vendor sends it. Fields of the signature itself are added by [`crate::sign()`].
pub fn sample_body(preset: &Preset, event_id: &str, event_type: Option<&str>, n: u64) -> Vec<u8> {
    let kind = event_type.or_else(|| sample_type(preset, n));
    let body = text(preset).map_or(r#"{"n":"{n}","at":"{iso}"}"#, |text| text.body.trim());
    let Ok(mut root) = serde_json::from_str::<Value>(body) else {
        return form(body, event_id, kind, n);
    };
    fill(&mut root, event_id, n);
    let event = &preset.scheme.event;
    let subject = |path: &Path| path.get(&root).is_none();
    if let Some(path) = event.subject.iter().find_map(json_path).filter(|path| subject(path)) {
        path.set(&mut root, Value::String(format!("sample_{n}")));
    }
    // The type first: where one list is inside the other, the id must survive.
    for (selectors, value) in [(&event.kind, kind), (&event.id, Some(event_id))] {
        if let (Some(path), Some(value)) = (selectors.iter().find_map(json_path), value) {
            let numeric = path.get(&root).is_some_and(Value::is_number);
            let number = value.parse::<u64>().ok().filter(|n| numeric && n.to_string() == value);
            path.set(&mut root, number.map_or_else(|| Value::from(value), Value::from));
        }
    }
    root.to_string().into_bytes()
}

fn json_path(selector: &Selector) -> Option<&Path> {
    match selector {
        Selector::Json(path) => Some(path),
        _ => None,
    }
}

fn fill(value: &mut Value, event_id: &str, n: u64) {
    let at = EPOCH.saturating_add(n % 100_000_000);
    match value {
        Value::String(text) => match text.as_str() {
            "{n}" => *value = Value::from(n),
            "{s}" => *value = Value::from(at),
            "{ms}" => *value = Value::from(at * 1000),
            "{iso}" => *text = iso(at),
            "{id}" => event_id.clone_into(text),
            _ => *text = text.replace("{n}", &n.to_string()),
        },
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, event_id, n)),
        Value::Object(map) => map.values_mut().for_each(|item| fill(item, event_id, n)),
        _ => {}
    }
}

fn iso(at: u64) -> String {
    let time = i64::try_from(at).ok().and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
}

fn form(body: &str, event_id: &str, kind: Option<&str>, n: u64) -> Vec<u8> {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(body.as_bytes()) {
        let value = match &*value {
            "{id}" => event_id.to_owned(),
            "{type}" => kind.unwrap_or_default().to_owned(),
            other => other.replace("{n}", &n.to_string()),
        };
        out.append_pair(&name, &value);
    }
    out.finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets;

    #[test]
    fn every_preset_has_a_sample_and_every_sample_a_preset() {
        let samples: Vec<&str> = SAMPLES.keys().map(String::as_str).collect();
        let mut ids: Vec<&str> = presets().iter().map(|preset| preset.id.as_str()).collect();
        ids.sort_unstable();
        assert_eq!(samples, ids);
    }
}
