//! Signatures in several places and by key pairs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use signature::*;

const NOW: i64 = 1_790_000_000;
const URL: &str = "https://gw.example.test/webhooks/sample";

fn judge(id: &str, secrets: &[&str], headers: &[(&str, String)], body: &[u8]) -> Result<Verified, Refusal> {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", url: URL, headers: &headers, body, cert_pem: None };
    verify(preset(id).expect(id), secrets, &request, NOW)
}

fn mac(key: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, message.as_bytes()))
}

#[test]
fn standard_webhooks_takes_signatures_by_key_pair_beside_those_by_secret() {
    let standard = preset("std_webhooks").expect("std_webhooks");
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let public = format!("whpk_{}", STANDARD.encode(pair.public_key()));
    let private = format!("whsk_{}", STANDARD.encode([7; 32]));
    let shared = format!("whsec_{}", STANDARD.encode([9; 32]));
    assert_eq!(check_secret(standard, &public), Ok(()));
    let sample = Sample { url: URL, method: "POST", body: b"{}", event_id: "m1", event_type: None };
    let by_pair = sign(standard, &private, &sample, NOW).expect("signed");
    let by_secret = sign(standard, &shared, &sample, NOW).expect("signed");
    let value = |signed: &Signed| {
        signed.headers.iter().find(|(name, _)| name == "webhook-signature").expect("a header").1.clone()
    };
    assert!(value(&by_pair).starts_with("v1a,") && value(&by_secret).starts_with("v1,"));
    let ask = |secrets: &[&str], signature: String, body: &[u8]| {
        let headers = [
            ("webhook-id", "m1".to_owned()),
            ("webhook-timestamp", NOW.to_string()),
            ("webhook-signature", signature),
        ];
        judge("std_webhooks", secrets, &headers, body)
    };
    let both = format!("{} {}", value(&by_secret), value(&by_pair));
    assert_eq!(ask(&[&public], both.clone(), b"{}").map(|v| v.secret_index), Ok(0));
    assert_eq!(ask(&[&shared], both.clone(), b"{}").map(|v| v.secret_index), Ok(0));
    assert_eq!(ask(&["whsec_d3Jvbmc=", &public], value(&by_pair), b"{}").map(|v| v.secret_index), Ok(1));
    assert_eq!(ask(&[&public], both, b"[]"), Err(Refusal::SignatureMismatch));
    // A signature of one kind under the label of the other proves nothing.
    let swapped = value(&by_pair).replacen("v1a,", "v1,", 1);
    assert!(ask(&[&public, &shared], swapped, b"{}").is_err());
    let swapped = value(&by_secret).replacen("v1,", "v1a,", 1);
    assert!(ask(&[&public, &shared], swapped, b"{}").is_err());
    // The public key is known to everybody and must never serve as an HMAC key.
    for key in [public.as_bytes(), pair.public_key().as_ref()] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let forged = STANDARD.encode(hmac::sign(&key, format!("m1.{NOW}.{{}}").as_bytes()));
        assert!(ask(&[&public], format!("v1,{forged} v1a,{forged}"), b"{}").is_err());
    }
    assert_eq!(ask(&["whpk_AAAA"], value(&by_pair), b"{}"), Err(Refusal::SecretUnusable));
}

#[test]
fn box_and_docusign_are_accepted_by_any_of_their_headers() {
    let time = "2026-09-21T14:13:20Z";
    let at = ("box-delivery-timestamp", time.to_owned());
    let signed = |key: &str| mac(key, &format!("{{}}{time}"));
    let primary = ("box-signature-primary", signed("first"));
    let secondary = ("Box-Signature-Secondary", signed("second"));
    for secrets in [&["first"][..], &["second"], &["second", "first"]] {
        assert!(judge("box", secrets, &[at.clone(), primary.clone(), secondary.clone()], b"{}").is_ok());
    }
    assert!(judge("box", &["second"], &[at.clone(), secondary.clone()], b"{}").is_ok());
    assert!(judge("box", &["other"], &[at.clone(), primary.clone(), secondary.clone()], b"{}").is_err());
    let none = judge("box", &["first"], std::slice::from_ref(&at), b"{}");
    assert_eq!(none, Err(Refusal::MissingHeader { name: "box-signature-primary".to_owned() }));
    let twice = judge("box", &["first"], &[at, primary, secondary.clone(), secondary], b"{}");
    assert!(matches!(twice, Err(Refusal::RepeatedHeader { .. })));
    let third = ("X-DocuSign-Signature-3", mac("k", "{}"));
    assert!(judge("docusign", &["k"], std::slice::from_ref(&third), b"{}").is_ok());
    assert!(judge("docusign", &["k"], &[third], b"{ }").is_err());
}

#[test]
fn the_signatures_of_other_vendors_are_what_their_documents_say() {
    let time = NOW.to_string();
    let millis = (NOW * 1000).to_string();
    let hex = |key: &str, text: &str| hex::encode(STANDARD.decode(mac(key, text)).expect("base64"));
    let front = [
        ("x-front-request-timestamp", millis.clone()),
        ("x-front-signature", mac("k", &format!("{millis}:{{}}"))),
    ];
    assert!(judge("front", &["k"], &front, b"{}").is_ok());
    let front = [
        ("x-front-request-timestamp", time.clone()),
        ("x-front-signature", mac("k", &format!("{time}:{{}}"))),
    ];
    assert!(judge("front", &["k"], &front, b"{}").is_ok());
    let iso = "2026-09-21T14:13:20Z";
    let zendesk = [
        ("x-zendesk-webhook-signature-timestamp", iso.to_owned()),
        ("x-zendesk-webhook-signature", mac("k", &format!("{iso}{{}}"))),
    ];
    assert!(judge("zendesk", &["k"], &zendesk, b"{}").is_ok());
    let cio = [("x-cio-timestamp", time.clone()), ("x-cio-signature", hex("k", &format!("v0:{time}:{{}}")))];
    assert!(judge("customerio", &["k"], &cio, b"{}").is_ok());
    let webflow = [
        ("x-webflow-timestamp", millis.clone()),
        ("x-webflow-signature", hex("k", &format!("{millis}:{{}}"))),
    ];
    assert!(judge("webflow", &["k"], &webflow, b"{}").is_ok());
    let value = format!("timestamp={time},signature={}", hex("k", &format!("{time}.{{}}")));
    assert!(judge("buildkite", &["k"], &[("x-buildkite-signature", value)], b"{}").is_ok());
    let circleci = [("circleci-signature", format!("v1={},v2=00", hex("k", "{}")))];
    assert!(judge("circleci", &["k"], &circleci, b"{}").is_ok());
    let x = [("x-twitter-webhooks-signature", format!("sha256={}", mac("k", "{}")))];
    assert!(judge("x", &["k"], &x, b"{}").is_ok());
}
