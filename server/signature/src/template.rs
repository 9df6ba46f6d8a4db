//! Text with `{tokens}` that is rendered to bytes: what a signature covers, and replies of handshakes.
//! The body goes in as received and is never decoded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::mac;
use crate::refusal::Refusal;
use crate::selector::Selector;
use crate::{Algorithm, Request};

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Body,
    BodySha256,
    BodyCrc32,
    Timestamp,
    Method,
    Url,
    UrlHubspot,
    Secret,
    Select(Selector),
    /// Hexadecimal HMAC-SHA256 of a value under the secret.
    HmacHex(Selector),
    /// The same in base64.
    HmacBase64(Selector),
}

/// A compiled template.
#[derive(Debug, Clone)]
pub(crate) struct Template(Vec<Part>);

/// What the tokens stand for. `body` is apart from the request so that other spellings can be tried.
pub(crate) struct Context<'c, 'r> {
    pub(crate) delivery: &'c Delivery<'r>,
    pub(crate) body: &'c [u8],
    pub(crate) timestamp: &'c str,
    pub(crate) labels: &'c [(String, String)],
    pub(crate) secret: &'c str,
    pub(crate) json_in_form: Option<&'c str>,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (token, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match token {
                "body" => Part::Body,
                "body_sha256" => Part::BodySha256,
                "body_crc32" => Part::BodyCrc32,
                "ts" => Part::Timestamp,
                "method" => Part::Method,
                "url" => Part::Url,
                "url_hubspot" => Part::UrlHubspot,
                "secret" => Part::Secret,
                _ => match token.split_once(':') {
                    Some(("hmac_hex", selector)) => Part::HmacHex(Selector::parse(selector)?),
                    Some(("hmac_base64", selector)) => Part::HmacBase64(Selector::parse(selector)?),
                    _ => Part::Select(Selector::parse(token)?),
                },
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// Whether other spellings of the body would change the result.
    pub(crate) fn covers_body(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Body | Part::BodySha256 | Part::BodyCrc32))
    }

    pub(crate) fn covers_timestamp(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Timestamp))
    }

    pub(crate) fn covers_secret(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret))
    }

    pub(crate) fn covers_crc(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::BodyCrc32))
    }

    pub(crate) fn covers_url(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Url | Part::UrlHubspot))
    }

    /// Whether it is the body and nothing else.
    pub(crate) fn is_body(&self) -> bool {
        matches!(self.0.as_slice(), [Part::Body])
    }

    /// Whether it renders nothing: the scheme signs no text.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a value is signed in it.
    pub(crate) fn signs(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::HmacHex(_) | Part::HmacBase64(_)))
    }

    pub(crate) fn selectors(&self) -> impl Iterator<Item = &Selector> {
        self.0.iter().filter_map(|part| match part {
            Part::Select(selector) | Part::HmacHex(selector) | Part::HmacBase64(selector) => Some(selector),
            _ => None,
        })
    }

    pub(crate) fn render(&self, context: &Context<'_, '_>) -> Result<Vec<u8>, Refusal> {
        let Request { method, url, .. } = context.delivery.request;
        let mut out = Vec::with_capacity(context.body.len() + 128);
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Body => out.extend_from_slice(context.body),
                Part::BodySha256 => {
                    out.extend_from_slice(hex::encode(Sha256::digest(context.body)).as_bytes());
                }
                Part::BodyCrc32 => {
                    out.extend_from_slice(crc32fast::hash(context.body).to_string().as_bytes());
                }
                Part::Timestamp => out.extend_from_slice(context.timestamp.as_bytes()),
                Part::Method => out.extend_from_slice(method.as_bytes()),
                Part::Url => out.extend_from_slice(url.as_bytes()),
                Part::UrlHubspot => out.extend_from_slice(hubspot_url(url).as_bytes()),
                Part::Secret => out.extend_from_slice(context.secret.as_bytes()),
                Part::Select(selector) => out.extend_from_slice(&select(context, selector)?),
                Part::HmacHex(selector) => {
                    out.extend_from_slice(hex::encode(tag(context, selector)?).as_bytes());
                }
                Part::HmacBase64(selector) => {
                    out.extend_from_slice(STANDARD.encode(tag(context, selector)?).as_bytes());
                }
            }
        }
        Ok(out)
    }
}

fn tag(context: &Context<'_, '_>, selector: &Selector) -> Result<Vec<u8>, Refusal> {
    let value = select(context, selector)?;
    Ok(mac::hmac(Algorithm::HmacSha256, context.secret.as_bytes(), &value))
}

fn select(context: &Context<'_, '_>, selector: &Selector) -> Result<Vec<u8>, Refusal> {
    match context.delivery.find(selector, context.labels, context.json_in_form)? {
        Some(found) => Ok(found.bytes.into_owned()),
        None => Err(missing(selector)),
    }
}

/// The refusal for a value that is not there.
pub(crate) fn missing(selector: &Selector) -> Refusal {
    let name = selector.describe();
    match selector {
        Selector::Header(_) | Selector::Basic => Refusal::MissingHeader { name },
        _ => Refusal::MissingField { name },
    }
}

/// HubSpot signs the URL with these escapes, and only these, undone:
/// <https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests>.
fn hubspot_url(url: &str) -> String {
    const UNDONE: &[u8] = b":/?@!$'()*,;";
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let byte = after.get(..2).and_then(|digits| hex::decode(digits).ok()).map(|bytes| bytes[0]);
        match byte {
            Some(byte) if UNDONE.contains(&byte) => {
                out.push(char::from(byte));
                rest = &after[2..];
            }
            _ => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listed_escapes_of_a_hubspot_url_are_undone() {
        assert_eq!(hubspot_url("https://x/%3a%40?a=%20%2F%"), "https://x/:@?a=%20/%");
        assert_eq!(hubspot_url("%é%3"), "%é%3");
    }

    #[test]
    fn unknown_tokens_are_refused_when_loaded() {
        assert!(Template::parse("{nothing}").is_err());
        assert!(Template::parse("{body").is_err());
    }
}
