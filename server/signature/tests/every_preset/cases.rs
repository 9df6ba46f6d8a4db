//! One delivery of every preset as its vendor makes it, and where in it things stand.

use crate::keys::{CERTIFICATE, P256, rsa_jwk, rsa_sign, token};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signature::*;
use std::sync::LazyLock;

pub(crate) const NOW: i64 = 1_790_000_100;
/// As a vendor writes it: a hundred seconds before.
const TIME: &str = "2026-09-21T14:13:20Z";
const URL: &str = "https://gw.example.test/webhooks/sample";
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:orders";
const WEBHOOK_ID: &str = "1JE4291016473214C";

/// Where a value of a delivery stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spot {
    Header(String),
    /// A JSON pointer to a text.
    Body(&'static str),
    Query(String),
}

/// One delivery as its vendor makes it.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) preset: &'static Preset,
    pub(crate) secret: String,
    /// A secret of the same kind that is another one.
    pub(crate) other: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Where the signature stands, or the secret that is sent in its place.
    pub(crate) signature: Spot,
}

pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| presets().iter().map(case).collect());

fn case(preset: &'static Preset) -> Case {
    let by_hand = match preset.id.as_str() {
        "sendgrid" => Some(sendgrid()),
        "plaid" => Some(plaid()),
        "gemini_dynamic" => Some(gemini()),
        "paypal" => Some(paypal()),
        "aws_sns" => Some(sns()),
        _ => None,
    };
    let (secret, other, signed) = by_hand.unwrap_or_else(|| by_signer(preset));
    let signature = match (preset.id.as_str(), preset.default_of(OptionName::SignatureHeader)) {
        ("mailgun", _) => Spot::Body("/signature/signature"),
        ("aws_sns", _) => Spot::Body("/Signature"),
        ("adyen", _) => {
            Spot::Body("/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature")
        }
        (_, header) if !header.is_empty() => Spot::Header(header),
        (id, _) => sent_secret(id, &signed, &secret),
    };
    Case { preset, secret, other, url: signed.url, headers: signed.headers, body: signed.body, signature }
}

/// Where a secret that is sent as it is stands, for presets that name no header for it.
fn sent_secret(id: &str, signed: &Signed, secret: &str) -> Spot {
    if signed.headers.iter().any(|(name, _)| name == "authorization") {
        return Spot::Header("authorization".to_owned());
    }
    if let Some((_, query)) = signed.url.split_once('?')
        && let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).find(|(_, value)| value == secret)
    {
        return Spot::Query(name.into_owned());
    }
    let body: Value = serde_json::from_slice(&signed.body).unwrap_or_default();
    let known = ["/value/0/clientState", "/metadata/extra/callback_secret"];
    let found =
        known.into_iter().find(|pointer| body.pointer(pointer).and_then(Value::as_str) == Some(secret));
    Spot::Body(found.unwrap_or_else(|| panic!("{id}: where is the secret? {signed:?}")))
}

/// By the crate's own signer, with a secret made here or a key pair that stands for the vendor's.
fn by_signer(preset: &Preset) -> (String, String, Signed) {
    let pair = |seed: u8| {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed");
        let public = pair.public_key().as_ref();
        let public = match preset.id.as_str() {
            "telnyx" => STANDARD.encode(public),
            "fal" => {
                let x = URL_SAFE_NO_PAD.encode(public);
                json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]}).to_string()
            }
            _ => hex::encode(public),
        };
        (format!("whsk_{}", STANDARD.encode([seed; 32])), public)
    };
    let (private, secret, other) = match preset.algorithm() {
        Algorithm::Ed25519 => {
            let (private, public) = pair(7);
            (private, public, pair(8).1)
        }
        _ => {
            let made = |byte| generate_secret(preset, &[byte; 32]).unwrap_or_else(|| panic!("{}", preset.id));
            (made(42), made(42), made(43))
        }
    };
    let body = sample_body(preset, "evt_77", None, 1);
    let sample = Sample {
        url: URL,
        method: "POST",
        body: &body,
        event_id: "evt_77",
        event_type: sample_type(preset, 1),
    };
    let signed =
        sign(preset, &private, &sample, NOW).unwrap_or_else(|error| panic!("{}: {error}", preset.id));
    (secret, other, signed)
}

fn posted(headers: &[(&str, String)], body: &[u8]) -> Signed {
    let mut all = vec![("content-type".to_owned(), "application/json".to_owned())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Signed { url: URL.to_owned(), body: body.to_vec(), headers: all }
}

fn body_of(id: &str) -> Vec<u8> {
    sample_body(preset(id).expect(id), "evt_77", None, 1)
}

fn sendgrid() -> (String, String, Signed) {
    let pair = || {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key")
    };
    // RFC 5480: what stands in front of the point of a P-256 key.
    let spki = |pair: &EcdsaKeyPair| {
        let head = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").expect("hexadecimal");
        STANDARD.encode([head.as_slice(), pair.public_key().as_ref()].concat())
    };
    let (ours, other, body) = (pair(), pair(), body_of("sendgrid"));
    let message = [NOW.to_string().as_bytes(), body.as_slice()].concat();
    let signature = ours.sign(&SystemRandom::new(), &message).expect("signed");
    let headers = [
        ("x-twilio-email-event-webhook-timestamp", NOW.to_string()),
        ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.as_ref())),
    ];
    (spki(&ours), spki(&other), posted(&headers, &body))
}

fn key_set(key: &Value) -> String {
    json!({"keys": [key]}).to_string()
}

fn plaid() -> (String, String, Signed) {
    let (ours, body) = (P256::new(), body_of("plaid"));
    let claims = json!({"iat": NOW, "request_body_sha256": hex::encode(Sha256::digest(&body))});
    let sent = token(&json!({"alg": "ES256", "kid": "k1", "typ": "JWT"}), &claims, |text| ours.sign(text));
    let other = key_set(&P256::new().jwk("k1"));
    (key_set(&ours.jwk("k1")), other, posted(&[("plaid-verification", sent)], &body))
}

fn gemini() -> (String, String, Signed) {
    let body = body_of("gemini_dynamic");
    let claims = json!({"aud": URL, "iat": NOW, "body_sha256": hex::encode(Sha256::digest(&body))});
    let sent = token(&json!({"alg": "RS256", "kid": "g1"}), &claims, rsa_sign);
    let headers = [
        ("webhook-id", "m1".to_owned()),
        ("webhook-timestamp", NOW.to_string()),
        ("webhook-signature", sent),
    ];
    (key_set(&rsa_jwk("g1")), key_set(&rsa_jwk("g2")), posted(&headers, &body))
}

fn paypal() -> (String, String, Signed) {
    let body = body_of("paypal");
    let message = format!("t1|{TIME}|{WEBHOOK_ID}|{}", crc32fast::hash(&body));
    let headers = [
        ("paypal-transmission-id", "t1".to_owned()),
        ("paypal-transmission-time", TIME.to_owned()),
        ("paypal-auth-algo", "SHA256withRSA".to_owned()),
        ("paypal-cert-url", "https://api.paypal.com/v1/notifications/certs/CERT-1".to_owned()),
        ("paypal-transmission-sig", STANDARD.encode(rsa_sign(message.as_bytes()))),
    ];
    (WEBHOOK_ID.to_owned(), "2KE4291016473214C".to_owned(), posted(&headers, &body))
}

fn sns() -> (String, String, Signed) {
    let mut message = json!({"Type": "Notification", "MessageId": "m1", "TopicArn": TOPIC, "Subject": "about",
        "Message": "hello", "Timestamp": "2026-09-21T14:13:20.000Z", "SignatureVersion": "2",
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"});
    let names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
    let text: String =
        names.iter().map(|name| format!("{name}\n{}\n", message[*name].as_str().expect("a text"))).collect();
    message["Signature"] = json!(STANDARD.encode(rsa_sign(text.as_bytes())));
    let other = TOPIC.replace("orders", "others");
    (TOPIC.to_owned(), other, posted(&[], message.to_string().as_bytes()))
}

impl Case {
    pub(crate) fn judge(&self, secrets: &[&str]) -> Result<Verified, Refusal> {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = Request {
            method: "POST",
            url: &self.url,
            headers: &headers,
            body: &self.body,
            cert_pem: Some(CERTIFICATE),
        };
        verify(self.preset, secrets, &request, NOW)
    }

    pub(crate) fn verdict(&self) -> Result<Verified, Refusal> {
        self.judge(&[&self.secret])
    }

    pub(crate) fn at(&self, spot: &Spot) -> String {
        let found = match spot {
            Spot::Header(wanted) => {
                self.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
            }
            Spot::Body(pointer) => {
                let body: Value = serde_json::from_slice(&self.body).expect("JSON");
                body.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
            }
            Spot::Query(wanted) => {
                let (_, query) = self.url.split_once('?').expect("a query");
                let mut pairs = form_urlencoded::parse(query.as_bytes());
                pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
            }
        };
        found.unwrap_or_else(|| panic!("{}: nothing at {spot:?}", self.preset.id))
    }

    /// The same with another value there.
    pub(crate) fn with(&self, spot: &Spot, value: &str) -> Self {
        let mut case = self.clone();
        match spot {
            Spot::Header(wanted) => {
                for (_, old) in case.headers.iter_mut().filter(|(name, _)| name == wanted) {
                    value.clone_into(old);
                }
            }
            Spot::Body(pointer) => {
                let mut body: Value = serde_json::from_slice(&case.body).expect("JSON");
                *body.pointer_mut(pointer).expect("a value") = json!(value);
                case.body = body.to_string().into_bytes();
            }
            Spot::Query(wanted) => {
                let (path, query) = case.url.split_once('?').expect("a query");
                let mut pairs = form_urlencoded::Serializer::new(String::new());
                for (name, old) in form_urlencoded::parse(query.as_bytes()) {
                    pairs.append_pair(&name, if name == *wanted { value } else { &old });
                }
                case.url = format!("{path}?{}", pairs.finish());
            }
        }
        case
    }

    /// The headers that are read before anything is believed.
    pub(crate) fn security_headers(&self) -> Vec<String> {
        let mut names: Vec<String> = self.preset.security_headers().into_iter().map(str::to_owned).collect();
        let more: &[&str] = match self.preset.id.as_str() {
            "paypal" => &["paypal-auth-algo", "paypal-cert-url"],
            "gemini_dynamic" => &["webhook-id", "webhook-timestamp"],
            _ => &[],
        };
        names.extend(more.iter().map(|name| (*name).to_owned()));
        names.retain(|name| self.headers.iter().any(|(known, _)| known == name));
        names
    }

    /// Values that are signed, or say when it was: any change of them makes another message.
    pub(crate) fn signed_values(&self) -> Vec<Spot> {
        let mut spots = vec![self.signature.clone()];
        let fields: &[&'static str] = match self.preset.id.as_str() {
            "mailgun" => &["/signature/timestamp", "/signature/token"],
            "aws_sns" => &["/Message", "/MessageId", "/Subject", "/Timestamp", "/TopicArn", "/Type"],
            "adyen" => &[
                "/notificationItems/0/NotificationRequestItem/pspReference",
                "/notificationItems/0/NotificationRequestItem/merchantAccountCode",
                "/notificationItems/0/NotificationRequestItem/eventCode",
            ],
            _ => &[],
        };
        spots.extend(fields.iter().copied().map(Spot::Body));
        let unsigned: &[&str] = match self.preset.id.as_str() {
            "generic_hex" => &["x-event-id"],
            "gemini_dynamic" => &["webhook-id", "webhook-timestamp"],
            // Any address of PayPal's may be named; the certificate that comes from it is checked.
            "paypal" => &["paypal-cert-url"],
            _ => &[],
        };
        let headers = self.security_headers().into_iter().filter(|name| !unsigned.contains(&name.as_str()));
        spots.extend(headers.map(Spot::Header));
        spots.dedup();
        spots
    }
}
