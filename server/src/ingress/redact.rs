//! What is never kept of a request: header values that prove who sends, and whatever a vendor's rules name. Applied
//! after the signature was checked on the bytes as they came, and before anything is stored.

use crate::telemetry::keyed_hash;
use axum::http::{HeaderMap, header::CONTENT_TYPE};
use domain::{
    event::EventPayload,
    redaction::{Redaction, Step},
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use signature::{Envelope, Preset};
use std::{borrow::Cow, ops::Range};

/// What stands in place of a value that is not kept.
pub const REDACTED: &str = "[redacted]";
/// Longest header value kept, in bytes.
const MAX_VALUE: usize = 1024;

/// A request in the form it may be stored in: `rules` applied, `secret` headers without their values.
pub fn payload(rules: &Redaction, headers: &HeaderMap, secret: &[&str], body: &[u8]) -> EventPayload {
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    EventPayload {
        headers: self::headers(rules, headers, secret),
        body: self::body(rules, is_form, body).into_owned(),
    }
}

/// What was read from a request, as far as it may be stored: an id or subject that came from a redacted value only as a
/// hash, so that repetitions are still recognised.
pub fn envelope(
    rules: &Redaction,
    preset: &Preset,
    raw: Envelope,
    request: &signature::Request<'_>,
    kept: &EventPayload,
) -> Envelope {
    if rules.is_empty() {
        return raw;
    }
    let headers: Vec<(&str, &[u8])> =
        kept.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = signature::Request { headers: &headers, body: &kept.body, ..*request };
    // What cannot be read any more was redacted.
    let kept = signature::normalize(preset, &request).unwrap_or_default();
    let known = |raw: Option<String>, kept: Option<String>| match raw {
        Some(raw) if Some(&raw) != kept.as_ref() => Some(format!("redacted:{}", keyed_hash(&raw))),
        other => other,
    };
    Envelope {
        external_id: known(raw.external_id, kept.external_id),
        subject_id: known(raw.subject_id, kept.subject_id),
        event_type: kept.event_type,
        occurred_at_unix_micros: raw
            .occurred_at_unix_micros
            .filter(|at| Some(*at) == kept.occurred_at_unix_micros),
        schema_version: kept.schema_version,
    }
}

/// A payload that was stored once already, with the rules applied as they are now.
pub fn stored(rules: &Redaction, payload: EventPayload) -> EventPayload {
    if rules.is_empty() {
        return payload;
    }
    let EventPayload { mut headers, body } = payload;
    let is_form = headers.iter().any(|(name, value)| {
        name == CONTENT_TYPE.as_str() && value.starts_with("application/x-www-form-urlencoded")
    });
    for (_, value) in headers.iter_mut().filter(|(name, _)| rules.headers.contains(name)) {
        REDACTED.clone_into(value);
    }
    EventPayload { headers, body: self::body(rules, is_form, &body).into_owned() }
}

/// Headers in a form fit for storing: secret values replaced, long ones cut, bytes that are no text replaced.
pub fn headers(rules: &Redaction, headers: &HeaderMap, secret: &[&str]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let name = name.as_str();
            let named = rules.headers.iter().any(|rule| rule == name);
            let kept = if named || is_secret(name) || secret.contains(&name) {
                REDACTED.to_owned()
            } else {
                let text = String::from_utf8_lossy(value.as_bytes());
                text.chars().take(MAX_VALUE).collect()
            };
            (name.to_owned(), kept)
        })
        .collect()
}

pub(super) fn is_secret(name: &str) -> bool {
    matches!(name, "authorization" | "cookie" | "proxy-authorization" | "set-cookie")
        || ["token", "secret", "password", "api-key", "apikey"].iter().any(|word| name.contains(word))
}

/// A body without the values that `rules` name; every other byte stays as it was. Costs nothing without rules. A body
/// that is neither JSON nor a form cannot be looked into, so where there are rules none of it is kept.
pub fn body<'a>(rules: &Redaction, is_form: bool, body: &'a [u8]) -> Cow<'a, [u8]> {
    if rules.keeps_bodies() || body.is_empty() {
        return Cow::Borrowed(body);
    }
    let text = std::str::from_utf8(body).ok();
    let redacted = match text {
        Some(text) if is_form => Some(form(rules, text)),
        Some(text) => json(rules, text),
        None => None,
    };
    match redacted {
        Some(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Some(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        None => Cow::Owned(REDACTED.into()),
    }
}

/// JSON without the values that pointers name; `None` when it is no JSON.
fn json<'a>(rules: &Redaction, text: &'a str) -> Option<Cow<'a, str>> {
    let whole: &RawValue = serde_json::from_str(text).ok()?;
    let wanted: Vec<&[Step]> = rules.pointers.iter().map(|pointer| pointer.steps()).collect();
    let mut found = Vec::new();
    find(text, whole.get(), &wanted, &mut found)?;
    Some(without(text, &found))
}

/// Adds where in `text` the values stand that are `wanted` of `value`, a part of it. `None` when it cannot be read
/// after all, as a key with half a surrogate.
fn find(text: &str, value: &str, wanted: &[&[Step]], found: &mut Vec<Range<usize>>) -> Option<()> {
    let mut below = |name: &str, value: &RawValue| {
        let wanted: Vec<&[Step]> = wanted
            .iter()
            .filter_map(|steps| steps.split_first().filter(|(step, _)| step.leads_to(name)))
            .map(|(_, rest)| rest)
            .collect();
        let value = value.get();
        match wanted.iter().any(|steps| steps.is_empty()) {
            true => {
                let start = value.as_ptr() as usize - text.as_ptr() as usize;
                found.push(start..start + value.len());
                Some(())
            }
            false if wanted.is_empty() => Some(()),
            false => find(text, value, &wanted, found),
        }
    };
    match value.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(value).ok()?;
            members.iter().try_for_each(|(name, value)| below(name, value))
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            items.iter().enumerate().try_for_each(|(at, value)| below(&at.to_string(), value))
        }
        _ => Some(()),
    }
}

/// The members of an object in their order, repeated names and all: whoever reads the body later may take either.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Members)
    }
}

/// `text` with each of these values, in their order, replaced by an empty one of its own type, so that templates and
/// schemas that look at the type go on working.
fn without<'a>(text: &'a str, values: &[Range<usize>]) -> Cow<'a, str> {
    if values.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for value in values {
        kept.push_str(&text[at..value.start]);
        kept.push_str(match text.as_bytes()[value.start] {
            b'"' => "\"[redacted]\"",
            b'{' => "{}",
            b'[' => "[]",
            b't' | b'f' => "false",
            b'n' => "null",
            _ => "0",
        });
        at = value.end;
    }
    kept.push_str(&text[at..]);
    Cow::Owned(kept)
}

/// A form without the fields that are named, and with pointers applied to the JSON in its other fields (Slack and others
/// send `payload={…}`).
fn form<'a>(rules: &Redaction, text: &'a str) -> Cow<'a, str> {
    let mut changed = false;
    let parts: Vec<Cow<'_, str>> = text
        .split('&')
        .map(|part| {
            let Some((name, value)) = url::form_urlencoded::parse(part.as_bytes()).next() else {
                return Cow::Borrowed(part);
            };
            let kept = if rules.fields.iter().any(|field| *field == name) {
                Cow::Borrowed(REDACTED)
            } else {
                match json(rules, &value) {
                    Some(Cow::Owned(kept)) => Cow::Owned(kept),
                    _ => return Cow::Borrowed(part),
                }
            };
            changed = true;
            let written =
                url::form_urlencoded::Serializer::new(String::new()).append_pair(&name, &kept).finish();
            Cow::Owned(written)
        })
        .collect();
    if changed { Cow::Owned(parts.join("&")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn rules(pointers: &[&str], fields: &[&str]) -> Redaction {
        Redaction::read(pointers.iter().copied(), ["X-Client-Ip"], fields.iter().copied()).unwrap()
    }

    fn kept(pointers: &[&str], text: &str) -> String {
        String::from_utf8(body(&rules(pointers, &[]), false, text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn values_that_prove_who_sends_and_those_a_rule_names_are_not_kept() {
        let pairs = [
            ("authorization", "Bearer x"),
            ("x-gitlab-token", "x"),
            ("x-mine", "x"),
            ("x-client-ip", "192.0.2.7"),
            ("x-event", "ok"),
        ];
        let map: HeaderMap =
            pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        let kept = headers(&rules(&[], &[]), &map, &["x-mine"]);
        let plain: Vec<_> =
            kept.iter().filter(|(_, value)| value != REDACTED).map(|(name, _)| name.as_str()).collect();
        assert_eq!(plain, ["x-event"]);
    }

    #[test]
    fn a_value_is_replaced_where_it_stands_and_every_other_byte_is_kept() {
        let text = "{ \"b\" : 1.50,\n \"customer\": {\"email\":\"ada@example.org\", \"n\": 1e3}, \"a\":\"\\u00e4\" }";
        assert_eq!(kept(&["/customer/email"], text), text.replace("ada@example.org", REDACTED));
        assert_eq!(kept(&["/nobody/email", "/a/b", "/customer/email/x"], text), text);
    }

    #[test]
    fn a_star_means_every_item_and_every_member() {
        let text = r#"{"items":[{"card":"1"},{"card":"2"},7],"by":{"x":{"ip":"a"},"y":{"ip":"b"}}}"#;
        let expected = r#"{"items":[{"card":"[redacted]"},{"card":"[redacted]"},7],"by":{"x":{"ip":"[redacted]"},"y":{"ip":"[redacted]"}}}"#;
        assert_eq!(kept(&["/items/*/card", "/by/*/ip"], text), expected);
        assert_eq!(kept(&["/items/1/card"], text), text.replace("\"2\"", "\"[redacted]\""));
        assert_eq!(kept(&["/*"], r#"[1,"x"]"#), r#"[0,"[redacted]"]"#);
    }

    #[test]
    fn the_type_of_a_value_stays_so_that_templates_and_schemas_go_on_working() {
        let text = r#"{"s":"x","n":-1.5,"t":true,"z":null,"o":{"a":1},"l":[1]}"#;
        assert_eq!(kept(&["/*"], text), r#"{"s":"[redacted]","n":0,"t":false,"z":null,"o":{},"l":[]}"#);
    }

    #[test]
    fn a_name_that_is_written_twice_or_escaped_hides_nothing() {
        let text = r#"{"a":"1","a":"2","\u0061":"3"}"#;
        assert_eq!(kept(&["/a"], text), r#"{"a":"[redacted]","a":"[redacted]","\u0061":"[redacted]"}"#);
    }

    #[test]
    fn a_body_that_cannot_be_looked_into_is_not_kept_at_all() {
        assert_eq!(kept(&["/a"], r#"{"a":"1""#), REDACTED);
        assert_eq!(body(&rules(&["/a"], &[]), false, &[0xff, 0xfe]).as_ref(), REDACTED.as_bytes());
        assert_eq!(kept(&["/a"], ""), "");
        assert_eq!(body(&Redaction::default(), false, b"plain").as_ref(), b"plain");
    }

    #[test]
    fn an_id_that_is_redacted_is_stored_as_a_hash_that_is_equal_for_equal_ones() {
        crate::telemetry::hash_ids_under([7; 32]);
        let preset = signature::preset("openai").unwrap();
        let envelope_of = |pointers: &[&str], body: &str| {
            let headers: [(&str, &[u8]); 2] =
                [("content-type", b"application/json"), ("webhook-id", b"wh_1")];
            let request = signature::Request {
                method: "POST",
                url: "https://example.org/webhooks/openai",
                headers: &headers,
                body: body.as_bytes(),
                cert_pem: None,
            };
            let map: HeaderMap = headers
                .iter()
                .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_bytes(v).unwrap()))
                .collect();
            let rules = rules(pointers, &[]);
            let kept = payload(&rules, &map, &[], request.body);
            envelope(&rules, preset, signature::normalize(preset, &request).unwrap(), &request, &kept)
        };
        let body = r#"{"type":"batch.completed","data":{"id":"ada@example.org"}}"#;
        let plain = envelope_of(&["/other"], body);
        assert_eq!(plain.subject_id.as_deref(), Some("ada@example.org"));
        let hidden = envelope_of(&["/data/id"], body);
        let subject = hidden.subject_id.clone().unwrap();
        assert!(subject.starts_with("redacted:") && !subject.contains("ada"), "{subject}");
        assert_eq!((hidden.external_id, hidden.event_type), (plain.external_id, plain.event_type));
        assert_eq!(envelope_of(&["/data"], body).subject_id, Some(subject), "equal ones stay equal");
    }

    #[test]
    fn fields_of_a_form_and_json_inside_one_are_replaced() {
        let rules = rules(&["/user/name"], &["text"]);
        let text = "team=T1&text=hello+there&payload=%7B%22user%22%3A%7B%22name%22%3A%22ada%22%7D%7D&empty=";
        let kept = body(&rules, true, text.as_bytes()).into_owned();
        let pairs: Vec<_> = url::form_urlencoded::parse(&kept).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            pairs,
            [
                pair("team", "T1"),
                pair("text", REDACTED),
                pair("payload", r#"{"user":{"name":"[redacted]"}}"#),
                pair("empty", "")
            ]
        );
        assert!(kept.starts_with(b"team=T1&") && kept.ends_with(b"&empty="));
    }
}
