//! Every set-up request with its exact reply, and what strangers could try with it.

use base64::Engine as _;
use signature::*;

const NOW: i64 = 1_790_000_123;
const URL: &str = "https://gw.example.test/webhooks/sample";
const FORM: (&str, &[u8]) = ("Content-Type", b"application/x-www-form-urlencoded");

struct Ask<'a> {
    preset: &'a str,
    method: &'a str,
    query: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
    body: &'a [u8],
    secrets: &'a [&'a str],
}

impl Ask<'_> {
    fn get<'a>(preset: &'a str, query: &'a str) -> Ask<'a> {
        Ask { preset, method: "GET", query, headers: &[], body: b"", secrets: &["secret"] }
    }

    fn post<'a>(preset: &'a str, headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> Ask<'a> {
        Ask { preset, method: "POST", query: "", headers, body, secrets: &["secret"] }
    }

    fn reply(&self) -> Option<Reply> {
        let url = format!("{URL}{}", self.query);
        let request = Request {
            method: self.method,
            url: &url,
            headers: self.headers,
            body: self.body,
            cert_pem: None,
        };
        let preset = preset(self.preset).expect(self.preset);
        let reply = handshake(preset, self.secrets, &request);
        if preset.handshake_is_unsigned() {
            assert!(verify(preset, self.secrets, &request, NOW).is_err(), "{} is no event", self.preset);
        }
        reply
    }

    fn text(&self) -> Option<(u16, Option<String>, String)> {
        let reply = self.reply()?;
        assert!(reply.headers.contains(&("x-content-type-options".to_owned(), "nosniff".to_owned())));
        Some((reply.status, reply.content_type, String::from_utf8(reply.body).expect("UTF-8")))
    }
}

fn plain(body: &str) -> Option<(u16, Option<String>, String)> {
    Some((200, Some("text/plain".to_owned()), body.to_owned()))
}

fn nothing(status: u16) -> Option<(u16, Option<String>, String)> {
    Some((status, None, String::new()))
}

#[test]
fn a_challenge_in_the_url_comes_back_as_plain_text() {
    assert_eq!(Ask::get("dropbox", "?challenge=ab12").text(), plain("ab12"));
    let token = "?validationToken=Validation%3A+Testing+reachability+Request-Id%3A+1-2";
    let ask = Ask { method: "POST", ..Ask::get("microsoft_graph", token) };
    assert_eq!(ask.text(), plain("Validation: Testing reachability Request-Id: 1-2"));
    let ask = Ask::get("meta", "?hub.mode=subscribe&hub.challenge=1158&hub.verify_token=secret");
    assert_eq!(ask.text(), plain("1158"));
    assert_eq!(Ask { secrets: &["other"], ..ask }.text(), None);
}

#[test]
fn a_page_or_a_long_text_never_comes_back() {
    let long = "a".repeat(1025);
    let hostile = [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "a%26lt%3Bb",
        "a%22b",
        "a%27b",
        "a%60b",
        "a%5Cb",
        "a%0D%0Ax-evil%3A1",
        "%00",
        "%7F",
        "%C3%A9",
        "%FF",
        "",
        &long,
    ];
    for value in hostile {
        let graph = format!("?validationToken={value}");
        let dropbox = format!("?challenge={value}");
        let meta = format!("?hub.mode=subscribe&hub.verify_token=secret&hub.challenge={value}");
        let crc = format!("?crc_token={value}");
        assert_eq!(Ask { method: "POST", ..Ask::get("microsoft_graph", &graph) }.reply(), None, "{value}");
        for (id, query) in [("dropbox", &dropbox), ("meta", &meta), ("x", &crc)] {
            assert_eq!(Ask::get(id, query).reply(), None, "{id} {value}");
        }
    }
    let repeated = Ask::get("dropbox", "?challenge=a&challenge=b");
    assert_eq!(repeated.reply(), None);
}

#[test]
fn a_handshake_with_a_body_or_another_method_is_none() {
    let graph = Ask { method: "POST", ..Ask::get("microsoft_graph", "?validationToken=a") };
    assert_eq!(Ask { body: b"{\"value\":[]}", ..graph }.reply(), None);
    assert_eq!(Ask { method: "POST", ..Ask::get("dropbox", "?challenge=a") }.reply(), None);
    assert_eq!(Ask { method: "POST", ..Ask::get("x", "?crc_token=a") }.reply(), None);
    assert_eq!(Ask { method: "GET", ..Ask::get("trello", "") }.reply(), None);
}

#[test]
fn trello_asks_with_head_and_gets_200() {
    assert_eq!(Ask { method: "HEAD", ..Ask::get("trello", "") }.text(), nothing(200));
}

#[test]
fn woocommerce_gets_exactly_200_for_its_number_and_for_nothing_else() {
    let ask = |body| Ask::post("woocommerce", &[FORM], body).text();
    assert_eq!(ask(b"webhook_id=17"), nothing(200));
    for body in
        [&b"webhook_id="[..], b"webhook_id=1x", b"webhook_id=%3Cb%3E", b"webhook_id=1&webhook_id=2", b"{}"]
    {
        assert_eq!(ask(body), None, "{body:?}");
    }
    let long = format!("webhook_id=1&x={}", "a".repeat(64));
    assert_eq!(ask(long.as_bytes()), None);
    let signed = [FORM, ("X-WC-Webhook-Signature", &b"AAAA"[..])];
    assert_eq!(Ask::post("woocommerce", &signed, b"webhook_id=17").text(), None);
}

#[test]
fn asana_gets_its_secret_back_and_it_is_handed_over() {
    let secret: [(&str, &[u8]); 1] = [("X-Hook-Secret", b"b537207f20cbfa02")];
    let reply = Ask::post("asana", &secret, b"{}").reply().expect("a reply");
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert!(reply.headers.contains(&("x-hook-secret".to_owned(), "b537207f20cbfa02".to_owned())));
    assert_eq!(reply.captured_secret.as_deref(), Some("b537207f20cbfa02"));
    for value in [&b"short"[..], b"has a space", b"<script>xx", b"\xffabcdefgh"] {
        assert_eq!(Ask::post("asana", &[("x-hook-secret", value)], b"{}").reply(), None, "{value:?}");
    }
    let twice: [(&str, &[u8]); 2] =
        [("x-hook-secret", b"b537207f20cbfa02"), ("X-Hook-Secret", b"b537207f20cbfa02")];
    assert_eq!(Ask::post("asana", &twice, b"{}").reply(), None);
    let event: [(&str, &[u8]); 2] = [("x-hook-secret", b"b537207f20cbfa02"), ("x-hook-signature", b"00")];
    assert_eq!(Ask::post("asana", &event, b"{}").reply(), None);
}

#[test]
fn notion_hands_its_token_over_once_and_an_event_is_no_handshake() {
    let token = br#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#;
    let reply = Ask::post("notion", &[], token).reply().expect("a reply");
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    assert_eq!(reply.captured_secret.expect("a secret").len(), 50);
    let event = br#"{"verification_token":"secret_tMrlL1qK5vuQ","type":"page.created"}"#;
    assert_eq!(Ask::post("notion", &[], event).reply(), None);
    let long = format!(r#"{{"verification_token":"{}"}}"#, "a".repeat(257));
    assert_eq!(Ask::post("notion", &[], long.as_bytes()).reply(), None);
}

#[test]
fn daily_tries_the_address_with_an_unsigned_test() {
    assert_eq!(Ask::post("daily", &[], br#"{"test":"test"}"#).text(), nothing(200));
    assert_eq!(Ask::post("daily", &[], br#"{"test":"other"}"#).text(), None);
}

#[test]
fn slack_front_and_discord_get_what_they_expect() {
    let slack = Ask::post("slack", &[], br#"{"type":"url_verification","challenge":"3eZbrw1a"}"#);
    assert_eq!(slack.text(), plain("3eZbrw1a"));
    let hostile = br#"{"type":"url_verification","challenge":"<img src=x>"}"#;
    assert_eq!(Ask::post("slack", &[], hostile).text(), None);
    let front: [(&str, &[u8]); 1] = [("X-Front-Challenge", b"abc")];
    assert_eq!(Ask::post("front", &front, b"{}").text(), plain("abc"));
    let json = |body: &str| Some((200, Some("application/json".to_owned()), body.to_owned()));
    assert_eq!(Ask::post("discord_interactions", &[], br#"{"type":1}"#).text(), json(r#"{"type":1}"#));
    assert_eq!(Ask::post("discord_interactions", &[], br#"{"type":2}"#).text(), None);
    let kind = Some("application/json".to_owned());
    assert_eq!(Ask::post("discord_events", &[], br#"{"type":0}"#).text(), Some((204, kind, String::new())));
    for id in ["slack", "front", "zoom", "discord_interactions", "discord_events"] {
        assert!(!preset(id).expect(id).handshake_is_unsigned(), "{id}");
    }
}

#[test]
fn zoom_is_answered_every_time_it_asks_again() {
    let zoom = preset("zoom").expect("zoom");
    let body = br#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
    for at in [NOW, NOW + 72 * 3600, NOW + 144 * 3600] {
        let sample = Sample { url: URL, method: "POST", body, event_id: "e", event_type: None };
        let signed = sign(zoom, "secret", &sample, at).expect("signed");
        let headers: Vec<(&str, &[u8])> =
            signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request =
            Request { method: "POST", url: URL, headers: &headers, body: &signed.body, cert_pem: None };
        assert!(verify(zoom, &["secret"], &request, at).is_ok());
        let reply = handshake(zoom, &["secret"], &request).expect("a reply");
        assert_eq!((reply.status, reply.content_type.as_deref()), (200, Some("application/json")));
        let said: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(said["plainToken"], "qgg8vlvZRS6UYooatFL8Aw");
        // HMAC-SHA256 of the token under "secret", computed elsewhere.
        assert_eq!(
            said["encryptedToken"],
            "72cef096bfd47c0b8664df30d07721641e4abd7e885ba432204260db477a9a3e"
        );
    }
}

#[test]
fn x_gets_its_token_signed_and_the_answer_signs_no_event() {
    let ask = Ask::get("x", "?crc_token=NDhiZmQ4ZjQ");
    let (status, kind, body) = ask.text().expect("a reply");
    assert_eq!((status, kind.as_deref()), (200, Some("application/json")));
    assert_eq!(body, r#"{"response_token":"sha256=4pmB+7pBP1UDbvJseuS0JFrFjEyQ3TFb0PiozdVjlSk="}"#);
    assert_eq!(Ask { secrets: &[], ..Ask::get("x", "?crc_token=a") }.reply(), None);
    assert_eq!(Ask { secrets: &[""], ..Ask::get("x", "?crc_token=a") }.reply(), None);
    // Whatever anybody has signed is refused as a body.
    let x = preset("x").expect("x");
    for token in ["123", "NDhiZmQ4ZjQ", "-1", "1.5", "true", "null", "_-.=+/:"] {
        let query = format!("?crc_token={}", token.replace('+', "%2B"));
        let (_, _, body) = Ask::get("x", &query).text().expect(token);
        let reply: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let signature = reply["response_token"].as_str().expect("a signature").as_bytes();
        let headers: [(&str, &[u8]); 1] = [("x-twitter-webhooks-signature", signature)];
        let request =
            Request { method: "POST", url: URL, headers: &headers, body: token.as_bytes(), cert_pem: None };
        assert_eq!(verify(x, &["secret"], &request, NOW), Err(Refusal::BodyNotJson), "{token}");
    }
    for token in ["%7B%22for_user_id%22:1%7D", "%5B1%5D", "%22a%22", "a%20b", "a%0A"] {
        assert_eq!(Ask::get("x", &format!("?crc_token={token}")).reply(), None, "{token}");
    }
    let long = format!("?crc_token={}", "a".repeat(257));
    assert_eq!(Ask::get("x", &long).reply(), None);
}

#[test]
fn schemes_of_ones_own_cannot_turn_the_address_into_a_page_or_a_signer() {
    let with = |signed: &str, reply: &str| {
        Preset::custom(&format!(
            r#"{{"id":"a","algorithm":"hmac-sha256","signature":{{"from":"header:x","encoding":"hex"}},
            "signed":"{signed}","handshake":{{"method":"GET","unsigned":true,"present":["query:c"],"reply":{reply}}}}}"#
        ))
    };
    assert!(with("{body}", r#"{"status":200,"body":"{query:c}"}"#).is_ok());
    assert!(with("{body}", r#"{"status":200,"body":"{hmac_hex:query:c}"}"#).is_ok());
    for (signed, reply) in [
        ("{body}", r#"{"status":200,"content_type":"text/html","body":"{query:c}"}"#),
        ("{body}", r#"{"status":302,"body":"{query:c}"}"#),
        ("{body}", r#"{"status":200,"body":"{secret}"}"#),
        ("{body}", r#"{"status":200,"body":"{body}"}"#),
        ("{body}", r#"{"status":200,"body":"{url}"}"#),
        ("{body}", r#"{"status":200,"headers":{"a b":"{query:c}"}}"#),
        ("{body}", r#"{"status":200,"headers":{"x-y":"{secret}"}}"#),
        ("{url}{body}", r#"{"status":200,"body":"{hmac_hex:query:c}"}"#),
        ("v0:{body}", r#"{"status":200,"json":{"a":["{hmac_base64:query:c}"]}}"#),
    ] {
        assert!(with(signed, reply).is_err(), "{signed} {reply}");
    }
}

#[test]
fn every_unsigned_handshake_is_known_and_no_sample_event_is_taken_for_one() {
    let unsigned: Vec<&str> =
        presets().iter().filter(|p| p.handshake_is_unsigned()).map(|p| p.id.as_str()).collect();
    let mut known =
        ["asana", "daily", "dropbox", "meta", "microsoft_graph", "notion", "trello", "woocommerce", "x"];
    known.sort_unstable();
    let mut found = unsigned.clone();
    found.sort_unstable();
    assert_eq!(found, known);
    let engine = base64::engine::general_purpose::STANDARD;
    let secret = engine.encode([9; 32]);
    for id in unsigned {
        let preset = preset(id).expect(id);
        let body = sample_body(preset, "evt_1", None, 1);
        let sample = Sample { url: URL, method: "POST", body: &body, event_id: "evt_1", event_type: None };
        let signed = sign(preset, &secret, &sample, NOW).expect(id);
        let headers: Vec<(&str, &[u8])> =
            signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = Request {
            method: "POST",
            url: &signed.url,
            headers: &headers,
            body: &signed.body,
            cert_pem: None,
        };
        assert_eq!(handshake(preset, &[&secret], &request), None, "{id}");
        assert!(verify(preset, &[&secret], &request, NOW).is_ok(), "{id}");
    }
}
