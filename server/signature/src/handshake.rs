//! Requests by which a vendor tries an address out, and the replies it wants. Nothing is stored for them.

use serde_json::Value;

use crate::delivery::{Delivery, Request};
use crate::preset::Preset;
use crate::scheme::{Handshake, JsonTemplate, ReplyBody};
use crate::template::{Context, Template};
use crate::verify::shared_secret;

/// The answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, where the vendor cares.
    pub content_type: Option<String>,
    /// Body, often empty.
    pub body: Vec<u8>,
    /// A secret the vendor handed over. Show it to a person for confirmation and never replace a stored
    /// secret with it: nobody has proved who sent it.
    pub captured_secret: Option<String>,
}

/// The reply, when the request is this preset's handshake.
///
/// Where [`Preset::handshake_is_unsigned`] call it before [`crate::verify`]; otherwise after, with the
/// secret that fitted first in `secrets`, since replies are computed with that one.
pub fn handshake(preset: &Preset, secrets: &[&str], request: &Request<'_>) -> Option<Reply> {
    Delivery::new(*request).handshake(preset, secrets)
}

impl Delivery<'_> {
    /// As [`handshake`], keeping what was parsed.
    pub fn handshake(&self, preset: &Preset, secrets: &[&str]) -> Option<Reply> {
        let expected = preset.scheme.handshake.as_ref()?;
        let in_form = preset.scheme.json_in_form.as_deref();
        if !self.is_handshake(expected, secrets, in_form) {
            return None;
        }
        let secret = secrets.first().copied().unwrap_or_default();
        let context = Context {
            delivery: self,
            body: self.request.body,
            timestamp: "",
            labels: &[],
            secret,
            json_in_form: in_form,
        };
        let body = match &expected.body {
            ReplyBody::Empty => Vec::new(),
            ReplyBody::Text(template) => template.render(&context).ok()?,
            ReplyBody::Json(template) => fill(template, &context)?.to_string().into_bytes(),
        };
        let captured = expected.captures.as_ref().and_then(|at| self.find(at, &[], in_form).ok().flatten());
        Some(Reply {
            status: expected.status,
            content_type: expected.content_type.clone(),
            body,
            captured_secret: captured.and_then(|found| found.as_str().map(str::to_owned)),
        })
    }

    fn is_handshake(&self, expected: &Handshake, secrets: &[&str], in_form: Option<&str>) -> bool {
        let find = |selector| self.find(selector, &[], in_form).ok().flatten();
        self.request.method.eq_ignore_ascii_case(&expected.method)
            && expected.when.iter().all(|(selector, wanted)| {
                find(selector).is_some_and(|found| match wanted {
                    Value::String(text) => !found.number && *found.bytes == *text.as_bytes(),
                    Value::Number(number) => found.number && *found.bytes == *number.to_string().as_bytes(),
                    _ => false,
                })
            })
            && expected.present.iter().all(|selector| find(selector).is_some_and(|f| !f.bytes.is_empty()))
            && expected.absent.iter().all(|selector| find(selector).is_none())
            && expected.proof.as_ref().is_none_or(|selector| {
                find(selector)
                    .is_some_and(|f| !f.bytes.is_empty() && shared_secret(&f.bytes, secrets).is_some())
            })
    }
}

fn fill(template: &JsonTemplate, context: &Context<'_, '_>) -> Option<Value> {
    Some(match template {
        JsonTemplate::Literal(value) => value.clone(),
        JsonTemplate::Text(text) => Value::String(render_text(text, context)?),
        JsonTemplate::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, context)).collect::<Option<_>>()?)
        }
        JsonTemplate::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Some((name.clone(), fill(value, context)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

fn render_text(template: &Template, context: &Context<'_, '_>) -> Option<String> {
    String::from_utf8(template.render(context).ok()?).ok()
}
