//! Signing as the vendor does, then verifying and reading the result, for every preset that can be signed.

use base64::Engine as _;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use signature::*;

const NOW: i64 = 1_790_000_123;
const SEED: [u8; 32] = [7; 32];

/// What to sign with and what to verify with.
fn secrets_of(preset: &Preset) -> Option<(String, String)> {
    let engine = base64::engine::general_purpose::STANDARD;
    let public = Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a seed").public_key().as_ref().to_vec();
    let private = format!("whsk_{}", engine.encode(SEED));
    match (preset.algorithm(), preset.id.as_str()) {
        (Algorithm::Ed25519, "fal") => {
            let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(public);
            Some((private, format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#)))
        }
        (Algorithm::Ed25519, "telnyx") => Some((private, engine.encode(public))),
        (Algorithm::Ed25519, _) => Some((private, hex::encode(public))),
        _ => generate_secret(preset, &[42; 32]).map(|secret| (secret.clone(), secret)),
    }
}

fn signed(preset: &Preset, secret: &str, event_id: &str) -> Result<Signed, SignError> {
    let body = sample_body(preset, event_id, None, 3);
    let kind = sample_type(preset, 3);
    let url = "https://gw.example.test/webhooks/sample?keep=1";
    sign(preset, secret, &Sample { url, method: "POST", body: &body, event_id, event_type: kind }, NOW)
}

fn with<T>(signed: &Signed, run: impl FnOnce(&Request<'_>) -> T) -> T {
    let headers: Vec<(&str, &[u8])> =
        signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    run(&Request { method: "POST", url: &signed.url, headers: &headers, body: &signed.body, cert_pem: None })
}

fn signable() -> impl Iterator<Item = (&'static Preset, String, String)> {
    presets().iter().filter_map(|preset| {
        let (private, secret) = secrets_of(preset)?;
        Some((preset, private, secret))
    })
}

#[test]
fn a_signed_sample_verifies_and_its_id_and_type_are_found_again() {
    let mut count = 0;
    for (preset, private, secret) in signable() {
        let id = &preset.id;
        let sample = signed(preset, &private, "evt_77").unwrap_or_else(|error| panic!("{id}: {error}"));
        with(&sample, |request| {
            // The first secret is none of this vendor's; for key schemes it is not even a key.
            let verdict = verify(preset, &["another", &secret], request, NOW);
            let verified = verdict.unwrap_or_else(|refusal| panic!("{id}: {refusal} {sample:?}"));
            assert_eq!(verified.secret_index, 1, "{id}");
            if let Some(timestamp) = verified.timestamp_unix {
                assert_eq!(timestamp, NOW, "{id}");
            }
            let envelope = normalize(preset, request).unwrap_or_else(|refusal| panic!("{id}: {refusal}"));
            let external = envelope.external_id.expect("an id");
            assert!(external == "evt_77" || external.len() == 64, "{id}: {external}");
            assert_eq!(envelope.event_type.as_deref(), sample_type(preset, 3), "{id}");
            assert!(envelope.subject_id.is_some(), "{id}");
        });
        count += 1;
    }
    assert!(count >= 79, "{count}");
}

#[test]
fn presets_with_an_event_id_keep_the_one_given() {
    let hashed: Vec<&str> = signable()
        .filter(|(preset, private, _)| {
            let sample = signed(preset, private, "evt_77").expect("signed");
            with(&sample, |request| normalize(preset, request)).expect("read").external_id.as_deref()
                != Some("evt_77")
        })
        .map(|(preset, ..)| preset.id.as_str())
        .collect();
    for id in ["elevenlabs", "woocommerce", "huggingface", "meta", "calendly", "zoom", "retell"] {
        assert!(hashed.contains(&id), "{id}");
    }
    for id in
        ["openai", "anthropic", "stripe", "github", "mailgun", "line", "hubspot_v3", "twilio", "generic_hex"]
    {
        assert!(!hashed.contains(&id), "{id}");
    }
}

#[test]
fn every_changed_byte_of_a_signed_body_is_refused() {
    for (preset, private, secret) in signable() {
        let sample = signed(preset, &private, "evt_77").expect("signed");
        // These prove the sender by a value in the body or sign only a part of it.
        if !preset.signs_whole_body() {
            continue;
        }
        for at in 0..sample.body.len() {
            let mut other = sample.clone();
            other.body[at] ^= 1;
            let verdict = with(&other, |request| verify(preset, &[&secret], request, NOW));
            // Twilio signs what the form says, so two spellings of a field are the same.
            assert!(verdict.is_err(), "{} byte {at}", preset.id);
        }
    }
}

#[test]
fn every_changed_byte_of_a_security_header_is_refused() {
    for (preset, private, secret) in signable() {
        let sample = signed(preset, &private, "evt_77").expect("signed");
        for name in preset.security_headers().into_iter().filter(|name| *name != "x-event-id") {
            let index = sample.headers.iter().position(|(n, _)| n == name).expect("the header");
            for at in 0..sample.headers[index].1.len() {
                let mut other = sample.clone();
                let mut value = other.headers[index].1.clone().into_bytes();
                value[at] ^= 1;
                other.headers[index].1 = String::from_utf8(value).expect("ASCII");
                let verdict = with(&other, |request| verify(preset, &[&secret], request, NOW));
                // A changed label beside a good signature, or the case of "Basic", says nothing new.
                let harmless = name == "authorization" && at < 6;
                assert!(verdict.is_err() || harmless, "{} {name} byte {at}", preset.id);
            }
        }
    }
}

#[test]
fn a_repeated_security_header_is_refused() {
    for (preset, private, secret) in signable() {
        let sample = signed(preset, &private, "evt_77").expect("signed");
        for name in preset.security_headers() {
            let mut other = sample.clone();
            let (_, value) = other.headers.iter().find(|(n, _)| n == name).expect("the header").clone();
            other.headers.push((name.to_ascii_uppercase(), value));
            let refusal = with(&other, |request| verify(preset, &[&secret], request, NOW)).expect_err(name);
            assert_eq!(refusal, Refusal::RepeatedHeader { name: name.to_owned() }, "{}", preset.id);
            assert_eq!(refusal.status(), 400);
        }
    }
}

#[test]
fn a_missing_security_header_is_refused_with_its_name() {
    for (preset, private, secret) in signable() {
        let sample = signed(preset, &private, "evt_77").expect("signed");
        for name in preset.security_headers() {
            let mut other = sample.clone();
            other.headers.retain(|(n, _)| n != name);
            let refusal = with(&other, |request| verify(preset, &[&secret], request, NOW)).expect_err(name);
            assert_eq!(refusal, Refusal::MissingHeader { name: name.to_owned() }, "{}", preset.id);
        }
    }
}

#[test]
fn timestamps_beyond_the_tolerance_are_refused_on_both_sides() {
    for (preset, private, secret) in signable() {
        let Some((past, future)) = preset.tolerance_secs() else { continue };
        let sample = signed(preset, &private, "evt_77").expect("signed");
        let at = |now| with(&sample, |request| verify(preset, &[&secret], request, now));
        let (past, future) = (i64::from(past), i64::from(future));
        assert!(at(NOW + past).is_ok() && at(NOW - future).is_ok(), "{}", preset.id);
        assert_eq!(at(NOW + past + 1), Err(Refusal::TimestampStale { seconds: past + 1 }), "{}", preset.id);
        assert_eq!(
            at(NOW - future - 1),
            Err(Refusal::TimestampFuture { seconds: future + 1 }),
            "{}",
            preset.id
        );
        assert!(at(i64::MAX).is_err() && at(i64::MIN).is_err(), "{}", preset.id);
    }
}

#[test]
fn a_rewritten_json_body_is_named_as_the_cause_and_still_refused() {
    for id in ["openai", "stripe", "github", "slack", "generic_hex", "generic_base64"] {
        let preset = preset(id).expect(id);
        let (private, secret) = secrets_of(preset).expect(id);
        let mut sample = signed(preset, &private, "evt_77").expect(id);
        let value: serde_json::Value = serde_json::from_slice(&sample.body).expect(id);
        sample.body = serde_json::to_vec_pretty(&value).expect(id);
        let refusal = with(&sample, |request| verify(preset, &[&secret], request, NOW)).expect_err(id);
        assert_eq!(refusal, Refusal::BodyAltered, "{id}");
        assert_eq!((refusal.code(), refusal.status()), ("body_altered", 401));
        let refusal =
            with(&sample, |request| verify(preset, &["whsec_d3Jvbmc="], request, NOW)).expect_err(id);
        assert_eq!(refusal, Refusal::SignatureMismatch, "{id}");
    }
}

#[test]
fn an_empty_or_absent_secret_accepts_nothing() {
    for (preset, private, secret) in signable() {
        let sample = signed(preset, &private, "evt_77").expect("signed");
        for secrets in [&[][..], &[""], &[secret.as_str(), ""]] {
            let verdict = with(&sample, |request| verify(preset, secrets, request, NOW));
            assert_eq!(verdict, Err(Refusal::NoSecret), "{}", preset.id);
        }
        assert!(signed(preset, "", "evt_77").is_err());
    }
}

#[test]
fn generated_secrets_pass_their_own_check() {
    for preset in presets() {
        match generate_secret(preset, &[200; 32]) {
            Some(secret) => assert_eq!(check_secret(preset, &secret), Ok(()), "{}", preset.id),
            None => assert!(preset.secret_is_the_vendors(), "{}", preset.id),
        }
    }
}

#[test]
fn unusable_secrets_are_refused_when_saved() {
    let refused = [
        ("openai", ""),
        ("github", "copied\n"),
        ("openai", "whsec_%%%"),
        ("std_webhooks", "not base64!"),
        ("discord_events", "12ab"),
        ("fal", r#"{"keys":[]}"#),
        ("sendgrid", "AAAA"),
        ("deepgram_basic", "nocolon"),
        ("huggingface", "gehéim"),
        ("paypal", "WH 1"),
        ("aws_sns", "arn:aws:sns:eu-central-1:12:x"),
        ("plaid", r#"{"keys":[]}"#),
        ("gemini_dynamic", "secret"),
        ("adyen", "not hex"),
        ("telnyx", "AAAA"),
        ("std_webhooks", "whpk_AAAA"),
    ];
    for (id, secret) in refused {
        assert!(check_secret(preset(id).expect(id), secret).is_err(), "{id} {secret}");
    }
    for (preset, _, secret) in signable() {
        assert_eq!(check_secret(preset, &secret), Ok(()), "{}", preset.id);
    }
}

#[test]
fn vendors_with_a_private_key_cannot_be_imitated() {
    for id in ["paypal", "sendgrid", "discord_events", "fal", "plaid", "aws_sns", "gemini_dynamic"] {
        let outcome = signed(preset(id).expect(id), "1JE4291016473214C", "evt_77");
        assert!(matches!(outcome, Err(SignError::CannotSign(_))), "{id}");
    }
}

#[test]
fn no_refusal_repeats_the_secret_or_what_was_sent() {
    for (preset, private, secret) in
        signable().filter(|(preset, ..)| preset.algorithm() != Algorithm::Ed25519)
    {
        let mut sample = signed(preset, &private, "evt_77").expect("signed");
        for (_, value) in &mut sample.headers {
            value.insert_str(0, "zzqq");
        }
        if let Err(refusal) = with(&sample, |request| verify(preset, &[&secret], request, NOW)) {
            let shown = format!("{refusal} {refusal:?}");
            assert!(!shown.contains(&secret) && !shown.contains("zzqq"), "{}", preset.id);
        }
    }
}
