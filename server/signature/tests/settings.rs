//! Presets with other settings, schemes of one's own, and handshakes that no vector covers.

use std::collections::BTreeMap;

use signature::*;

const NOW: i64 = 1_790_000_123;

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn request<'a>(
    method: &'a str,
    url: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    body: &'a [u8],
) -> Request<'a> {
    Request { method, url, headers, body, cert_pem: None }
}

#[test]
fn a_generic_preset_takes_other_headers_prefix_tolerance_and_algorithm() {
    let preset = preset("generic_hex").expect("generic_hex");
    let changed = preset
        .with_options(&options(&[
            ("signature_header", "X-Acme-Signature"),
            ("timestamp_header", "X-Acme-Time"),
            ("id_header", "X-Acme-Id"),
            ("prefix", "v1="),
            ("tolerance", "10"),
            ("algorithm", "hmac-sha512"),
        ]))
        .expect("options");
    let sample =
        Sample { url: "https://x.test/", method: "POST", body: b"{}", event_id: "e1", event_type: None };
    let signed = sign(&changed, "secret", &sample, NOW).expect("signed");
    let value =
        |name: &str| signed.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()).expect("header");
    assert!(value("x-acme-signature").starts_with("v1="));
    assert_eq!(value("x-acme-signature").len(), 3 + 128);
    assert_eq!(value("x-acme-id"), "e1");
    assert_eq!(changed.security_headers(), ["x-acme-id", "x-acme-signature", "x-acme-time"]);
    assert_eq!(changed.tolerance_secs(), Some((10, 10)));
}

#[test]
fn every_offered_setting_is_known_by_its_name_and_can_be_set_to_what_it_is_already() {
    for preset in presets() {
        for option in &preset.options {
            let default = preset.default_of(*option);
            let settings = options(&[(option.as_str(), &default)]);
            if default.is_empty() {
                continue;
            }
            let same = preset.with_options(&settings);
            let same = same.unwrap_or_else(|error| panic!("{} {}: {error}", preset.id, option.as_str()));
            assert_eq!(same.default_of(*option), default, "{} {}", preset.id, option.as_str());
        }
    }
    let generic = preset("generic_hex").expect("generic_hex");
    assert_eq!(generic.default_of(OptionName::SignatureHeader), "x-signature");
    assert_eq!(generic.default_of(OptionName::Algorithm), "hmac-sha256");
}

#[test]
fn settings_a_preset_does_not_offer_are_refused() {
    let stripe = preset("stripe").expect("stripe");
    assert!(stripe.with_options(&options(&[("signature_header", "x-any")])).is_err());
    let generic = preset("generic_hex").expect("generic_hex");
    for (name, value) in [
        ("tolerance", "0"),
        ("tolerance", "-1"),
        ("algorithm", "md5"),
        ("algorithm", "shared-secret"),
        ("signature_header", "a b"),
        ("event_id", "nowhere:x"),
        ("bogus", "1"),
    ] {
        assert!(generic.with_options(&options(&[(name, value)])).is_err(), "{name}={value}");
    }
}

#[test]
fn a_scheme_of_ones_own_signs_and_verifies() {
    let custom = Preset::custom(
        r#"{"id":"acme","algorithm":"hmac-sha512","key":"base64",
            "signature":{"from":"header:x-acme","encoding":"base64","list":";","label":"=","accept":["s"]},
            "timestamp":{"from":"sig:t","unit":"ms","past":60,"future":60},
            "signed":"{method}|{header:x-id}|{ts}|{body_sha256}","require":["header:x-id"],
            "event":{"id":["header:x-id"],"type":["json:kind"]}}"#,
    )
    .expect("a scheme");
    let secret = generate_secret(&custom, &[1; 32]).expect("a secret");
    let body = sample_body(&custom, "e1", Some("made"), 1);
    let sample = Sample {
        url: "https://x.test/",
        method: "PUT",
        body: &body,
        event_id: "e1",
        event_type: Some("made"),
    };
    let signed = sign(&custom, &secret, &sample, NOW).expect("signed");
    let headers: Vec<(&str, &[u8])> =
        signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes())).collect();
    let delivery = Delivery::new(request("PUT", &signed.url, &headers, &signed.body));
    assert_eq!(
        delivery.verify(&custom, &[&secret], NOW),
        Ok(Verified { secret_index: 0, timestamp_unix: Some(NOW) })
    );
    assert_eq!(delivery.normalize(&custom).expect("read").event_type.as_deref(), Some("made"));
}

#[test]
fn schemes_that_prove_nothing_are_refused_when_saved() {
    let base = r#""id":"a","signature":{"from":"header:x","encoding":"hex"}"#;
    for rest in [
        r#""algorithm":"hmac-sha256","signed":"{ts}{body}""#,
        r#""algorithm":"sha256","signed":"{body}""#,
        r#""algorithm":"ed25519","key":"raw","signed":"{body}""#,
        r#""algorithm":"hmac-sha256","signed":"{bogus}""#,
        r#""algorithm":"hmac-sha256","signed":"{body}","surprise":1"#,
        r#""algorithm":"hmac-sha256","signed":"{sig:t}""#,
        r#""algorithm":"hmac-sha256","signed":"constant""#,
        r#""algorithm":"hmac-sha256""#,
        r#""algorithm":"none","signed":"{body}""#,
    ] {
        assert!(Preset::custom(&format!("{{{base},{rest}}}")).is_err(), "{rest}");
    }
    assert!(Preset::custom(&format!(r#"{{{base},"algorithm":"hmac-sha256","signed":"{{body}}"}}"#)).is_ok());
}

#[test]
fn meta_gets_its_challenge_only_with_the_verify_token() {
    let meta = preset("meta").expect("meta");
    assert_eq!((meta.handshake_method(), meta.handshake_is_unsigned()), (Some("GET"), true));
    let ask = |token: &str| {
        let url =
            format!("https://x.test/meta?hub.mode=subscribe&hub.challenge=12%2034&hub.verify_token={token}");
        handshake(meta, &["appsecret", "token"], &request("GET", &url, &[], b""))
    };
    assert_eq!(ask("token").expect("a reply").body, b"12 34");
    assert_eq!(ask("wrong"), None);
    assert_eq!(ask("token&hub.verify_token=token"), None);
    assert_eq!(ask(""), None);
}

#[test]
fn slack_gets_its_challenge_back() {
    let slack = preset("slack").expect("slack");
    let body = br#"{"type":"url_verification","challenge":"abc"}"#;
    let reply = handshake(slack, &["s"], &request("POST", "https://x.test/", &[], body)).expect("a reply");
    assert_eq!((reply.status, reply.body), (200, b"abc".to_vec()));
    assert!(!slack.handshake_is_unsigned());
    assert_eq!(
        handshake(slack, &["s"], &request("POST", "https://x.test/", &[], br#"{"type":"event_callback"}"#)),
        None
    );
}

#[test]
fn notions_token_is_handed_over_for_a_person_to_see() {
    let notion = preset("notion").expect("notion");
    let reply = handshake(
        notion,
        &[],
        &request("POST", "https://x.test/", &[], br#"{"verification_token":"secret_1"}"#),
    );
    assert_eq!(reply.expect("a reply").captured_secret.as_deref(), Some("secret_1"));
}

#[test]
fn the_first_place_that_holds_an_id_wins_and_the_hash_is_last() {
    let anthropic = preset("anthropic").expect("anthropic");
    let headers: [(&str, &[u8]); 1] = [("Webhook-Id", b"msg_1")];
    let read = |body: &[u8]| {
        normalize(anthropic, &request("POST", "https://x.test/", &headers, body)).expect("read")
    };
    assert_eq!(read(br#"{"id":"evt_1"}"#).external_id.as_deref(), Some("evt_1"));
    assert_eq!(read(br#"{"id":""}"#).external_id.as_deref(), Some("msg_1"));
    let none = normalize(anthropic, &request("POST", "https://x.test/", &[], b"{}")).expect("read");
    assert_eq!(none.external_id.expect("an id").len(), 64);
    let refusal = normalize(anthropic, &request("POST", "https://x.test/", &[], b"{")).expect_err("not JSON");
    assert_eq!((refusal.code(), refusal.status()), ("body_not_json", 400));
}

#[test]
fn json_inside_a_form_field_is_read() {
    let github = preset("github").expect("github");
    let headers: [(&str, &[u8]); 2] =
        [("content-type", b"application/x-www-form-urlencoded"), ("x-github-delivery", b"d1")];
    let body = b"payload=%7B%22repository%22%3A%7B%22full_name%22%3A%22a%2Fb%22%7D%7D";
    let envelope = normalize(github, &request("POST", "https://x.test/", &headers, body)).expect("read");
    assert_eq!((envelope.external_id.as_deref(), envelope.subject_id.as_deref()), (Some("d1"), Some("a/b")));
}

#[test]
fn no_preset_panics_on_hostile_input() {
    let values: [&[u8]; 8] =
        [b"", b"=", b"v1,", b"t=,v1=,", b"\xff\xfe", b"Basic \xff", b"999999999999999999999", b"v0=v0=v0="];
    let bodies: [&[u8]; 5] = [b"", b"\xff", b"[[[[", b"{\"a\":\"\\u", b"a=%&b=%zz"];
    for preset in presets() {
        for value in values {
            for body in bodies {
                let names = preset.security_headers();
                let mut headers: Vec<(&str, &[u8])> = names.into_iter().map(|name| (name, value)).collect();
                headers.push(("content-type", b"application/x-www-form-urlencoded"));
                for url in ["", "?", "x?secret=%&token=\u{e9}", "https://\u{e9}:99999@[::1]:x/%e"] {
                    let delivery = Delivery::new(request("POST", url, &headers, body));
                    assert!(
                        delivery.verify(preset, &["whsec_AA==", "k"], i64::MAX).is_err(),
                        "{}",
                        preset.id
                    );
                    let _ = delivery.normalize(preset);
                    let _ = delivery.handshake(preset, &[]);
                    let _ = delivery.one_time_value(preset);
                }
            }
        }
    }
}

#[test]
fn a_scheme_of_ones_own_can_be_written_as_toml_and_its_errors_name_the_line() {
    let text = "algorithm = \"hmac-sha256\"\n\
                signature = { from = \"header:x-acme\", encoding = \"hex\" }\n\
                signed = \"{body}\"\n";
    let custom = Preset::custom(text).expect("a scheme");
    assert_eq!((custom.id.as_str(), custom.algorithm()), ("custom", Algorithm::HmacSha256));
    let error = |text: &str| Preset::custom(text).expect_err(text);
    assert!(error(&text.replace("signed =", "singed =")).contains("singed"));
    assert!(error(&text.replace("signed =", "singed =")).contains("line 3"));
    assert!(error(&text.replace("{body}", "{bodi}")).contains("bodi"));
    assert!(error(&text.replace("hex", "base32")).contains("line 2"));
    assert!(error("{\"algorithm\":").contains("line 1"));
    assert!(!error("a = [").contains('\n'));
}

#[test]
fn a_scheme_of_ones_own_cannot_make_this_server_fetch_anything() {
    for text in [
        "algorithm = \"rsa-sha256\"\nkey = \"certificate\"\nsignature = { from = \"header:x\", encoding = \"base64\" }\nsigned = \"{body}\"",
        "algorithm = \"ed25519\"\nkey = \"jwks\"\nkeys = { url = \"https://169.254.169.254/\", max_age = 1 }\nsignature = { from = \"header:x\", encoding = \"hex\" }\nsigned = \"{body}\"",
        "algorithm = \"aws-sns\"\nkey = \"certificate\"\nsignature = { from = \"json:Signature\", encoding = \"base64\" }",
    ] {
        assert!(Preset::custom(text).is_err(), "{text}");
    }
    assert!(Preset::custom(&"#".repeat(20_000)).expect_err("too long").contains("bytes"));
}

#[test]
fn a_value_that_counts_once_is_told_with_its_content() {
    let mailgun = preset("mailgun").expect("mailgun");
    let once = |body: &str, id: &str| {
        let request = request("POST", "https://x.test/", &[], body.as_bytes());
        Delivery::new(request).once(mailgun, id).expect("a token")
    };
    let body = r#"{"signature":{"token":"t1"},"event-data":{"id":"a"}}"#;
    let first = once(body, "a");
    assert_eq!(first, once(body, "a"));
    assert_eq!(first.seconds, 86_700);
    let forged = once(&body.replace("\"a\"", "\"b\""), "b");
    assert_eq!(forged.value, first.value);
    assert_ne!(forged.content, first.content);
    assert_ne!(once(&body.replace("t1", "t2"), "a").value, first.value);
}

#[test]
fn any_sender_can_be_held_to_one_use_of_each_signature() {
    let generic = preset("generic_hex").expect("generic_hex");
    let headers: [(&str, &[u8]); 1] = [("x-signature", b"abc")];
    let request = request("POST", "https://x.test/", &headers, b"{}");
    let delivery = Delivery::new(request);
    assert_eq!(delivery.once(generic, "1"), None);
    let guarded = generic.with_options(&options(&[("one_time", "header:x-signature")])).expect("an option");
    let (one, other) =
        (delivery.once(&guarded, "1").expect("one"), delivery.once(&guarded, "2").expect("two"));
    assert_eq!((one.value, one.seconds), (other.value, 600));
    assert_ne!(one.content, other.content);
}

/// A signature can be written in several ways, so its header is no good measure of what came before.
#[test]
fn a_signed_text_counts_once_however_its_signature_is_written() {
    let generic = preset("generic_hex").expect("generic_hex");
    let guarded = generic.with_options(&options(&[("one_time", "signed")])).expect("an option");
    let sample =
        Sample { url: "https://x.test/", method: "POST", body: b"{}", event_id: "e1", event_type: None };
    let once = |at: i64, id: &str, write: fn(&str) -> String| {
        let signed = sign(&guarded, "secret", &sample, at).expect("signed");
        let headers: Vec<(String, String)> = signed
            .headers
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "x-signature" => (name, write(&value)),
                "x-event-id" => (name, id.to_owned()),
                _ => (name, value),
            })
            .collect();
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let delivery = Delivery::new(request("POST", "https://x.test/", &headers, &signed.body));
        delivery.verify(&guarded, &["secret"], NOW).expect("authentic");
        delivery.once(&guarded, id).expect("counts once")
    };
    let first = once(NOW, "e1", str::to_owned);
    assert_eq!(once(NOW, "e1", str::to_owned), first, "the vendor's own repetition");
    let forged = once(NOW, "e2", |hex| hex.to_ascii_uppercase());
    assert_eq!(forged.value, first.value);
    assert_ne!(forged.content, first.content);
    assert_ne!(once(NOW + 1, "e2", str::to_owned).value, first.value, "signed anew is something new");
    // Nothing is signed here that could come again.
    let bare = r#"{"algorithm":"shared-secret","signature":{"from":"header:x","encoding":"text"},"one_time":"signed"}"#;
    assert!(Preset::custom(bare).is_err());
}

#[test]
fn a_vendor_that_signs_for_everybody_can_be_held_to_ones_own_account() {
    let fal = preset("fal").expect("fal");
    let ours = fal.with_options(&options(&[("audience", "me")])).expect("an option");
    let seed = "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let sample =
        Sample { url: "https://x.test/", method: "POST", body: b"{}", event_id: "e", event_type: None };
    let signed = sign(fal, seed, &sample, NOW).expect("signed");
    let headers: Vec<(&str, &[u8])> =
        signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = request("POST", "https://x.test/", &headers, &signed.body);
    // The sample is of the account `sample-user`.
    let keys =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"6kqoAWzbDJSOwm7iSVFPnQpRQcUzxapfwjvi6zElNdE"}]}"#;
    assert_eq!(verify(&ours, &[keys], &request, NOW), Err(Refusal::AudienceMismatch));
    assert_ne!(verify(fal, &[keys], &request, NOW), Err(Refusal::AudienceMismatch));
}
