//! Requests by which a vendor tries an address out, and the replies it wants. Nothing is stored for them.
//!
//! Much of this runs before anything is proved, so what comes back is short, plain text of few kinds of
//! characters, never a page, and never a signature that an event would be accepted with.

use serde_json::Value;

use crate::Algorithm;
use crate::delivery::{Delivery, Request};
use crate::handshake_rule::{Handshake, JsonTemplate, ReplyBody};
use crate::preset::Preset;
use crate::sns;
use crate::template::{Context, Template};
use crate::verify::shared_secret;

/// The longest reply, and the longest value in one.
const LIMIT: usize = 1024;

/// The answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`; always there when the body is not empty.
    pub content_type: Option<String>,
    /// Further headers, names in lower case; always `x-content-type-options: nosniff`.
    pub headers: Vec<(String, String)>,
    /// Body, often empty.
    pub body: Vec<u8>,
    /// A secret the vendor handed over. Show it to a person for confirmation and never replace a stored
    /// secret with it: nobody has proved who sent it.
    pub captured_secret: Option<String>,
    /// What the vendor wants besides the answer, to be done after it.
    pub follow_up: Option<FollowUp>,
}

/// A request that completes a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUp {
    /// Ask this address, which is known to be the vendor's own, once; follow no redirect.
    Get(String),
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            headers: vec![("x-content-type-options".to_owned(), "nosniff".to_owned())],
            body: Vec::new(),
            captured_secret: None,
            follow_up: None,
        }
    }
}

/// The reply, when the request is this preset's handshake.
///
/// Where [`Preset::handshake_is_unsigned`] call it before [`crate::verify()`]; otherwise after, with the
/// secret that fitted first in `secrets`, since replies are computed with that one.
pub fn handshake(preset: &Preset, secrets: &[&str], request: &Request<'_>) -> Option<Reply> {
    Delivery::new(*request).handshake(preset, secrets)
}

impl Delivery<'_> {
    /// As [`handshake`], keeping what was parsed.
    pub fn handshake(&self, preset: &Preset, secrets: &[&str]) -> Option<Reply> {
        if preset.scheme.algorithm == Algorithm::AwsSns {
            return sns::handshake(self);
        }
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
        let mut reply = Reply::empty(expected.status);
        for (name, template) in &expected.headers {
            reply.headers.push((name.clone(), render_text(template, &context)?));
        }
        reply.body = match &expected.body {
            ReplyBody::Empty => Vec::new(),
            ReplyBody::Text(template) => template.render(&context).ok()?,
            ReplyBody::Json(template) => fill(template, &context)?.to_string().into_bytes(),
        };
        reply.content_type = expected.content_type.clone();
        if reply.content_type.is_none() && !reply.body.is_empty() {
            reply.content_type = Some("text/plain".to_owned());
        }
        if let Some(at) = &expected.captures {
            let found = self.find(at, &[], in_form).ok()??;
            reply.captured_secret = Some(found.as_str().filter(|text| secret_like(text))?.to_owned());
        }
        (reply.body.len() <= LIMIT).then_some(reply)
    }

    fn is_handshake(&self, expected: &Handshake, secrets: &[&str], in_form: Option<&str>) -> bool {
        let find = |selector| self.find(selector, &[], in_form).ok().flatten();
        let harmless = |selector, narrow| {
            // A value that is not there is the template's matter.
            find(selector).is_none_or(|found| if narrow { token(&found.bytes) } else { text(&found.bytes) })
        };
        let narrow = expected.signs_for_strangers();
        // Replies computed with a secret need one; an empty key would be known to everybody.
        let signs = expected.templates().any(Template::signs);
        self.request.method.eq_ignore_ascii_case(&expected.method)
            && self.request.body.len() <= expected.body_at_most
            && !(signs && secrets.first().is_none_or(|secret| secret.is_empty()))
            && expected.when.iter().all(|(selector, wanted)| {
                find(selector).is_some_and(|found| match wanted {
                    Value::String(text) => !found.number && *found.bytes == *text.as_bytes(),
                    Value::Number(number) => found.number && *found.bytes == *number.to_string().as_bytes(),
                    _ => false,
                })
            })
            && expected.present.iter().all(|selector| find(selector).is_some_and(|f| !f.bytes.is_empty()))
            && expected.absent.iter().all(|selector| matches!(self.find(selector, &[], in_form), Ok(None)))
            && expected.digits.iter().all(|selector| {
                find(selector).is_some_and(|f| {
                    (1..=20).contains(&f.bytes.len()) && f.bytes.iter().all(u8::is_ascii_digit)
                })
            })
            && expected.proof.as_ref().is_none_or(|selector| {
                find(selector)
                    .is_some_and(|f| !f.bytes.is_empty() && shared_secret(&f.bytes, secrets).is_some())
            })
            && expected.templates().all(|template| {
                template.selectors().all(|selector| harmless(selector, narrow && template.signs()))
            })
    }
}

/// What may be repeated: visible ASCII and spaces without what begins a tag, an entity or a quotation.
fn text(value: &[u8]) -> bool {
    (1..=LIMIT).contains(&value.len())
        && value.iter().all(|b| matches!(b, b' '..=b'~') && !b"<>\"'&`\\".contains(b))
}

/// What may be signed for anybody: never JSON with a field in it, so never a body of an event.
fn token(value: &[u8]) -> bool {
    (1..=256).contains(&value.len())
        && value.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.=+/:".contains(b))
}

fn secret_like(value: &str) -> bool {
    (8..=256).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
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
