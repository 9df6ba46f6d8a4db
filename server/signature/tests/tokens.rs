//! Plaid and Gemini's per-request webhooks, whose signature is a token.

mod keys;

use keys::{P256, rsa_jwk, rsa_sign, token};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signature::*;

const NOW: i64 = 1_790_000_000;
const URL: &str = "https://gw.example.test/webhooks/sample";

fn judge(
    id: &str,
    secrets: &[&str],
    headers: &[(&str, &str)],
    body: &[u8],
    now: i64,
) -> Result<Verified, Refusal> {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", url: URL, headers: &headers, body, cert_pem: None };
    verify(preset(id).expect(id), secrets, &request, now)
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

const PLAID: &[u8] = br#"{"webhook_type":"ITEM","webhook_code":"ERROR","item_id":"item1"}"#;

fn plaid(pair: &P256, claims: Value) -> String {
    token(&json!({"alg": "ES256", "kid": "k1", "typ": "JWT"}), &claims, |message| pair.sign(message))
}

#[test]
fn a_token_of_plaid_with_the_hash_of_the_body_is_accepted_for_five_minutes() {
    let pair = P256::new();
    let other = P256::new();
    let sent = plaid(&pair, json!({"iat": NOW, "request_body_sha256": hash(PLAID)}));
    let headers = [("Plaid-Verification", sent.as_str())];
    let good = set(&[other.jwk("k0"), pair.jwk("k1")]);
    let at = |now| judge("plaid", &[&set(&[other.jwk("k1")]), &good], &headers, PLAID, now);
    assert_eq!(at(NOW), Ok(Verified { secret_index: 1, timestamp_unix: Some(NOW) }));
    assert!(at(NOW + 300).is_ok() && at(NOW - 300).is_ok());
    assert_eq!(at(NOW + 301), Err(Refusal::TimestampStale { seconds: 301 }));
    assert_eq!(at(NOW - 301), Err(Refusal::TimestampFuture { seconds: 301 }));
    assert!(at(i64::MAX).is_err() && at(i64::MIN).is_err());
    // Plaid answers with one key in `key`; a bare key is a set of one as well.
    for secret in [json!({"key": pair.jwk("k1"), "request_id": "r"}).to_string(), pair.jwk("k1").to_string()]
    {
        assert!(judge("plaid", &[&secret], &headers, PLAID, NOW).is_ok());
        assert_eq!(check_secret(preset("plaid").expect("plaid"), &secret), Ok(()));
    }
}

#[test]
fn a_token_for_another_body_key_or_algorithm_is_refused() {
    let pair = P256::new();
    let keys = set(&[pair.jwk("k1")]);
    let judge = |sent: &str, keys: &str, body: &[u8]| {
        judge("plaid", &[keys], &[("plaid-verification", sent)], body, NOW)
    };
    let claims = json!({"iat": NOW, "request_body_sha256": hash(PLAID)});
    let good = plaid(&pair, claims.clone());
    assert!(judge(&good, &keys, PLAID).is_ok());
    assert_eq!(judge(&good, &keys, b"{}"), Err(Refusal::SignatureMismatch));
    assert_eq!(judge(&good, &set(&[pair.jwk("k2")]), PLAID), Err(Refusal::UnknownKey));
    assert_eq!(judge(&good, &set(&[P256::new().jwk("k1")]), PLAID), Err(Refusal::SignatureMismatch));
    assert_eq!(judge(&good, "no key set", PLAID), Err(Refusal::SecretUnusable));
    let mut expired = pair.jwk("k1");
    expired["expired_at"] = json!(NOW);
    assert_eq!(judge(&good, &set(&[expired]), PLAID), Err(Refusal::SignatureMismatch));
    for header in [
        json!({"alg": "none", "kid": "k1"}),
        json!({"alg": "HS256", "kid": "k1"}),
        json!({"alg": "RS256", "kid": "k1"}),
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "kid": "k1", "crit": ["exp"]}),
    ] {
        let sent = token(&header, &claims, |message| pair.sign(message));
        assert_eq!(judge(&sent, &keys, PLAID), Err(Refusal::SignatureMalformed), "{header}");
    }
    assert_eq!(judge(&plaid(&pair, json!({"iat": NOW})), &keys, PLAID), Err(Refusal::BodyUnbound));
    let untimed = plaid(&pair, json!({"request_body_sha256": hash(PLAID)}));
    assert_eq!(judge(&untimed, &keys, PLAID), Err(Refusal::TimestampFormat));
    let (signed, _) = good.rsplit_once('.').expect("parts");
    for bad in ["", ".", "..", "a.b.c", &format!("{signed}."), &format!("{good}.x"), &"a".repeat(9000)] {
        assert!(judge(bad, &keys, PLAID).is_err(), "{bad}");
    }
}

#[test]
fn every_changed_character_of_a_token_is_refused() {
    let pair = P256::new();
    let keys = set(&[pair.jwk("k1")]);
    let good = plaid(&pair, json!({"iat": NOW, "request_body_sha256": hash(PLAID)}));
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let sent = String::from_utf8(bytes).expect("ASCII");
        assert!(judge("plaid", &[&keys], &[("plaid-verification", &sent)], PLAID, NOW).is_err(), "{at}");
    }
}

const GEMINI: &[u8] =
    br#"{"type":"batch.succeeded","version":"v1","timestamp":"2026-01-22T12:00:00Z","data":{"id":"b1"}}"#;

fn gemini(claims: &Value, body: &[u8]) -> Result<Verified, Refusal> {
    let sent = token(&json!({"alg": "RS256", "kid": "g1"}), claims, rsa_sign);
    let time = NOW.to_string();
    let headers = [("webhook-id", "m1"), ("webhook-timestamp", time.as_str()), ("webhook-signature", &sent)];
    judge("gemini_dynamic", &[&set(&[rsa_jwk("g1")])], &headers, body, NOW)
}

#[test]
fn a_token_of_google_counts_when_it_is_for_us_fresh_and_about_this_body() {
    let hashed = json!({"aud": URL, "iat": NOW - 5, "exp": NOW + 60, "body_sha256": hash(GEMINI)});
    assert_eq!(gemini(&hashed, GEMINI), Ok(Verified { secret_index: 0, timestamp_unix: Some(NOW - 5) }));
    let mut whole: Value = serde_json::from_slice(GEMINI).expect("JSON");
    whole["aud"] = json!(["other", URL]);
    whole["iat"] = json!(NOW);
    assert!(gemini(&whole, GEMINI).is_ok());
    let changed = |name: &str, value: Value| {
        let mut claims = hashed.clone();
        claims[name] = value;
        gemini(&claims, GEMINI).expect_err(name)
    };
    assert_eq!(changed("aud", json!("https://other.test/")), Refusal::AudienceMismatch);
    assert_eq!(changed("aud", Value::Null), Refusal::AudienceMismatch);
    assert_eq!(changed("iat", json!(NOW - 301)), Refusal::TimestampStale { seconds: 301 });
    assert_eq!(changed("iat", json!(NOW + 301)), Refusal::TimestampFuture { seconds: 301 });
    assert_eq!(changed("iat", json!("now")), Refusal::TimestampFormat);
    assert_eq!(changed("exp", json!(NOW)), Refusal::TimestampStale { seconds: 0 });
    assert_eq!(changed("nbf", json!(NOW + 400)), Refusal::TimestampFuture { seconds: 400 });
    assert_eq!(changed("body_sha256", json!(hash(b"other"))), Refusal::BodyUnbound);
    // One right hash does not outweigh a wrong one.
    assert_eq!(changed("payload_hash", json!(hash(b"other"))), Refusal::BodyUnbound);
    let ending = |claims: Value| {
        let mut all = json!({"aud": URL, "body_sha256": hash(GEMINI)});
        all.as_object_mut().expect("an object").extend(claims.as_object().expect("an object").clone());
        gemini(&all, GEMINI)
    };
    assert_eq!(ending(json!({"exp": NOW + 3600})).map(|v| v.timestamp_unix), Ok(None));
    for claims in [json!({}), json!({"exp": NOW + 3601}), json!({"exp": i64::MAX}), json!({"exp": "soon"})] {
        assert_eq!(ending(claims), Err(Refusal::TimestampFormat));
    }
    assert_eq!(gemini(&json!({"aud": URL, "iat": NOW}), GEMINI), Err(Refusal::BodyUnbound));
    assert_eq!(
        gemini(&whole, br#"{"type":"batch.succeeded","data":{"id":"b2"}}"#),
        Err(Refusal::BodyUnbound)
    );
    assert_eq!(gemini(&whole, br#"{}"#), Err(Refusal::BodyUnbound));
}

#[test]
fn another_audience_can_be_configured() {
    let options = [("audience".to_owned(), "my-project".to_owned())].into();
    let preset = preset("gemini_dynamic").expect("gemini").with_options(&options).expect("options");
    let keys = set(&[rsa_jwk("g1")]);
    let judge = |aud: &str| {
        let claims = json!({"aud": aud, "iat": NOW, "body_sha256": hash(GEMINI)});
        let sent = token(&json!({"alg": "RS256", "kid": "g1"}), &claims, rsa_sign);
        let headers: [(&str, &[u8]); 3] =
            [("webhook-id", b"m"), ("webhook-timestamp", b"1"), ("webhook-signature", sent.as_bytes())];
        let request = Request { method: "POST", url: URL, headers: &headers, body: GEMINI, cert_pem: None };
        assert_eq!(key_id(&preset, &request), Ok(Some("g1".to_owned())));
        verify(&preset, &[&keys], &request, NOW)
    };
    assert!(judge("my-project").is_ok());
    assert_eq!(judge(URL), Err(Refusal::AudienceMismatch));
}

#[test]
fn the_caller_learns_which_keys_to_fetch_and_from_where_only() {
    let source = |id: &str| key_source(preset(id).expect(id));
    assert_eq!(source("stripe"), KeySource::None);
    assert!(matches!(source("gemini_dynamic"), KeySource::Jwks { host, .. }
        if host == "generativelanguage.googleapis.com"));
    assert!(matches!(source("fal"), KeySource::Jwks { url, max_age_secs: 86400, .. }
        if url == "https://rest.fal.ai/.well-known/jwks.json"));
    assert!(matches!(source("plaid"), KeySource::JwkById { host, .. } if host == "production.plaid.com"));
    assert!(matches!(source("paypal"), KeySource::CertificateUrl { hosts, .. } if hosts == ["*.paypal.com"]));
    let pair = P256::new();
    let asked = |kid: &str| {
        let sent = token(&json!({"alg": "ES256", "kid": kid}), &json!({}), |message| pair.sign(message));
        let headers: [(&str, &[u8]); 1] = [("plaid-verification", sent.as_bytes())];
        let request = Request { method: "POST", url: URL, headers: &headers, body: b"", cert_pem: None };
        key_id(preset("plaid").expect("plaid"), &request).expect("a token")
    };
    assert_eq!(asked("bfbd5111-8e33").as_deref(), Some("bfbd5111-8e33"));
    for hostile in ["", "../x", "a b", "a\n", "é", &"a".repeat(129)] {
        assert_eq!(asked(hostile), None, "{hostile}");
    }
}

#[test]
fn a_request_says_which_key_it_needs_unless_the_keys_are_configured() {
    let pair = P256::new();
    let sent = plaid(&pair, json!({"iat": NOW}));
    let headers: [(&str, &[u8]); 1] = [("plaid-verification", sent.as_bytes())];
    let request = Request { method: "POST", url: URL, headers: &headers, body: PLAID, cert_pem: None };
    let need = |id: &str, secrets: &[&str]| key_need(preset(id).expect(id), secrets, &request);
    let account = ("5f0c1a2b3c4d".to_owned(), "0123456789abcdef".to_owned());
    assert_eq!(
        need("plaid", &["5f0c1a2b3c4d:0123456789abcdef"]),
        Ok(KeyNeed::Key { key_id: "k1".to_owned(), credentials: vec![account] })
    );
    let keys = set(&[pair.jwk("k1")]);
    assert_eq!(need("plaid", &[&keys]), Ok(KeyNeed::Nothing));
    assert_eq!(need("stripe", &["whsec_x"]), Ok(KeyNeed::Nothing));
    assert_eq!(need("fal", &[]), Ok(KeyNeed::Set { key_id: None }));
    assert_eq!(need("fal", &[&keys]), Ok(KeyNeed::Nothing));
    assert!(matches!(need("gemini_dynamic", &[]), Err(Refusal::MissingHeader { .. })));
    assert!(holds_key(&keys, "k1") && !holds_key(&keys, "k2") && !holds_key("no set", "k1"));
    let plaid = preset("plaid").expect("plaid");
    assert_eq!(check_secret(plaid, "5f0c1a2b3c4d:0123456789abcdef"), Ok(()));
    for bad in ["5f0c1a2b3c4d", "a:b", "5f0c1a2b3c4d:", "5f0c1a2b3c4d:0123 456789abcdef"] {
        assert!(check_secret(plaid, bad).is_err(), "{bad}");
    }
}

#[test]
fn a_key_that_no_set_holds_is_told_from_a_wrong_signature() {
    let pair = P256::new();
    let sent = plaid(&pair, json!({"iat": NOW, "request_body_sha256": hash(PLAID)}));
    let judge = |keys: &str| judge("plaid", &[keys], &[("plaid-verification", &sent)], PLAID, NOW);
    assert_eq!(judge(&set(&[])), Err(Refusal::UnknownKey));
    assert_eq!(judge(&set(&[P256::new().jwk("k1")])), Err(Refusal::SignatureMismatch));
}
