//! What senders are told: every script, run in a real shell with a real openssl, signs what the interpreter accepts.
#![allow(missing_docs, reason = "names of tests are sentences")]
#![allow(clippy::unwrap_used, reason = "a panic is a failed test")]

use signature::{Request, check_secret, generate_secret, preset, presets, verify};
use std::process::Command;

const URL: &str = "https://hooks.example.com/webhooks/acme";

/// Runs a script with a curl that prints its arguments, one a line.
fn run(script: &str, secret: &str) -> Vec<String> {
    let whole = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{script}");
    let ran = Command::new("bash").args(["-euc", &whole]).env("SECRET", secret).output().unwrap();
    assert!(ran.status.success(), "{}\n{script}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_script_signs_a_request_that_is_accepted() {
    let mut tried = 0;
    for preset in presets() {
        let Some(script) = preset.script_for_senders(URL) else { continue };
        let secret = generate_secret(preset, &[7; 32]).unwrap();
        check_secret(preset, &secret).unwrap();
        let said = run(&script, &secret);
        let headers: Vec<(&str, &[u8])> = said
            .windows(2)
            .filter(|pair| pair[0] == "-H")
            .map(|pair| pair[1].split_once(": ").unwrap())
            .map(|(name, value)| (name, value.as_bytes()))
            .collect();
        let body = said.last().unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let request =
            Request { method: "POST", url: URL, headers: &headers, body: body.as_bytes(), cert_pem: None };
        let verdict = verify(preset, &[&secret], &request, i64::try_from(now).unwrap());
        assert!(verdict.is_ok(), "{}: {verdict:?}\n{script}\n{said:#?}", preset.id);
        assert!(!script.contains(&secret));
        tried += 1;
    }
    assert!(tried >= 30, "only {tried} presets have a script");
}

#[test]
fn schemes_that_a_few_lines_cannot_do_have_no_script() {
    for id in ["twilio", "gitlab", "discord_events"] {
        if let Some(preset) = preset(id) {
            assert_eq!(preset.script_for_senders(URL), None, "{id}");
        }
    }
}

#[test]
fn the_facts_name_headers_and_form_of_the_signature() {
    let facts = preset("std_webhooks").unwrap().facts_for_senders();
    let fact = |name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(fact("Algorithm"), Some("HMAC-SHA256"));
    assert_eq!(fact("Signed text"), Some("<webhook-id>.<timestamp>.<body as sent>"));
    assert_eq!(fact("Signature"), Some("webhook-signature: v1,<base64>"));
    assert_eq!(fact("Timestamp"), Some("webhook-timestamp, seconds since 1970"));
    let stripe = preset("stripe").unwrap().facts_for_senders();
    assert!(stripe.iter().any(|(_, value)| value == "stripe-signature: t=<timestamp>,v1=<hexadecimal>"));
    for preset in signature::presets() {
        assert!(preset.facts_for_senders().iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    }
}
