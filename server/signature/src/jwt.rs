//! Signed tokens in place of signatures (RFC 7515, RFC 7519): taking one apart, choosing the key of a set
//! (RFC 7517), checking it under the one algorithm the scheme allows. What the claims must say is the
//! schemes' own matter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use crate::delivery::Delivery;
use crate::mac::Tally;
use crate::refusal::Refusal;
use crate::selector::Selector;
use crate::template::missing;

/// Longer tokens are refused unread.
const LIMIT: usize = 8 * 1024;

/// The algorithm a scheme allows; what the token says must be this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alg {
    Rs256,
    Es256,
}

impl Alg {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// A token whose signature is good.
pub(crate) struct Token {
    pub(crate) claims: Value,
    pub(crate) secret_index: usize,
}

/// The token at `at`, when a key of one of the sets in `secrets` signed it. Keys that have expired by their
/// own account (`expired_at`, as Plaid writes it) do not count.
pub(crate) fn verify(
    delivery: &Delivery<'_>,
    at: &Selector,
    alg: Alg,
    secrets: &[&str],
    now_unix: i64,
) -> Result<Token, Refusal> {
    let text = text(delivery, at)?;
    let parts = Parts::split(&text)?;
    let header = parts.header()?;
    if header["alg"] != alg.name() || header.get("crit").is_some() {
        return Err(Refusal::SignatureMalformed);
    }
    let id = header["kid"].as_str().filter(|id| !id.is_empty()).ok_or(Refusal::SignatureMalformed)?;
    let signature = decode(parts.signature)?;
    let mut tally = Tally::default();
    let (mut sets, mut known) = (0, false);
    for (index, secret) in secrets.iter().enumerate() {
        let Some(keys) = keys(secret) else { continue };
        sets += 1;
        known |= keys.iter().any(|key| key["kid"] == id);
        let fits = keys
            .iter()
            .filter(|key| key["kid"] == id && !expired(key, now_unix))
            .any(|key| fits(alg, key, parts.signed.as_bytes(), &signature));
        tally.record(index, subtle::Choice::from(u8::from(fits)));
    }
    match tally.result() {
        Some(secret_index) => Ok(Token { claims: json(parts.claims)?, secret_index }),
        None if sets == 0 => Err(Refusal::SecretUnusable),
        None if !known => Err(Refusal::UnknownKey),
        None => Err(Refusal::SignatureMismatch),
    }
}

/// The key id of an unchecked token, when it has the characters such ids have.
pub(crate) fn key_id(delivery: &Delivery<'_>, at: &Selector) -> Result<Option<String>, Refusal> {
    let text = text(delivery, at)?;
    let header = Parts::split(&text)?.header()?;
    let id = header["kid"].as_str().filter(|id| {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    });
    Ok(id.map(str::to_owned))
}

/// Whether a key set has a key of this id.
pub(crate) fn holds(set: &str, id: &str) -> bool {
    keys(set).is_some_and(|keys| keys.iter().any(|key| key["kid"] == id))
}

/// Whether the secret is a key set with a key of this algorithm.
pub(crate) fn has_key(secret: &str, alg: Alg) -> bool {
    keys(secret).is_some_and(|keys| keys.iter().any(|key| Public::read(alg, key).is_some()))
}

fn text(delivery: &Delivery<'_>, at: &Selector) -> Result<String, Refusal> {
    let found = delivery.find(at, &[], None)?.ok_or_else(|| missing(at))?;
    let text = found.as_str().filter(|text| text.len() <= LIMIT).ok_or(Refusal::SignatureMalformed)?;
    Ok(text.to_owned())
}

struct Parts<'t> {
    header: &'t str,
    claims: &'t str,
    signature: &'t str,
    signed: &'t str,
}

impl<'t> Parts<'t> {
    fn split(text: &'t str) -> Result<Self, Refusal> {
        let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::SignatureMalformed)?;
        match signed.split_once('.') {
            Some((header, claims)) if !claims.contains('.') => Ok(Self { header, claims, signature, signed }),
            _ => Err(Refusal::SignatureMalformed),
        }
    }

    fn header(&self) -> Result<Value, Refusal> {
        json(self.header)
    }
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::SignatureMalformed)
}

fn json(text: &str) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(&decode(text)?).map_err(|_| Refusal::SignatureMalformed)?;
    if value.is_object() { Ok(value) } else { Err(Refusal::SignatureMalformed) }
}

/// The keys of a set, of a single key, or of a single key inside `key`, as Plaid answers.
fn keys(secret: &str) -> Option<Vec<Value>> {
    let mut root: Value = serde_json::from_str(secret).ok()?;
    if let Some(Value::Array(keys)) = root.get_mut("keys").map(Value::take) {
        return Some(keys);
    }
    match root.get_mut("key").map(Value::take) {
        Some(key @ Value::Object(_)) => Some(vec![key]),
        _ => root.get("kty").is_some().then(|| vec![root]),
    }
}

fn expired(key: &Value, now_unix: i64) -> bool {
    match &key["expired_at"] {
        Value::Null => false,
        at => at.as_i64().is_none_or(|at| at <= now_unix),
    }
}

enum Public {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    P256(Vec<u8>),
}

impl Public {
    fn read(alg: Alg, key: &Value) -> Option<Self> {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str()?.trim_end_matches('=')).ok();
        match (alg, key["kty"].as_str()?) {
            (Alg::Rs256, "RSA") => {
                let (n, e) = (part("n")?, part("e")?);
                let strip = |bytes: Vec<u8>| bytes.into_iter().skip_while(|b| *b == 0).collect::<Vec<_>>();
                let (n, e) = (strip(n), strip(e));
                (n.len() >= 256 && !e.is_empty()).then_some(Self::Rsa(RsaPublicKeyComponents { n, e }))
            }
            (Alg::Es256, "EC") if key["crv"] == "P-256" => {
                let (x, y) = (part("x")?, part("y")?);
                (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x.as_slice(), &y].concat()))
            }
            _ => None,
        }
    }
}

fn fits(alg: Alg, key: &Value, message: &[u8], signature: &[u8]) -> bool {
    match Public::read(alg, key) {
        Some(Public::Rsa(key)) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok(),
        Some(Public::P256(point)) => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
        }
        None => false,
    }
}
