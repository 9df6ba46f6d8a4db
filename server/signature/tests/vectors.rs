//! The vector set against the interpreter. `vectors.json` is ours to keep; published vectors belong to
//! the vendors' SDKs and are read from the shared folder when it is there.

use std::path::Path;

use base64::Engine as _;
use serde::Deserialize;
use signature::{Delivery, Refusal, Request, Verified, preset};

/// Vectors where the verdict differs from the table's on purpose, and why. Only PARITY and AMBIGUOUS may.
const DIFFERS: &[(&str, &str)] = &[];

#[derive(Deserialize)]
struct Vector {
    id: String,
    scheme: String,
    secret: String,
    secrets: Option<Vec<String>>,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    now_unix: i64,
    cert_pem: Option<String>,
    expect: String,
    level: String,
    reply: Option<ExpectedReply>,
    #[serde(default)]
    origin: String,
}

#[derive(Deserialize)]
struct ExpectedReply {
    status: u16,
    content_type: Option<String>,
    json: Option<serde_json::Value>,
}

impl Vector {
    fn secrets(&self) -> Vec<&str> {
        match &self.secrets {
            Some(secrets) => secrets.iter().map(String::as_str).collect(),
            None => vec![&self.secret],
        }
    }

    fn with<T>(&self, run: impl FnOnce(&Delivery<'_>) -> T) -> T {
        let body = base64::engine::general_purpose::STANDARD.decode(&self.body).expect("body in base64");
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        run(&Delivery::new(Request {
            method: &self.method,
            url: &self.url,
            headers: &headers,
            body: &body,
            cert_pem: self.cert_pem.as_deref(),
        }))
    }

    fn verdict(&self) -> Result<Verified, Refusal> {
        let preset = preset(&self.scheme).unwrap_or_else(|| panic!("no preset {}", self.scheme));
        self.with(|delivery| delivery.verify(preset, &self.secrets(), self.now_unix))
    }
}

fn ours() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors.json")).expect("vectors.json")
}

fn published() -> Option<Vec<Vector>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let mut all = Vec::new();
    for file in ["published.json", "vectors.json"] {
        let text = std::fs::read_to_string(folder.join(file)).ok()?;
        all.extend(serde_json::from_str::<Vec<Vector>>(&text).expect(file));
    }
    all.retain(|vector| vector.origin == "published");
    Some(all)
}

fn check(name: &str, vectors: &[Vector]) {
    let mut wrong = Vec::new();
    for level in ["MUST", "POLICY", "PARITY", "AMBIGUOUS"] {
        let of_level: Vec<_> = vectors.iter().filter(|vector| vector.level == level).collect();
        let mut passed = 0;
        for vector in &of_level {
            let verdict = vector.verdict();
            let agrees = verdict.is_ok() == (vector.expect == "valid");
            let differs = DIFFERS.iter().any(|(id, _)| *id == vector.id);
            passed += usize::from(agrees);
            if agrees == differs || (differs && ["MUST", "POLICY"].contains(&level)) {
                wrong.push(format!("{} {level}: expected {}, got {verdict:?}", vector.id, vector.expect));
            }
        }
        eprintln!("{name} {level}: {passed}/{}", of_level.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn our_vectors_get_their_verdict() {
    let vectors = ours();
    assert!(vectors.len() > 150);
    check("ours", &vectors);
}

#[test]
fn published_vectors_get_their_verdict() {
    match published() {
        Some(vectors) => check("published", &vectors),
        None => eprintln!("skipped: the shared folder with the published vectors is not here"),
    }
}

#[test]
fn every_handshake_vector_gets_its_reply() {
    let mut seen = 0;
    for vector in ours().iter().chain(published().iter().flatten()) {
        let Some(expected) = &vector.reply else { continue };
        let preset = preset(&vector.scheme).expect("a preset");
        let reply = vector.with(|delivery| delivery.handshake(preset, &vector.secrets()));
        let reply = reply.unwrap_or_else(|| panic!("{} is no handshake", vector.id));
        assert_eq!(reply.status, expected.status, "{}", vector.id);
        if expected.content_type.is_some() {
            assert_eq!(reply.content_type, expected.content_type, "{}", vector.id);
        }
        if let Some(json) = &expected.json {
            let sent: serde_json::Value = serde_json::from_slice(&reply.body).expect("a JSON reply");
            assert_eq!(&sent, json, "{}", vector.id);
        }
        assert_eq!(preset.handshake_is_unsigned(), vector.verdict().is_err(), "{}", vector.id);
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn an_accepted_vector_says_which_secret_fitted() {
    for vector in ours() {
        if let (Ok(verified), Some(secrets)) = (vector.verdict(), &vector.secrets) {
            let alone = Vector { secrets: Some(vec![secrets[verified.secret_index].clone()]), ..vector };
            assert!(alone.verdict().is_ok(), "{}", alone.id);
        }
    }
}

#[test]
fn a_changed_byte_of_an_accepted_body_never_panics_and_rarely_survives() {
    // Schemes that do not sign the body accept any; the others must refuse every change.
    let unsigned_body = ["mailgun", "paypal", "twilio"];
    for vector in ours().into_iter().filter(|vector| vector.verdict().is_ok()) {
        let shared =
            preset(&vector.scheme).expect("a preset").algorithm() == signature::Algorithm::SharedSecret;
        let engine = base64::engine::general_purpose::STANDARD;
        let body = engine.decode(&vector.body).expect("base64");
        let mut changed = Vector { cert_pem: vector.cert_pem.clone(), ..vector };
        for at in 0..body.len().min(400) {
            let mut other = body.clone();
            other[at] ^= 1;
            changed.body = engine.encode(&other);
            let verdict = changed.verdict();
            if !shared && !unsigned_body.contains(&changed.scheme.as_str()) {
                assert!(verdict.is_err(), "{} byte {at}", changed.id);
            }
        }
    }
}
