//! A refused request as it came: bytes, headers and address, so that it can be checked again after a fix. It may
//! hold secrets and is therefore sealed before it is stored; what is listed of it has them replaced.

use super::redact;
use crate::{
    live::purpose,
    vault::{Vault, VaultError},
};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};
use domain::{id::RequestId, time::Timestamp};
use serde::{Deserialize, Serialize};
use signature::{Algorithm, Delivery, Preset, Refusal, Request, Verified};
use store::Sealed;

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    head: Head,
    /// Its body.
    pub body: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    method: String,
    path: String,
    /// Values byte by byte as the characters of the same number: a header need not be UTF-8, and a signature may
    /// cover it.
    headers: Vec<(String, String)>,
}

/// Begins the sealed form; another number would be another form.
const VERSION: u8 = 1;

impl Capture {
    /// The request of these parts and this body.
    pub fn of(parts: &Parts, body: Bytes) -> Self {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.as_str().to_owned(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
        };
        let headers = parts.headers.iter().map(pair).collect();
        Self { head: Head { method: parts.method.as_str().to_owned(), path, headers }, body }
    }

    /// A request somebody typed: header lines and a body, as if posted to `path`.
    pub fn typed(path: &str, headers: &[(String, String)], body: Bytes) -> Self {
        let byte_by_byte = |text: &str| text.bytes().map(char::from).collect();
        let headers =
            headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), byte_by_byte(value))).collect();
        Self { head: Head { method: "POST".to_owned(), path: path.to_owned(), headers }, body }
    }

    /// Bytes it takes, roughly.
    pub fn weight(&self) -> usize {
        let headers = self.head.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        self.body.len() + self.head.path.len() + headers
    }

    /// Sealed for the refused request `id`.
    pub fn seal(&self, vault: &Vault, id: RequestId) -> Sealed {
        let head = serde_json::to_vec(&self.head).unwrap_or_default();
        let mut bytes = Vec::with_capacity(5 + head.len() + self.body.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&u32::try_from(head.len()).unwrap_or_default().to_le_bytes());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(&self.body);
        vault.seal_bytes(&purpose::refused(id), &bytes)
    }

    /// Opens what was sealed for `id`.
    ///
    /// # Errors
    /// When it cannot be opened, or is not of this form.
    pub fn open(vault: &Vault, id: RequestId, sealed: &Sealed) -> Result<Self, VaultError> {
        let opened = vault.unseal_bytes(&purpose::refused(id), sealed)?;
        Self::read(&opened).ok_or(VaultError::Altered)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (head, body) = rest.split_at_checked(length)?;
        let head = serde_json::from_slice(head).ok().filter(|_| *version == VERSION)?;
        Some(Self { head, body: Bytes::copy_from_slice(body) })
    }

    /// Runs `judge` on the request as the signature's interpreter sees it, behind the server's public address.
    pub fn with_delivery<T>(&self, public_url: &str, judge: impl FnOnce(&Delivery<'_>) -> T) -> T {
        self.with_request(public_url, |request| judge(&Delivery::new(*request)))
    }

    /// The same before anything of it is parsed.
    pub fn with_request<T>(&self, public_url: &str, judge: impl FnOnce(&Request<'_>) -> T) -> T {
        let url = format!("{public_url}{}", self.head.path);
        let values = self.values();
        let headers: Vec<(&str, &[u8])> = self
            .head
            .headers
            .iter()
            .zip(&values)
            .map(|((name, _), value)| (name.as_str(), value.as_slice()))
            .collect();
        let request = Request {
            method: &self.head.method,
            url: &url,
            headers: &headers,
            body: &self.body,
            cert_pem: None,
        };
        judge(&request)
    }

    /// The verdict of the interpreter that ingress uses: signature first, then whether the body can be read.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(
        &self,
        preset: &Preset,
        secrets: &[&str],
        public_url: &str,
        at: Timestamp,
    ) -> Result<Verified, Refusal> {
        self.check_under(preset, secrets, None, public_url, at)
    }

    /// The same where the vendor signs under a certificate, which was fetched and checked.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check_under(
        &self,
        preset: &Preset,
        secrets: &[&str],
        certificate: Option<&str>,
        public_url: &str,
        at: Timestamp,
    ) -> Result<Verified, Refusal> {
        self.with_request(public_url, |request| {
            let delivery = Delivery::new(Request { cert_pem: certificate, ..*request });
            let verified = delivery.verify(preset, secrets, at.unix())?;
            delivery.normalize(preset)?;
            Ok(verified)
        })
    }

    /// Its headers, for building the event it becomes.
    pub fn headers(&self) -> HeaderMap {
        let pairs = self.head.headers.iter().zip(self.values());
        pairs
            .filter_map(|((name, _), value)| {
                Some((HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(&value).ok()?))
            })
            .collect()
    }

    fn values(&self) -> Vec<Vec<u8>> {
        let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        self.head.headers.iter().map(|(_, value)| value.chars().map(byte).collect()).collect()
    }
}

/// Whether a request to a vendor with this preset can be checked with what is configured alone. Where a vendor publishes
/// its keys, they have to be fetched first.
pub fn is_checkable(preset: &Preset) -> bool {
    matches!(signature::key_source(preset), signature::KeySource::None)
}

/// Path and query as they may be listed: values of secret parameters replaced, all of them where the address itself
/// is what proves who sends.
pub fn listed_path(preset: &Preset, path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let all = preset.algorithm() == Algorithm::SharedSecret;
    let part = |part: &str| match part.split_once('=') {
        Some((name, _)) if all || redact::is_secret(&name.to_ascii_lowercase()) => {
            format!("{name}={}", redact::REDACTED)
        }
        None if all => redact::REDACTED.to_owned(),
        _ => part.to_owned(),
    };
    let parts: Vec<String> = query.split('&').map(part).collect();
    format!("{path}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request as HttpRequest;

    fn capture() -> Capture {
        let mut request = HttpRequest::post("/webhooks/acme?n=1").body(()).unwrap();
        let odd = HeaderValue::from_bytes(b"caf\xe9 \xff").unwrap();
        request.headers_mut().append("x-odd", odd);
        request.headers_mut().append("x-odd", HeaderValue::from_static("twice"));
        Capture::of(&request.into_parts().0, Bytes::from_static(b"\x00\xffbody"))
    }

    #[test]
    fn a_sealed_request_is_opened_with_every_byte_it_came_with() {
        let vault = Vault::new(&[7; 32]);
        let id = RequestId::new(uuid::Uuid::from_u128(1));
        let sealed = capture().seal(&vault, id);
        let opened = Capture::open(&vault, id, &sealed).unwrap();
        assert_eq!(opened, capture());
        assert_eq!(opened.headers().get("x-odd").unwrap().as_bytes(), b"caf\xe9 \xff");
        let other = RequestId::new(uuid::Uuid::from_u128(2));
        assert_eq!(Capture::open(&vault, other, &sealed), Err(VaultError::Altered));
    }

    #[test]
    fn bytes_of_no_known_form_are_refused_rather_than_misread() {
        for bytes in [&b""[..], &[1], &[1, 9, 0, 0, 0, b'{'], &[2, 2, 0, 0, 0, b'{', b'}']] {
            assert_eq!(Capture::read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_not_listed() {
        let preset = |id: &str| signature::preset(id).unwrap();
        let path = "/webhooks/x?secret=hunter2&run=7&flag";
        assert_eq!(listed_path(preset("std_webhooks"), path), "/webhooks/x?secret=[redacted]&run=7&flag");
        assert_eq!(
            listed_path(preset("huggingface_query"), path),
            "/webhooks/x?secret=[redacted]&run=[redacted]&[redacted]"
        );
        assert_eq!(listed_path(preset("huggingface_query"), "/webhooks/x"), "/webhooks/x");
    }
}
