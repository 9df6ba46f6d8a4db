//! What every call to an HTTP endpoint carries: the destination's method and headers, an idempotency key, and the
//! signatures of its secrets: Standard Webhooks headers, and beside them `X-AI-Signature` over the bare body for
//! receivers that know only that (`base64(hmac_sha256(secret, body))`).

use super::{Delivery, outbound::Answer};
use crate::{live::LiveDestination, worker::outcome::Failure};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{destination::DestinationMethod, outcome::ErrorClass, time::Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is sent.
pub(super) struct Message {
    /// Of what type `body` is.
    pub(super) content_type: String,
    /// The body.
    pub(super) body: Vec<u8>,
    /// The same for every try.
    pub(super) idempotency_key: String,
}

impl Delivery {
    /// Sends a message to an HTTP endpoint; an answer that is no success is a failure.
    pub(super) async fn to_endpoint(
        &self,
        live: &LiveDestination,
        message: Message,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let secrets = signing(live, now)?;
        let url = self.outbound.check(&live.destination.url)?;
        let method = match live.destination.method {
            DestinationMethod::Post => reqwest::Method::POST,
            DestinationMethod::Put => reqwest::Method::PUT,
        };
        let key = &message.idempotency_key;
        let mut request = self
            .outbound
            .client()
            .request(method, url)
            .header("content-type", message.content_type)
            .header("idempotency-key", key);
        for (name, value) in live.headers.iter() {
            request = request.header(name, value);
        }
        for (name, value) in sign(&secrets, key, now, &message.body) {
            request = request.header(name, value);
        }
        let who = live.destination.slug.as_str();
        let answer = self.outbound.send(request.body(message.body), who).await?;
        if answer.is_success() { Ok(answer) } else { Err(answer.failure(who)) }
    }
}

/// The secrets that sign; none where the destination has none.
fn signing(live: &LiveDestination, now: Timestamp) -> Result<Vec<&str>, Failure> {
    match (&live.secret, &live.reference) {
        (None, Some(reference)) => Err(Failure::unread(reference)),
        (None, None) if live.destination.has_secret => Err(Failure::new(
            ErrorClass::BadInput,
            "The signing secret of this destination cannot be opened with the master key in use.",
        )),
        _ => Ok(live.signing(now)),
    }
}

/// The signature headers of a message; empty when nothing signs. Each secret signs beside the others, which a receiver
/// takes as valid when one of them is its own; the older header has room for the first alone.
/// The key is what follows `whsec_` in base64, or the secret's own bytes when it has no such prefix
/// (<https://www.standardwebhooks.com>).
pub fn sign(secrets: &[&str], id: &str, now: Timestamp, body: &[u8]) -> Vec<(&'static str, String)> {
    let Some(first) = secrets.first() else { return Vec::new() };
    let seconds = now.unix().to_string();
    let standard: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let key = secret
                .strip_prefix("whsec_")
                .and_then(|text| STANDARD.decode(text).ok())
                .unwrap_or_else(|| secret.as_bytes().to_vec());
            format!("v1,{}", mac(&key, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]))
        })
        .collect();
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.clone()),
        ("webhook-signature", standard.join(" ")),
        ("x-ai-signature", mac(first.as_bytes(), &[body])),
        ("x-ai-timestamp", seconds),
    ]
}

fn mac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(headers: &[(&str, String)], secret: &str, now: Timestamp) -> bool {
        let given: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let request = signature::Request {
            method: "POST",
            url: "https://example.com/hook",
            headers: &given,
            body: b"{}",
            cert_pem: None,
        };
        let preset = signature::preset("std_webhooks").unwrap();
        signature::verify(preset, &[secret], &request, now.unix()).is_ok()
    }

    #[test]
    fn a_message_we_sign_is_valid_to_a_standard_webhooks_receiver() {
        let secret = format!("whsec_{}", STANDARD.encode([9; 32]));
        let now = Timestamp::from_unix(1_790_000_000);
        let headers = sign(&[&secret], "job_1", now, b"{}");
        assert!(is_valid(&headers, &secret, now));
        assert!(!is_valid(&headers, "whsec_AAAA", now));
    }

    #[test]
    fn while_a_secret_retires_a_message_is_valid_under_it_and_under_the_new_one() {
        let [new, old] = [1, 2].map(|byte| format!("whsec_{}", STANDARD.encode([byte; 32])));
        let now = Timestamp::from_unix(1_790_000_000);
        let headers = sign(&[&new, &old], "job_1", now, b"{}");
        assert!(is_valid(&headers, &new, now) && is_valid(&headers, &old, now));
        assert!(sign(&[], "job_1", now, b"{}").is_empty());
    }
}
