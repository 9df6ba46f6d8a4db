//! The vendor's side of a scheme, for test traffic: the headers, and the body or URL changes, that make a
//! sample pass. Signs with the same template that `verify` renders.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::Ed25519KeyPair;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::definition::{Algorithm, Encoding, Unit};
use crate::delivery::{Delivery, Request};
use crate::preset::Preset;
use crate::sample::sample_type;
use crate::scheme::Scheme;
use crate::selector::Selector;
use crate::template::Context;
use crate::{adyen, key, mac, twilio};

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Registered public URL.
    pub url: &'a str,
    /// Method, in upper case.
    pub method: &'a str,
    /// Body to sign.
    pub body: &'a [u8],
    /// Id for the headers that carry one.
    pub event_id: &'a str,
    /// Type for the headers that carry one; the vendor's first usual type when not given.
    pub event_type: Option<&'a str>,
}

/// What to send in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// URL, with a token in its query where the vendor puts it there.
    pub url: String,
    /// Body, with time, token or signature inside where the vendor puts them there.
    pub body: Vec<u8>,
    /// Every header the vendor adds, content type included.
    pub headers: Vec<(String, String)>,
}

/// Why a sample cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Only the vendor can sign; the text says what would be needed.
    #[error("{0}")]
    CannotSign(String),
    /// The sample does not fit the vendor; the text says why.
    #[error("{0}")]
    BadSample(String),
}

/// Signs a sample as this vendor would. For Ed25519 the secret is a private key: PKCS#8 in PEM, or
/// `whsk_` with the 32-byte seed in base64.
pub fn sign(preset: &Preset, secret: &str, sample: &Sample<'_>, now_unix: i64) -> Result<Signed, SignError> {
    let scheme = &preset.scheme;
    if secret.is_empty() {
        return Err(SignError::CannotSign("the secret is empty".to_owned()));
    }
    if scheme.algorithm.has_public_secret() && scheme.algorithm != Algorithm::Ed25519 {
        return Err(SignError::CannotSign(ONLY_THE_VENDOR.to_owned()));
    }
    if sample.event_id.is_empty() || !sample.event_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(SignError::BadSample("an event id has visible ASCII characters only".to_owned()));
    }
    let mut draft = Draft { url: sample.url.to_owned(), body: sample.body.to_vec(), headers: Vec::new() };
    draft.set_header("content-type", if looks_like_form(sample.body) { FORM } else { "application/json" });
    draft.add_event_headers(preset, sample)?;
    if scheme.algorithm == Algorithm::Twilio {
        let signature = draft.with_delivery(sample.method, |delivery| twilio::sign(delivery, secret));
        draft.set_header("x-twilio-signature", &signature.map_err(|r| SignError::BadSample(r.detail()))?);
        return Ok(draft.into());
    }
    if scheme.algorithm == Algorithm::Adyen {
        let signed = adyen::sign(scheme, &draft.body, secret);
        let unfit = "the body is no notification of this vendor, or the secret is not hexadecimal";
        draft.body = signed.ok_or_else(|| SignError::BadSample(unfit.to_owned()))?;
        return Ok(draft.into());
    }
    if scheme.algorithm == Algorithm::SharedSecret {
        draft.place(&scheme.signature.from, secret)?;
        return Ok(draft.into());
    }
    let stamp = draft.stamp(scheme, now_unix)?;
    draft.add_signed_fields(scheme, sample)?;
    let message = draft.with_delivery(sample.method, |delivery| {
        scheme.signed.render(&Context {
            delivery,
            body: &draft.body,
            timestamp: &stamp,
            labels: &[],
            secret,
            json_in_form: scheme.json_in_form.as_deref(),
        })
    });
    let message = message.map_err(|refusal| SignError::BadSample(refusal.detail()))?;
    let text = match scheme.signature.written.accept_ed25519.first() {
        Some(label) if secret.starts_with("whsk_") => {
            let pair = private_key(secret);
            let pair =
                pair.ok_or_else(|| SignError::CannotSign("whsk_ holds 32 bytes or more".to_owned()))?;
            signature_text(scheme, Some(label), pair.sign(&message).as_ref(), &stamp)
        }
        _ => {
            let label = scheme.signature.written.accept.first();
            signature_text(scheme, label, &tag(scheme, secret, &message)?, &stamp)
        }
    };
    draft.place(&scheme.signature.from, &text)?;
    Ok(draft.into())
}

const ONLY_THE_VENDOR: &str = "this vendor signs with a private key that only it has";

const FORM: &str = "application/x-www-form-urlencoded";

fn looks_like_form(body: &[u8]) -> bool {
    !matches!(body.trim_ascii_start().first(), Some(b'{' | b'[') | None)
        && body.contains(&b'=')
        && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err()
}

fn tag(scheme: &Scheme, secret: &str, message: &[u8]) -> Result<Vec<u8>, SignError> {
    let cannot = |why: &str| Err(SignError::CannotSign(why.to_owned()));
    match scheme.algorithm {
        Algorithm::Sha256 => Ok(Sha256::digest(message).to_vec()),
        algorithm if algorithm.is_hmac() => match key::hmac_key(scheme.key, secret) {
            Some(key) => Ok(mac::hmac(algorithm, &key, message)),
            None => cannot("the secret is not a key of this scheme"),
        },
        Algorithm::Ed25519 => match private_key(secret) {
            Some(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            None => cannot(
                "this vendor signs with a private key that only it has; to try the scheme, give an Ed25519 \
                 private key as PKCS#8 PEM or whsk_<base64> and configure its public key",
            ),
        },
        _ => cannot(ONLY_THE_VENDOR),
    }
}

fn private_key(secret: &str) -> Option<Ed25519KeyPair> {
    match secret.strip_prefix("whsk_") {
        Some(seed) => Ed25519KeyPair::from_seed_unchecked(STANDARD.decode(seed).ok()?.get(..32)?).ok(),
        None => {
            let der = PrivatePkcs8KeyDer::from_pem_slice(secret.as_bytes()).ok()?;
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).ok()
        }
    }
}

/// The value as the vendor writes it: prefix, labels, and the timestamp where it travels along.
fn signature_text(scheme: &Scheme, label: Option<&String>, tag: &[u8], stamp: &str) -> String {
    let form = &scheme.signature.written;
    let encoded = match form.encoding {
        Encoding::Base64 => STANDARD.encode(tag),
        _ => hex::encode(tag),
    };
    let mut fields = Vec::new();
    if let Some(Selector::Label(name)) = scheme.timestamp.as_ref().map(|t| &t.from) {
        fields.push(format!("{name}{}{stamp}", form.label));
    }
    match label {
        Some(name) => fields.push(format!("{name}{}{encoded}", form.label)),
        None => fields.push(encoded),
    }
    format!("{}{}", form.prefix, fields.join(&form.list))
}

struct Draft {
    url: String,
    body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Draft {
    fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn add_event_headers(&mut self, preset: &Preset, sample: &Sample<'_>) -> Result<(), SignError> {
        let event = &preset.scheme.event;
        let kind = sample.event_type.or_else(|| sample_type(preset, 0));
        for (selectors, value) in [(&event.kind, kind), (&event.id, Some(sample.event_id))] {
            for selector in selectors {
                if let (Selector::Header(name), Some(value)) = (selector, value) {
                    if value.bytes().any(|b| b.is_ascii_control()) {
                        return Err(SignError::BadSample("an event type fits on one line".to_owned()));
                    }
                    self.set_header(name, value);
                }
            }
        }
        for (name, value) in &preset.definition.sample_headers {
            self.set_header(name, value);
        }
        for selector in &preset.scheme.require {
            if let Selector::Header(name) = selector
                && !self.headers.iter().any(|(known, _)| known == name)
            {
                self.set_header(name, sample.event_id);
            }
        }
        Ok(())
    }

    /// Writes the time where the vendor does and returns its text.
    fn stamp(&mut self, scheme: &Scheme, now_unix: i64) -> Result<String, SignError> {
        let Some(rule) = &scheme.timestamp else { return Ok(String::new()) };
        let outside = || SignError::BadSample("that time cannot be written".to_owned());
        let text = match rule.unit {
            Unit::Seconds => now_unix.to_string(),
            Unit::Millis | Unit::SecondsOrMillis => {
                now_unix.checked_mul(1000).ok_or_else(outside)?.to_string()
            }
            Unit::Iso8601 => chrono::DateTime::from_timestamp(now_unix, 0)
                .ok_or_else(outside)?
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        };
        match (&rule.from, rule.unit) {
            (Selector::Label(_), _) => {}
            (Selector::Json(_), Unit::Millis) => {
                self.set_json(&rule.from, Value::from(now_unix.checked_mul(1000).ok_or_else(outside)?))?;
            }
            _ => self.place(&rule.from, &text)?,
        }
        Ok(text)
    }

    /// Body fields that are signed but not in the sample, such as Mailgun's token.
    fn add_signed_fields(&mut self, scheme: &Scheme, sample: &Sample<'_>) -> Result<(), SignError> {
        for selector in scheme.signed.selectors().filter(|s| matches!(s, Selector::Json(_))) {
            let there = self.with_delivery(sample.method, |delivery| {
                delivery.find(selector, &[], None).ok().flatten().is_some()
            });
            if !there {
                let token = hex::encode(Sha256::digest(sample.event_id));
                self.set_json(selector, Value::String(token))?;
            }
        }
        Ok(())
    }

    /// Puts a value where the verifier takes it from.
    fn place(&mut self, at: &Selector, value: &str) -> Result<(), SignError> {
        match at {
            Selector::Header(name) if value.bytes().any(|b| b.is_ascii_control()) => {
                return Err(SignError::CannotSign(format!("the secret does not fit into the header {name}")));
            }
            Selector::Header(name) => self.set_header(name, value),
            Selector::Basic => {
                self.set_header("authorization", &format!("Basic {}", STANDARD.encode(value)));
            }
            Selector::Json(_) => self.set_json(at, Value::String(value.to_owned()))?,
            Selector::Query(name) => self.set_query(name, value),
            Selector::Form(_) | Selector::Label(_) | Selector::BodySha256 => {
                return Err(SignError::CannotSign("samples of this scheme cannot be made".to_owned()));
            }
        }
        Ok(())
    }

    fn set_json(&mut self, at: &Selector, value: Value) -> Result<(), SignError> {
        let Selector::Json(path) = at else { return Ok(()) };
        let parsed = serde_json::from_slice::<Value>(&self.body).ok();
        let mut root = parsed.ok_or_else(|| SignError::BadSample("the body is not JSON".to_owned()))?;
        if !path.set(&mut root, value) {
            return Err(SignError::BadSample(format!("the body has no room for {}", at.describe())));
        }
        self.body = root.to_string().into_bytes();
        Ok(())
    }

    fn set_query(&mut self, name: &str, value: &str) {
        let base = self.url.split('#').next().unwrap_or_default().to_owned();
        let (path, query) = base.split_once('?').unwrap_or((&base, ""));
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        for (known, old) in form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known != name) {
            pairs.append_pair(&known, &old);
        }
        self.url = format!("{path}?{}", pairs.append_pair(name, value).finish());
    }

    fn with_delivery<T>(&self, method: &str, run: impl FnOnce(&Delivery<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        run(&Delivery::new(Request {
            method,
            url: &self.url,
            headers: &headers,
            body: &self.body,
            cert_pem: None,
        }))
    }
}

impl From<Draft> for Signed {
    fn from(draft: Draft) -> Self {
        Self { url: draft.url, body: draft.body, headers: draft.headers }
    }
}
