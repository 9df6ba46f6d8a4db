//! Any JSON as a scheme of one's own: refused in words or usable, and a usable one accepts nothing unsigned.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signature::{Preset, Request, Sample, check_secret, generate_secret, normalize, sample_body, sign, verify};
use signature_fuzz::NOW;

fuzz_target!(|text: &str| {
    let preset = match Preset::custom(text) {
        Ok(preset) => preset,
        Err(error) => {
            assert!(!error.is_empty());
            return;
        }
    };
    let body = sample_body(&preset, "evt_1", Some("made"), 1);
    let bare = Request { method: "POST", url: "https://x.test/", headers: &[], body: &body, cert_pem: None };
    assert!(verify(&preset, &["secret"], &bare, NOW).is_err());
    let _ = normalize(&preset, &bare);
    let Some(secret) = generate_secret(&preset, &[3; 32]) else { return };
    let _ = check_secret(&preset, &secret);
    let sample = Sample {
        url: "https://x.test/",
        method: "POST",
        body: &body,
        event_id: "evt_1",
        event_type: Some("made"),
    };
    let Ok(signed) = sign(&preset, &secret, &sample, NOW) else { return };
    let headers: Vec<(&str, &[u8])> =
        signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request =
        Request { method: "POST", url: &signed.url, headers: &headers, body: &signed.body, cert_pem: None };
    let _ = verify(&preset, &[&secret], &request, NOW);
});
