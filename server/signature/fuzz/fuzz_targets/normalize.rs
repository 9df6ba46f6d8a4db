//! Any body through the normaliser of every preset: no panic, always an id, the same answer twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signature::{Request, normalize, presets};

fuzz_target!(|data: &[u8]| {
    let Some((number, body)) = data.split_first() else { return };
    let Some(preset) = presets().get(usize::from(*number) % presets().len()) else { return };
    let request =
        Request { method: "POST", url: "https://x.test/hook?a=b", headers: &[], body, cert_pem: None };
    match normalize(preset, &request) {
        Ok(envelope) => {
            assert!(envelope.external_id.as_ref().is_some_and(|id| !id.is_empty()));
            assert_eq!(normalize(preset, &request), Ok(envelope));
        }
        Err(refusal) => assert!(!refusal.detail().is_empty()),
    }
});
