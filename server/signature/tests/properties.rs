//! What holds for every input, tried on many made-up ones.

use proptest::prelude::*;
use signature::*;

const NOW: i64 = 1_790_000_123;

/// Presets that can be signed with a secret made here.
fn signable() -> Vec<(&'static Preset, String)> {
    presets().iter().filter_map(|preset| Some((preset, generate_secret(preset, &[42; 32])?))).collect()
}

fn signed(preset: &Preset, secret: &str, n: u64) -> Signed {
    let body = sample_body(preset, "evt_77", None, n);
    let url = "https://gw.example.test/webhooks/sample?keep=1";
    let kind = sample_type(preset, n);
    let sample = Sample { url, method: "POST", body: &body, event_id: "evt_77", event_type: kind };
    sign(preset, secret, &sample, NOW).expect("signed")
}

fn judge(preset: &Preset, secrets: &[&str], signed: &Signed) -> Result<Verified, Refusal> {
    let headers: Vec<(&str, &[u8])> =
        signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request =
        Request { method: "POST", url: &signed.url, headers: &headers, body: &signed.body, cert_pem: None };
    verify(preset, secrets, &request, NOW)
}

fn any_preset() -> impl Strategy<Value = usize> {
    0..presets().len()
}

fn any_signable() -> impl Strategy<Value = usize> {
    0..signable().len()
}

fn settings() -> ProptestConfig {
    // Failures are kept as ordinary tests, not in files beside them.
    ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn nothing_that_is_sent_makes_any_part_panic(
        at in any_preset(),
        values in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 8),
        body in prop::collection::vec(any::<u8>(), 0..200),
        url in ".{0,60}",
        method in "(GET|POST|HEAD|.{0,6})",
        secret in ".{0,50}",
        now in any::<i64>(),
    ) {
        let preset = &presets()[at];
        let mut headers: Vec<(&str, &[u8])> =
            preset.security_headers().into_iter().zip(values.iter().map(Vec::as_slice)).collect();
        headers.push(("content-type", &values[7]));
        let request = Request { method: &method, url: &url, headers: &headers, body: &body, cert_pem: Some(&url) };
        let delivery = Delivery::new(request);
        let secrets = [secret.as_str(), "k"];
        let verdict = delivery.verify(preset, &secrets, now);
        if preset.algorithm() != Algorithm::SharedSecret {
            prop_assert!(verdict.is_err());
        }
        let _ = delivery.diagnose(preset, &secrets, now);
        let _ = delivery.normalize(preset);
        let _ = delivery.one_time_value(preset);
        let _ = certificate_url(preset, &request);
        let _ = key_id(preset, &request);
        let _ = check_secret(preset, &secret);
        if let Some(reply) = delivery.handshake(preset, &secrets) {
            prop_assert!(reply.body.len() <= 1024 && !reply.body.contains(&b'<'));
        }
    }

    #[test]
    fn json_like_bodies_never_panic_and_are_never_accepted(
        at in any_preset(),
        body in r#"[\[\]{}",:\\u0-9a-f/é ]{0,80}"#,
    ) {
        let preset = &presets()[at];
        let names = preset.security_headers();
        let headers: Vec<(&str, &[u8])> =
            names.iter().map(|name| (*name, &b"t=1790000123,v1=00,sha256=00"[..])).collect();
        let request = Request {
            method: "POST", url: "https://x.test/", headers: &headers, body: body.as_bytes(), cert_pem: None,
        };
        prop_assert!(verify(preset, &["k"], &request, NOW).is_err());
        let _ = diagnose(preset, &["k"], &request, NOW);
        let _ = normalize(preset, &request);
    }

    #[test]
    fn what_is_signed_is_accepted(at in any_signable(), n in any::<u64>()) {
        let (preset, secret) = &signable()[at];
        let verdict = judge(preset, &["another", secret], &signed(preset, secret, n));
        prop_assert_eq!(verdict.map(|v| v.secret_index), Ok(1), "{}", &preset.id);
    }

    #[test]
    fn any_changed_bit_of_a_signed_body_is_refused(at in any_signable(), byte in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (preset, secret) = &signable()[at];
        if preset.signs_whole_body() {
            let mut changed = signed(preset, secret, 1);
            let byte = byte.index(changed.body.len());
            changed.body[byte] ^= 1_u8 << bit;
            prop_assert!(judge(preset, &[secret], &changed).is_err(), "{} byte {byte} bit {bit}", preset.id);
        }
    }

    #[test]
    fn any_changed_bit_of_a_security_header_is_refused(
        at in any_signable(),
        which in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        bit in 0_u8..7,
    ) {
        let (preset, secret) = &signable()[at];
        let mut changed = signed(preset, secret, 1);
        let names = preset.security_headers();
        // An unsigned id proves nothing, and "Basic" may be in any case.
        let free = |name: &&str| *name != "x-event-id" && *name != "authorization";
        let names: Vec<&str> = names.into_iter().filter(free).collect();
        if !names.is_empty() {
            let name = names[which.index(names.len())];
            let (_, value) = changed.headers.iter_mut().find(|(known, _)| known == name).expect("the header");
            let mut bytes = value.clone().into_bytes();
            let byte = byte.index(bytes.len());
            bytes[byte] ^= 1_u8 << bit;
            let other = String::from_utf8(bytes).expect("ASCII");
            // Hexadecimal may be written in upper case, and a number may begin with zeros.
            if !other.eq_ignore_ascii_case(value) {
                *value = other;
                prop_assert!(judge(preset, &[secret], &changed).is_err(), "{} {name} byte {byte}", preset.id);
            }
        }
    }

    #[test]
    fn order_and_case_of_headers_do_not_matter(at in any_signable(), turn in any::<prop::sample::Index>()) {
        let (preset, secret) = &signable()[at];
        let mut other = signed(preset, secret, 1);
        let turn = turn.index(other.headers.len());
        other.headers.rotate_left(turn);
        for (index, (name, value)) in other.headers.iter_mut().enumerate() {
            if index % 2 == 0 {
                *name = name.to_ascii_uppercase();
            }
            *value = format!(" \t{value} ");
        }
        prop_assert!(judge(preset, &[secret], &other).is_ok(), "{}", preset.id);
    }

    #[test]
    fn further_signatures_beside_the_good_one_do_not_matter(before in "[a-z0-9]{1,8}", junk in "[A-Za-z0-9+/]{0,60}") {
        for (id, name, between, label) in [
            ("std_webhooks", "webhook-signature", " ", ","),
            ("svix", "svix-signature", " ", ","),
            ("stripe", "stripe-signature", ",", "="),
            ("paddle", "paddle-signature", ";", "="),
            ("pagerduty", "x-pagerduty-signature", ",", "="),
        ] {
            let preset = preset(id).expect(id);
            let secret = generate_secret(preset, &[42; 32]).expect(id);
            let mut other = signed(preset, &secret, 1);
            let (_, value) = other.headers.iter_mut().find(|(known, _)| known == name).expect(name);
            // `t` and `ts` are the time, which may not repeat.
            *value = format!("x{before}{label}{junk}{between}{value}{between}v9{label}{junk}");
            prop_assert!(judge(preset, &[&secret], &other).is_ok(), "{id} {value:?}", value = other.headers);
        }
    }

    #[test]
    fn forms_that_are_signed_are_accepted_however_they_are_written(body in "([a-c%&=+ é0-9]|%[0-9a-f]{2}){0,40}") {
        let twilio = preset("twilio").expect("twilio");
        let sample = Sample { url: "https://x.test/h", method: "POST", body: body.as_bytes(), event_id: "e", event_type: None };
        let signed = sign(twilio, "secret", &sample, NOW).expect("signed");
        prop_assert!(judge(twilio, &["secret"], &signed).is_ok());
    }

    #[test]
    fn schemes_of_ones_own_are_refused_in_words_or_work(json in r#"[\{\}\[\]",:a-z_0-9]{0,120}"#, signed_text in "[a-z{}:._]{0,30}") {
        if let Err(error) = Preset::custom(&json) {
            prop_assert!(!error.is_empty());
        }
        let written = serde_json::json!({"id": "a", "algorithm": "hmac-sha256", "signed": signed_text,
            "signature": {"from": "header:x-s", "encoding": "hex"}});
        if let Ok(custom) = Preset::custom(&written.to_string()) {
            let secret = generate_secret(&custom, &[1; 32]).expect("a secret");
            let body = sample_body(&custom, "e", None, 1);
            let sample = Sample { url: "https://x.test/", method: "POST", body: &body, event_id: "e", event_type: None };
            if let Ok(signed) = sign(&custom, &secret, &sample, NOW) {
                prop_assert!(judge(&custom, &[&secret], &signed).is_ok(), "{signed_text}");
            }
        }
    }
}
