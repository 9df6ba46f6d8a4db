//! A body as the JSON that schemas, mappings and templates look at. Reads only; the bytes stay as they came.

use serde_json::{Map, Value};

/// The body's JSON; a form as an object of its fields, in which a field that holds a JSON object or list is that
/// object or list (`payload={…}`), and a field that repeats is a list. `null` for anything else.
pub fn data(content_type: Option<&str>, body: &[u8]) -> Value {
    if content_type.is_some_and(is_form) {
        return form(body);
    }
    // A byte order mark is no part of the JSON.
    serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).unwrap_or(Value::Null)
}

/// [`data()`] of what was stored.
pub fn data_of(payload: &domain::event::EventPayload) -> Value {
    let kind = payload.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    data(kind.map(|(_, value)| value.as_str()), &payload.body)
}

fn is_form(kind: &str) -> bool {
    kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
}

fn form(body: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, text) in url::form_urlencoded::parse(body) {
        let structured = matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'['));
        let parsed = structured.then(|| serde_json::from_str(&text).ok()).flatten();
        let value = parsed.unwrap_or_else(|| Value::String(text.into_owned()));
        match fields.get_mut(name.as_ref()) {
            None => drop(fields.insert(name.into_owned(), value)),
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");

    #[test]
    fn json_is_read_whatever_its_content_type_says() {
        assert_eq!(data(None, b"\xef\xbb\xbf{\"a\":[1]}"), json!({"a": [1]}));
        assert_eq!(data(Some("text/plain"), b"[]"), json!([]));
        assert_eq!(data(Some("text/plain"), b"hello"), Value::Null);
    }

    #[test]
    fn a_form_is_an_object_of_its_fields_and_json_inside_one_is_read() {
        let read = data(FORM, b"payload=%7B%22a%22%3A1%7D&tag=x&tag=y&note=%7Bnot+json");
        assert_eq!(read, json!({"payload": {"a": 1}, "tag": ["x", "y"], "note": "{not json"}));
    }
}
