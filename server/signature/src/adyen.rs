//! Adyen's scheme: an HMAC over eight fields of each notification, inside the notification.
//! <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures/>
//!
//! Fields outside these eight are not signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use subtle::Choice;

use crate::Algorithm;
use crate::delivery::Delivery;
use crate::key;
use crate::mac::{self, Tally};
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::verify::Verified;

/// What is signed, in this order; a field that is not there counts as empty.
const FIELDS: [&str; 8] = [
    "/pspReference",
    "/originalReference",
    "/merchantAccountCode",
    "/merchantReference",
    "/amount/value",
    "/amount/currency",
    "/eventCode",
    "/success",
];

/// More notifications than this in one request are refused; Adyen sends one.
const MOST: usize = 32;

pub(crate) fn verify(
    delivery: &Delivery<'_>,
    scheme: &Scheme,
    secrets: &[&str],
) -> Result<Verified, Refusal> {
    let items = items(delivery.json(None).ok_or(Refusal::BodyNotJson)?)?;
    let mut signed = Vec::with_capacity(items.len());
    for item in items {
        let missing = || Refusal::MissingField { name: "additionalData.hmacSignature".to_owned() };
        let sent =
            item.pointer("/additionalData/hmacSignature").and_then(Value::as_str).ok_or_else(missing)?;
        let sent = STANDARD.decode(sent).ok().filter(|tag| !tag.is_empty());
        signed.push((text(item)?, [sent.ok_or(Refusal::SignatureMalformed)?]));
    }
    let mut tally = Tally::default();
    let mut usable = 0;
    for (index, secret) in secrets.iter().enumerate() {
        let Some(key) = key::hmac_key(scheme.key, secret) else { continue };
        usable += 1;
        let fits = signed.iter().fold(Choice::from(1), |all, (text, sent)| {
            all & mac::any_equal(&mac::hmac(Algorithm::HmacSha256, &key, text.as_bytes()), sent)
        });
        tally.record(index, fits);
    }
    match tally.result() {
        Some(secret_index) => Ok(Verified { secret_index, timestamp_unix: None }),
        None if usable == 0 => Err(Refusal::SecretUnusable),
        None => Err(Refusal::SignatureMismatch),
    }
}

/// The body with the signature of its first notification inside.
pub(crate) fn sign(scheme: &Scheme, body: &[u8], secret: &str) -> Option<Vec<u8>> {
    let mut root: Value = serde_json::from_slice(body).ok()?;
    let key = key::hmac_key(scheme.key, secret)?;
    let text = text(items(&root).ok()?.first()?).ok()?;
    let tag = STANDARD.encode(mac::hmac(Algorithm::HmacSha256, &key, text.as_bytes()));
    let item = root.pointer_mut("/notificationItems/0/NotificationRequestItem")?.as_object_mut()?;
    let extra = item.entry("additionalData").or_insert_with(|| Value::Object(serde_json::Map::new()));
    extra.as_object_mut()?.insert("hmacSignature".to_owned(), Value::String(tag));
    Some(root.to_string().into_bytes())
}

/// Every notification of the body; one that is not in Adyen's form makes the whole body none of Adyen's.
fn items(root: &Value) -> Result<Vec<&Value>, Refusal> {
    let missing = || Refusal::MissingField { name: "notificationItems".to_owned() };
    let list = root["notificationItems"].as_array().ok_or_else(missing)?;
    let items: Option<Vec<_>> = list.iter().map(|entry| entry.get("NotificationRequestItem")).collect();
    items.filter(|items| (1..=MOST).contains(&items.len())).ok_or_else(missing)
}

/// The signed text. Strings with the separator inside could be cut in two ways, which Adyen's own form
/// leaves open; only the two references are the merchant's to choose.
fn text(item: &Value) -> Result<String, Refusal> {
    let mut fields = Vec::with_capacity(FIELDS.len());
    for at in FIELDS {
        fields.push(match item.pointer(at) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(_) => return Err(Refusal::SignatureMalformed),
        });
    }
    Ok(fields.join(":"))
}
