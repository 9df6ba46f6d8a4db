//! The vendors' side: signing as fal.ai, Google, Plaid, PayPal and Amazon do, written apart from the program's own code.

use super::support::{NOON, rsa, rsa_sign};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Headers and body of a webhook.
pub(crate) type Hook = (Vec<(&'static str, String)>, Vec<u8>);

/// As `World::post` takes them.
pub(crate) fn pairs(hook: &Hook) -> Vec<(&str, &str)> {
    hook.0.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(crate) fn ed25519(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(crate) fn ed25519_set(pair: &Ed25519KeyPair) -> String {
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}).to_string()
}

pub(crate) fn fal(pair: &Ed25519KeyPair, id: &str, at: i64) -> Hook {
    let body = json!({"request_id": id, "status": "OK"}).to_string();
    let hash = hex::encode(Sha256::digest(&body));
    let message = format!("{id}\nuser-1\n{at}\n{hash}");
    let headers = vec![
        ("x-fal-webhook-request-id", id.to_owned()),
        ("x-fal-webhook-user-id", "user-1".to_owned()),
        ("x-fal-webhook-timestamp", at.to_string()),
        ("x-fal-webhook-signature", hex::encode(pair.sign(message.as_bytes()))),
    ];
    (headers, body.into_bytes())
}

fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(sign(signed.as_bytes())))
}

pub(crate) fn rsa_set(kid: &str) -> String {
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(rsa().public());
    let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
    json!({"keys": [{"kty": "RSA", "kid": kid, "alg": "RS256", "n": n, "e": e}]}).to_string()
}

pub(crate) fn gemini(kid: &str, audience: &str, id: &str) -> Hook {
    let body = json!({"type": "batch.succeeded", "data": {"id": id}}).to_string();
    let hash = hex::encode(Sha256::digest(&body));
    let claims = json!({"aud": audience, "iat": NOON.unix(), "body_sha256": hash});
    let sent = token(&json!({"alg": "RS256", "kid": kid}), &claims, rsa_sign);
    let headers = vec![
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", NOON.unix().to_string()),
        ("webhook-signature", sent),
    ];
    (headers, body.into_bytes())
}

pub(crate) fn p256() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

/// As Plaid answers for a key.
pub(crate) fn plaid_key(pair: &EcdsaKeyPair, kid: &str) -> String {
    let point = pair.public_key().as_ref();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let key =
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": x, "y": y, "expired_at": null});
    json!({"key": key, "request_id": "r"}).to_string()
}

pub(crate) fn plaid(pair: &EcdsaKeyPair, kid: &str, item: &str) -> Hook {
    let body = json!({"webhook_type": "ITEM", "webhook_code": "ERROR", "item_id": item}).to_string();
    let hash = hex::encode(Sha256::digest(&body));
    let claims = json!({"iat": NOON.unix(), "request_body_sha256": hash});
    let sign = |message: &[u8]| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
    let sent = token(&json!({"alg": "ES256", "kid": kid}), &claims, sign);
    (vec![("plaid-verification", sent)], body.into_bytes())
}

/// CRC-32 as in ISO 3309, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

pub(crate) fn paypal(webhook_id: &str, cert_url: &str, id: &str) -> Hook {
    let body = json!({"id": id, "event_type": "PAYMENT.CAPTURE.COMPLETED"}).to_string().into_bytes();
    let time = "2026-09-21T14:14:00Z";
    let message = format!("trans-{id}|{time}|{webhook_id}|{}", crc32(&body));
    let headers = vec![
        ("paypal-transmission-id", format!("trans-{id}")),
        ("paypal-transmission-time", time.to_owned()),
        ("paypal-auth-algo", "SHA256withRSA".to_owned()),
        ("paypal-cert-url", cert_url.to_owned()),
        ("paypal-transmission-sig", STANDARD.encode(rsa_sign(message.as_bytes()))),
    ];
    (headers, body)
}

/// A message of SNS; a `link` makes it a request to confirm a subscription.
pub(crate) fn sns(topic: &str, cert_url: &str, id: &str, link: Option<&str>) -> Hook {
    let kind = if link.is_some() { "SubscriptionConfirmation" } else { "Notification" };
    let mut message = json!({"Type": kind, "MessageId": id, "TopicArn": topic, "Message": "hello",
        "Timestamp": "2026-09-21T14:13:20.000Z", "SignatureVersion": "2", "SigningCertURL": cert_url});
    if let Some(link) = link {
        message["Token"] = json!("t");
        message["SubscribeURL"] = json!(link);
    }
    let mut text = String::new();
    for name in ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]
    {
        if let Some(value) = message[name].as_str() {
            text.push_str(&format!("{name}\n{value}\n"));
        }
    }
    message["Signature"] = json!(STANDARD.encode(rsa_sign(text.as_bytes())));
    (vec![("content-type", "text/plain; charset=UTF-8".to_owned())], message.to_string().into_bytes())
}
