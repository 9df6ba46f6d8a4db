//! The value of the signature header of an otherwise good request: whatever it says, it is accepted only when
//! the signature itself is still in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signature::{Algorithm, Request, Sample, generate_secret, presets, sample_body, sign, verify};
use signature_fuzz::NOW;

fuzz_target!(|data: &[u8]| {
    let Some((number, rest)) = data.split_first() else { return };
    let Some((which, value)) = rest.split_first() else { return };
    let Some(preset) = presets().get(usize::from(*number) % presets().len()) else { return };
    let Some(secret) = generate_secret(preset, &[7; 32]) else { return };
    if preset.algorithm() == Algorithm::SharedSecret {
        return;
    }
    let body = sample_body(preset, "evt_1", None, 1);
    let sample =
        Sample { url: "https://x.test/hook", method: "POST", body: &body, event_id: "evt_1", event_type: None };
    let Ok(signed) = sign(preset, &secret, &sample, NOW) else { return };
    let mut headers: Vec<(&str, Vec<u8>)> =
        signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes().to_vec())).collect();
    let names = preset.security_headers();
    let Some(name) = names.get(usize::from(*which) % names.len().max(1)) else { return };
    // `$` in the input stands for the good value, so that lists with and without it are reached.
    for (known, old) in headers.iter_mut().filter(|(known, _)| known == name) {
        let _ = known;
        let good = std::mem::take(old);
        for byte in value {
            match byte {
                b'$' => old.extend_from_slice(&good),
                other => old.push(*other),
            }
        }
    }
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    let request =
        Request { method: "POST", url: &signed.url, headers: &headers, body: &signed.body, cert_pem: None };
    if verify(preset, &[&secret], &request, NOW).is_ok() {
        assert!(value.contains(&b'$') || *name == "x-event-id", "{} {name} {value:?}", preset.id);
    }
});
