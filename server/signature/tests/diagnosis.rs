//! What a person is told about a signature that does not fit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use signature::*;

const NOW: i64 = 1_790_000_000;
const URL: &str = "https://gw.example.test/webhooks/sample?a=b";

fn tag(algorithm: hmac::Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

fn sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    tag(hmac::HMAC_SHA256, key, message)
}

fn ask(
    id: &str,
    secret: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (Result<Verified, Refusal>, Option<Likely>) {
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let request = Request { method: "POST", url: URL, headers: &headers, body, cert_pem: None };
    let preset = preset(id).expect(id);
    let verdict = verify(preset, &[secret], &request, NOW);
    let likely = diagnose(preset, &[secret], &request, NOW);
    assert!(verdict.is_err() || likely.is_none());
    (verdict, likely)
}

fn github(
    key: &[u8],
    signed: &[u8],
    secret: &str,
    body: &[u8],
) -> (Result<Verified, Refusal>, Option<Likely>) {
    let value = format!("sha256={}", hex::encode(sha256(key, signed)));
    ask("github", secret, &[("x-hub-signature-256", &value)], body)
}

#[test]
fn a_rewritten_body_is_told_from_other_line_ends() {
    let signed = r#"{"a":"é/","b":[1,2]}"#;
    for body in [
        r#"{"a": "é/", "b": [1, 2]}"#,
        "{\n  \"a\": \"é/\",\n  \"b\": [\n    1,\n    2\n  ]\n}",
        r#"{"a":"é\/","b":[1,2]}"#,
        r#"{"a":"\u00e9/","b":[1,2]}"#,
        r#"{"a":"\u00e9\/","b":[1,2]}"#,
    ] {
        let expected = (Err(Refusal::BodyAltered), Some(Likely::BodyRewritten));
        assert_eq!(github(b"k", signed.as_bytes(), "k", body.as_bytes()), expected, "{body}");
        // And the other way round, for the serialisers that write so.
        assert_eq!(github(b"k", body.as_bytes(), "k", signed.as_bytes()), expected, "{body}");
    }
    for (signed, body) in
        [("{}", "{}\n"), ("{}\n", "{}"), ("{\n}", "{\r\n}"), ("{\r\n}", "{\n}"), ("{}", "\u{feff}{}")]
    {
        let expected = (Err(Refusal::BodyAltered), Some(Likely::LineEnds));
        assert_eq!(github(b"k", signed.as_bytes(), "k", body.as_bytes()), expected, "{body:?}");
    }
}

#[test]
fn a_secret_read_in_another_way_is_named() {
    let key = [7_u8; 24];
    for secret in [STANDARD.encode(key), hex::encode(key), format!("whsec_{}", STANDARD.encode(key))] {
        let expected = (Err(Refusal::SignatureMismatch), Some(Likely::SecretForm));
        assert_eq!(github(&key, b"{}", &secret, b"{}"), expected, "{secret}");
    }
    assert_eq!(github(b"k", b"{}", " k", b"{}").1, Some(Likely::SecretForm));
    assert_eq!(github(b"k\n", b"{}", "k", b"{}").1, Some(Likely::SecretForm));
    // Standard Webhooks with the text of the secret as the key.
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let value =
        format!("v1,{}", STANDARD.encode(sha256(secret.as_bytes(), format!("m.{NOW}.{{}}").as_bytes())));
    let time = NOW.to_string();
    let headers = [("webhook-id", "m"), ("webhook-timestamp", time.as_str()), ("webhook-signature", &value)];
    assert_eq!(ask("std_webhooks", &secret, &headers, b"{}").1, Some(Likely::SecretForm));
}

#[test]
fn a_good_signature_under_another_label_encoding_or_hash_is_named() {
    let good = sha256(b"k", b"{}");
    let github = |value: &str| ask("github", "k", &[("x-hub-signature-256", value)], b"{}").1;
    assert_eq!(github(&format!("v2={}", hex::encode(&good))), Some(Likely::OtherLabel));
    assert_eq!(github(&format!("sha256={}", STANDARD.encode(&good))), Some(Likely::SignatureEncoding));
    assert_eq!(github(&format!("sha256={}", hex::encode_upper(&good))), Some(Likely::SignatureEncoding));
    let sha1 = tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"k", b"{}");
    assert_eq!(github(&format!("sha256={}", hex::encode(sha1))), Some(Likely::OtherAlgorithm));
    let shopify = |value: &str| ask("shopify", "k", &[("x-shopify-hmac-sha256", value)], b"{}").1;
    assert_eq!(shopify(&hex::encode(&good)), Some(Likely::SignatureEncoding));
    assert_eq!(shopify(&format!("sha256={}", STANDARD.encode(&good))), Some(Likely::OtherLabel));
    let stripe = format!("t={NOW},v0={}", hex::encode(sha256(b"k", format!("{NOW}.{{}}").as_bytes())));
    let (verdict, likely) = ask("stripe", "k", &[("stripe-signature", &stripe)], b"{}");
    assert_eq!((verdict, likely), (Err(Refusal::SignatureMalformed), Some(Likely::OtherLabel)));
}

#[test]
fn a_timestamp_that_is_not_signed_or_signed_differently_is_named() {
    let stripe = |message: String| {
        let value = format!("t={NOW},v1={}", hex::encode(sha256(b"k", message.as_bytes())));
        ask("stripe", "k", &[("stripe-signature", &value)], b"{}").1
    };
    assert_eq!(stripe("{}".to_owned()), Some(Likely::TimestampNotSigned));
    assert_eq!(stripe(format!("{NOW}:{{}}")), Some(Likely::OtherText));
    assert_eq!(stripe(format!("{{}}{NOW}")), Some(Likely::OtherText));
}

#[test]
fn another_url_is_named_for_vendors_that_sign_it() {
    let square = |url: &str, headers: &[(&str, &str)]| {
        let value = STANDARD.encode(sha256(b"k", format!("{url}{{}}").as_bytes()));
        let mut all = vec![("x-square-hmacsha256-signature", value.as_str())];
        all.extend(headers);
        ask("square", "k", &all, b"{}").1
    };
    for url in [
        "http://gw.example.test/webhooks/sample?a=b",
        "https://gw.example.test/webhooks/sample",
        "https://gw.example.test/webhooks/sample/?a=b",
    ] {
        assert_eq!(square(url, &[]), Some(Likely::OtherUrl), "{url}");
    }
    let other = "https://old.example.test:8443/webhooks/sample?a=b";
    assert_eq!(square(other, &[("host", "old.example.test:8443")]), Some(Likely::OtherUrl));
    assert_eq!(square(other, &[("x-forwarded-host", "old.example.test:8443")]), Some(Likely::OtherUrl));
    assert_eq!(square(other, &[("host", "evil@old.example.test")]), None);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let sha1 =
        tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"k", b"http://gw.example.test/webhooks/sample?a=bx1");
    let value = STANDARD.encode(sha1);
    let twilio = ask("twilio", "k", &[form[0], ("x-twilio-signature", &value)], b"x=1");
    assert_eq!(twilio, (Err(Refusal::SignatureMismatch), Some(Likely::OtherUrl)));
}

#[test]
fn a_stranger_learns_nothing_and_other_refusals_are_not_diagnosed() {
    assert_eq!(github(b"other", b"{}", "k", b"{}"), (Err(Refusal::SignatureMismatch), None));
    assert_eq!(github(b"k", b"{}", "k", b"{}").1, None);
    assert_eq!(ask("github", "k", &[], b"{}").1, None);
    assert_eq!(ask("github", "", &[("x-hub-signature-256", "sha256=00")], b"{}").1, None);
    // A signature of nothing, or one that only some key nobody set would make, explains nothing.
    for value in ["sha256=", "sha256=00", "=", "", "sha256==", "sha256====="] {
        assert_eq!(ask("github", "k", &[("x-hub-signature-256", value)], b"{}").1, None, "{value}");
    }
    let stale = format!("t={},v1={}", NOW - 999, hex::encode(sha256(b"k", b"{}")));
    assert_eq!(ask("stripe", "k", &[("stripe-signature", &stale)], b"{}").1, None);
}

#[test]
fn a_large_body_costs_a_bounded_amount_of_work() {
    let preset = preset("github").expect("github");
    let value = format!("sha256={}", "00".repeat(32));
    let headers: [(&str, &[u8]); 1] = [("x-hub-signature-256", value.as_bytes())];
    for size in [64 * 1024, 10 * 1024 * 1024] {
        let body = format!("[{}1]", "1,".repeat(size / 2)).into_bytes();
        let request = Request { method: "POST", url: URL, headers: &headers, body: &body, cert_pem: None };
        let began = std::time::Instant::now();
        assert_eq!(diagnose(preset, &["a", "b", "c", "d", "e", "f"], &request, NOW), None);
        // Far above what it takes without optimisation, far below what an unbounded search would.
        assert!(began.elapsed().as_secs() < 60, "{size}: {:?}", began.elapsed());
    }
}

#[test]
fn every_cause_has_a_stable_code_and_plain_words() {
    let all = [
        (Likely::BodyRewritten, "body_rewritten"),
        (Likely::LineEnds, "line_ends"),
        (Likely::SecretForm, "secret_form"),
        (Likely::OtherLabel, "other_label"),
        (Likely::SignatureEncoding, "signature_encoding"),
        (Likely::OtherAlgorithm, "other_algorithm"),
        (Likely::TimestampNotSigned, "timestamp_not_signed"),
        (Likely::OtherText, "other_text"),
        (Likely::OtherUrl, "other_url"),
    ];
    for (likely, code) in all {
        assert_eq!(likely.code(), code);
        assert!(likely.detail().ends_with('.') && likely.detail().len() > 40);
    }
}
