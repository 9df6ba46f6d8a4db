//! One request and where its values are: headers, query, form, JSON body, each parsed at most once.
//! Decides that repeats are refused; knows nothing of signatures or presets.

use std::borrow::Cow;
use std::sync::OnceLock;

use base64::Engine as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::refusal::Refusal;
use crate::selector::{Path, Selector};

/// A request as it arrived. Header names may be in any case and may repeat.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method, in upper case.
    pub method: &'a str,
    /// The registered public URL with the query of this request; never rebuilt from `Host`.
    pub url: &'a str,
    /// Every header line.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The bytes as received.
    pub body: &'a [u8],
    /// The vendor's certificate, fetched and chain-checked by the caller ([`crate::certificate_url`]).
    pub cert_pem: Option<&'a str>,
}

/// A request with its parsed parts kept, so that verifying, answering and normalising share one parse.
#[derive(Debug)]
pub struct Delivery<'a> {
    pub(crate) request: Request<'a>,
    json: OnceLock<Option<Value>>,
    query: OnceLock<Vec<(String, String)>>,
    form: OnceLock<Vec<(String, String)>>,
}

/// A value and whether it was a JSON number.
#[derive(Debug)]
pub(crate) struct Found<'d> {
    pub(crate) bytes: Cow<'d, [u8]>,
    pub(crate) number: bool,
}

impl<'d> Found<'d> {
    fn text(text: impl Into<Cow<'d, str>>) -> Self {
        let bytes = match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Self { bytes, number: false }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl<'a> Delivery<'a> {
    /// Wraps a request; nothing is parsed yet.
    pub fn new(request: Request<'a>) -> Self {
        Self { request, json: OnceLock::new(), query: OnceLock::new(), form: OnceLock::new() }
    }

    /// The one value of a header, without the white space around it.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
        let mut values =
            self.request.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v);
        let first = values.next();
        // Joining repeats, as some HTTP stacks do, lets a forged value ride beside a good one.
        if values.next().is_some() {
            return Err(Refusal::RepeatedHeader { name: name.to_owned() });
        }
        Ok(first.map(trim_ows))
    }

    pub(crate) fn is_form(&self) -> bool {
        self.request.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && trim_ows(value).to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
        })
    }

    /// The body as JSON, or the JSON in the form field `in_form` when the body is a form.
    pub(crate) fn json(&self, in_form: Option<&str>) -> Option<&Value> {
        self.json
            .get_or_init(|| {
                let body = self.request.body;
                match in_form {
                    Some(field) if self.is_form() => {
                        let (_, text) = self.form().iter().find(|(name, _)| name == field)?;
                        serde_json::from_str(text).ok()
                    }
                    // A byte order mark is no part of the JSON; several vendors' own parsers skip it.
                    _ => serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok(),
                }
            })
            .as_ref()
    }

    pub(crate) fn query(&self) -> &[(String, String)] {
        self.query.get_or_init(|| {
            let url = self.request.url.split('#').next().unwrap_or_default();
            let query = url.split_once('?').map_or("", |(_, query)| query);
            form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        })
    }

    pub(crate) fn form(&self) -> &[(String, String)] {
        self.form.get_or_init(|| form_urlencoded::parse(self.request.body).into_owned().collect())
    }

    pub(crate) fn body_sha256(&self) -> String {
        hex::encode(Sha256::digest(self.request.body))
    }

    /// Looks a value up. `labels` are the fields of the signature header, `in_form` as in [`Self::json`].
    pub(crate) fn find(
        &self,
        selector: &Selector,
        labels: &[(String, String)],
        in_form: Option<&str>,
    ) -> Result<Option<Found<'_>>, Refusal> {
        Ok(match selector {
            Selector::Header(name) => {
                self.header(name)?.map(|value| Found { bytes: Cow::Borrowed(value), number: false })
            }
            Selector::Json(path) => self.find_json(path, in_form)?,
            Selector::Query(name) => only(self.query(), name)?.map(Found::text),
            Selector::Form(name) if self.is_form() => only(self.form(), name)?.map(Found::text),
            Selector::Form(_) => None,
            Selector::Label(name) => only(labels, name)?.map(|value| Found::text(value.to_owned())),
            Selector::Basic => self.basic()?.map(|bytes| Found { bytes: Cow::Owned(bytes), number: false }),
            Selector::BodySha256 => Some(Found::text(self.body_sha256())),
        })
    }

    fn find_json(&self, path: &Path, in_form: Option<&str>) -> Result<Option<Found<'_>>, Refusal> {
        let root = self.json(in_form).ok_or(Refusal::BodyNotJson)?;
        Ok(match path.get(root) {
            Some(Value::String(text)) => Some(Found::text(text.as_str())),
            Some(Value::Number(number)) => {
                Some(Found { bytes: Cow::Owned(number.to_string().into_bytes()), number: true })
            }
            Some(Value::Bool(value)) => Some(Found::text(if *value { "true" } else { "false" })),
            _ => None,
        })
    }

    /// RFC 7617 credentials.
    fn basic(&self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(value) = self.header("authorization")? else { return Ok(None) };
        match value.split_at_checked(6) {
            Some((scheme, credentials)) if scheme.eq_ignore_ascii_case(b"basic ") => {
                let decoded = base64::engine::general_purpose::STANDARD.decode(trim_ows(credentials));
                decoded.map(Some).map_err(|_| Refusal::SignatureMalformed)
            }
            _ => Ok(None),
        }
    }
}

fn only<'p>(pairs: &'p [(String, String)], name: &str) -> Result<Option<&'p str>, Refusal> {
    let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let first = values.next();
    match values.next() {
        Some(_) => Err(Refusal::RepeatedField { name: name.to_owned() }),
        None => Ok(first),
    }
}

fn trim_ows(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
