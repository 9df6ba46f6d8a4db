//! How a handshake is told from an event and what it is answered with, compiled from its definition.
//! Refuses rules that would turn the address into a signing service; `handshake` runs the rule.

use serde_json::Value;

use crate::definition::{HandshakeDefinition, ReplyDefinition};
use crate::selector::{Selector, header_name};
use crate::template::Template;

#[derive(Debug, Clone)]
pub(crate) struct Handshake {
    pub(crate) method: String,
    pub(crate) unsigned: bool,
    pub(crate) when: Vec<(Selector, Value)>,
    pub(crate) present: Vec<Selector>,
    pub(crate) absent: Vec<Selector>,
    pub(crate) digits: Vec<Selector>,
    pub(crate) body_at_most: usize,
    pub(crate) proof: Option<Selector>,
    pub(crate) captures: Option<Selector>,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: ReplyBody,
}

#[derive(Debug, Clone)]
pub(crate) enum ReplyBody {
    Empty,
    Text(Template),
    Json(JsonTemplate),
}

/// JSON whose strings are templates.
#[derive(Debug, Clone)]
pub(crate) enum JsonTemplate {
    Literal(Value),
    Text(Template),
    Array(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
}

impl Handshake {
    pub(crate) fn compile(written: &HandshakeDefinition) -> Result<Self, String> {
        let ReplyDefinition { status, content_type, body, json, headers } = &written.reply;
        if !(200..300).contains(status) {
            return Err("a handshake is answered with 2xx".to_owned());
        }
        // What a stranger sends comes back; a browser must never take it for a page.
        let plain = ["text/plain", "text/plain; charset=utf-8", "application/json"];
        if content_type.as_ref().is_some_and(|kind| !plain.contains(&kind.as_str())) {
            return Err("a handshake is answered with text/plain or application/json".to_owned());
        }
        let mut when = Vec::new();
        for (selector, value) in &written.when {
            when.push((Selector::parse(selector)?, value.clone()));
        }
        let mut reply_headers = Vec::new();
        for (name, value) in headers {
            if !header_name(name) {
                return Err(format!("`{name}` is not a header name"));
            }
            reply_headers.push((name.to_ascii_lowercase(), Template::parse(value)?));
        }
        let rule = Self {
            method: written.method.to_ascii_uppercase(),
            unsigned: written.unsigned,
            when,
            present: Selector::parse_all(&written.present)?,
            absent: Selector::parse_all(&written.absent)?,
            digits: Selector::parse_all(&written.digits)?,
            body_at_most: written.body_at_most,
            proof: written.proof.as_deref().map(Selector::parse).transpose()?,
            captures: written.captures.as_deref().map(Selector::parse).transpose()?,
            status: *status,
            content_type: content_type.clone(),
            headers: reply_headers,
            body: match (body, json) {
                (None, None) => ReplyBody::Empty,
                (Some(text), None) => ReplyBody::Text(Template::parse(text)?),
                (None, Some(json)) => ReplyBody::Json(JsonTemplate::compile(json)?),
                (Some(_), Some(_)) => return Err("a reply has `body` or `json`".to_owned()),
            },
        };
        // Nothing is ever delivered with HEAD, so the method alone tells.
        if rule.when.is_empty() && rule.present.is_empty() && rule.digits.is_empty() && rule.method != "HEAD"
        {
            return Err("a handshake needs something to be told by".to_owned());
        }
        Ok(rule)
    }

    /// What only the whole scheme can tell; `signed` is the text that signatures of events cover.
    pub(crate) fn check(&self, signed: &Template) -> Result<(), String> {
        if self.templates().any(|template| template.covers_secret()) {
            return Err("a reply never holds the secret".to_owned());
        }
        if self.templates().any(|template| template.covers_body() || template.covers_url()) {
            return Err("a reply repeats single values only".to_owned());
        }
        // `verify` refuses bodies that such a reply could be a signature of, and it looks at bodies only.
        if self.signs_for_strangers() && !signed.is_body() {
            return Err("an unsigned handshake that signs goes with signatures of the body alone".to_owned());
        }
        Ok(())
    }

    /// Whether anybody may have a value of their own signed with the secret.
    pub(crate) fn signs_for_strangers(&self) -> bool {
        self.unsigned && self.proof.is_none() && self.templates().any(Template::signs)
    }

    /// Every template of the reply.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let mut all: Vec<&Template> = self.headers.iter().map(|(_, template)| template).collect();
        match &self.body {
            ReplyBody::Empty => {}
            ReplyBody::Text(template) => all.push(template),
            ReplyBody::Json(template) => template.collect(&mut all),
        }
        all.into_iter()
    }
}

impl JsonTemplate {
    fn compile(written: &Value) -> Result<Self, String> {
        Ok(match written {
            Value::String(text) => Self::Text(Template::parse(text)?),
            Value::Array(items) => {
                Self::Array(items.iter().map(Self::compile).collect::<Result<Vec<_>, _>>()?)
            }
            Value::Object(map) => {
                let mut fields = Vec::new();
                for (name, value) in map {
                    fields.push((name.clone(), Self::compile(value)?));
                }
                Self::Object(fields)
            }
            other => Self::Literal(other.clone()),
        })
    }

    fn collect<'t>(&'t self, all: &mut Vec<&'t Template>) {
        match self {
            Self::Literal(_) => {}
            Self::Text(template) => all.push(template),
            Self::Array(items) => items.iter().for_each(|item| item.collect(all)),
            Self::Object(fields) => fields.iter().for_each(|(_, value)| value.collect(all)),
        }
    }
}
