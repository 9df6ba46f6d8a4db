//! Webhooks that a single Gemini request asked for: the signature is a token under one of Google's keys.
//! <https://ai.google.dev/gemini-api/docs/webhooks>
//!
//! Google signs for every customer, so the audience must be ours; and what is not said is how the token
//! binds the body, so a body the token says nothing of is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::jwt::{self, Alg};
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::verify::Verified;

/// Limits of the time, to both sides.
const TOLERANCE: i64 = 300;

/// How far ahead a token without a time of issue may end.
const LONGEST: i64 = 3600;

/// Names under which tokens carry the SHA-256 of the body.
const HASHES: [&str; 5] =
    ["request_body_sha256", "body_sha256", "payload_sha256", "payload_hash", "body_hash"];

pub(crate) fn verify(
    delivery: &Delivery<'_>,
    scheme: &Scheme,
    secrets: &[&str],
    now_unix: i64,
) -> Result<Verified, Refusal> {
    for name in ["webhook-id", "webhook-timestamp"] {
        if delivery.header(name)?.is_none_or(<[u8]>::is_empty) {
            return Err(Refusal::MissingHeader { name: name.to_owned() });
        }
    }
    let token = jwt::verify(delivery, &scheme.signature.from, Alg::Rs256, secrets, now_unix)?;
    let claims = &token.claims;
    let audience = scheme.audience.as_deref();
    if !is_for(&claims["aud"], |aud| match audience {
        Some(ours) => aud == ours,
        None => aud == delivery.request.url || aud == without_query(delivery.request.url),
    }) {
        return Err(Refusal::AudienceMismatch);
    }
    let issued = fresh(claims, now_unix)?;
    if !binds(claims, delivery) {
        return Err(Refusal::BodyUnbound);
    }
    Ok(Verified { secret_index: token.secret_index, timestamp_unix: issued })
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

fn is_for(aud: &Value, ours: impl Fn(&str) -> bool) -> bool {
    match aud {
        Value::String(one) => ours(one),
        Value::Array(several) => several.iter().filter_map(Value::as_str).any(ours),
        _ => false,
    }
}

/// When it was issued, if it says so. It must be fresh by `iat`, or end soon by `exp`; `nbf` counts where
/// it is.
fn fresh(claims: &Value, now_unix: i64) -> Result<Option<i64>, Refusal> {
    let time = |name: &str| match &claims[name] {
        Value::Null => Ok(None),
        value => value.as_i64().map(Some).ok_or(Refusal::TimestampFormat),
    };
    let (issued, begins, ends) = (time("iat")?, time("nbf")?, time("exp")?);
    if let Some(age) = issued.map(|at| now_unix.saturating_sub(at)).filter(|age| *age > TOLERANCE) {
        return Err(Refusal::TimestampStale { seconds: age });
    }
    if let Some(ahead) = issued.max(begins).map(|at| at.saturating_sub(now_unix)).filter(|s| *s > TOLERANCE) {
        return Err(Refusal::TimestampFuture { seconds: ahead });
    }
    match ends {
        Some(end) if end <= now_unix => {
            Err(Refusal::TimestampStale { seconds: now_unix.saturating_sub(end) })
        }
        Some(end) if issued.is_some() || end.saturating_sub(now_unix) <= LONGEST => Ok(issued),
        None if issued.is_some() => Ok(issued),
        _ => Err(Refusal::TimestampFormat),
    }
}

/// Whether the claims hold the hash of the body, or the whole event itself.
fn binds(claims: &Value, delivery: &Delivery<'_>) -> bool {
    let hash = Sha256::digest(delivery.request.body);
    let mut said = HASHES.iter().filter_map(|name| claims[name].as_str()).peekable();
    if said.peek().is_some() {
        return said.all(|text| {
            text.eq_ignore_ascii_case(&hex::encode(hash))
                || text == STANDARD.encode(hash)
                || text == URL_SAFE_NO_PAD.encode(hash)
        });
    }
    match delivery.json(None).and_then(Value::as_object) {
        Some(body) => {
            ["type", "data"].iter().all(|name| body.contains_key(*name))
                && body.iter().all(|(name, value)| claims.get(name) == Some(value))
        }
        None => false,
    }
}
