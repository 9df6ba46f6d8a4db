//! Signed messages to any URL: Standard Webhooks headers, and beside them `X-AI-Signature` over the bare body for
//! receivers that know only that (`base64(hmac_sha256(secret, body))`).

use super::{Delivery, Package};
use crate::{
    live::LiveDestination,
    worker::outcome::{Failure, Outcome, Success},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{job::JobResult, outcome::ErrorClass, time::Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

impl Delivery {
    /// Posts a package to an HTTP destination.
    pub async fn call_back(&self, live: &LiveDestination, package: &Package, now: Timestamp) -> Outcome {
        let secret = live.secret.as_ref().ok_or_else(|| match &live.reference {
            Some(reference) => Failure::unread(reference),
            None => {
                Failure::new(ErrorClass::BadInput, "This destination has no signing secret that can be read.")
            }
        })?;
        let url = self.outbound.check(&live.destination.url)?;
        let body = body(package).to_string();
        let mut request = self
            .outbound
            .client()
            .post(url)
            .header("content-type", "application/json")
            .header("idempotency-key", &package.idempotency_key);
        for (name, value) in sign(secret, &package.idempotency_key, now, body.as_bytes()) {
            request = request.header(name, value);
        }
        let host = live.destination.slug.as_str();
        let answer = self.outbound.send(request.body(body), host).await?;
        if !answer.is_success() {
            return Err(answer.failure(host));
        }
        let result = JobResult { status: Some(answer.status), ..JobResult::default() };
        Ok(Success { result, status: Some(answer.status), ..Success::default() })
    }
}

fn body(package: &Package) -> serde_json::Value {
    let usage = &package.usage;
    json!({
        "job_id": package.job_id,
        "idempotency_key": package.idempotency_key,
        "status": "succeeded",
        "external_id": package.external_id,
        "event": {
            "id": package.event.id,
            "vendor": package.vendor,
            "type": package.event.event_type,
            "external_id": package.event.external_id,
            "subject_id": package.event.subject_id,
            "occurred_at": package.occurred_at.rfc3339(),
        },
        "result_json": {"title": package.title, "text": package.text, "model": package.model},
        "error_text": null,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "tokens": usage.input_tokens + usage.output_tokens,
            "cost": usage.cost_micros.map(|micros| micros as f64 / 1e6),
        },
        "trace_id": package.event.trace_id,
    })
}

/// The signature headers of a message. The key is what follows `whsec_` in base64, or the secret's own bytes when
/// it has no such prefix (<https://www.standardwebhooks.com>).
pub fn sign(secret: &str, id: &str, now: Timestamp, body: &[u8]) -> [(&'static str, String); 5] {
    let key = secret
        .strip_prefix("whsec_")
        .and_then(|text| STANDARD.decode(text).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec());
    let seconds = now.unix().to_string();
    let standard = mac(&key, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
    let plain = mac(secret.as_bytes(), &[body]);
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.clone()),
        ("webhook-signature", format!("v1,{standard}")),
        ("x-ai-signature", plain),
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

    #[test]
    fn a_message_we_sign_is_valid_to_a_standard_webhooks_receiver() {
        let secret = format!("whsec_{}", STANDARD.encode([9; 32]));
        let now = Timestamp::from_unix(1_790_000_000);
        let headers = sign(&secret, "job_1", now, b"{}");
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
        assert!(signature::verify(preset, &[&secret], &request, now.unix()).is_ok());
        assert!(signature::verify(preset, &["whsec_AAAA"], &request, now.unix()).is_err());
    }
}
