//! The interpreter on any request: no panic, the same verdict twice, an explanation only for a refusal, and
//! handshakes that reflect nothing a browser could run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signature::Delivery;
use signature_fuzz::{Input, NOW};

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::parse(data) else { return };
    let delivery = Delivery::new(input.request());
    let secrets = [input.secret, "whsec_c2VjcmV0LXRoYXQtaXMtbm90LXRoZS1vbmU="];
    let verdict = delivery.verify(input.preset, &secrets, NOW);
    let likely = delivery.diagnose(input.preset, &secrets, NOW);
    assert!(verdict.is_err() || likely.is_none());
    assert_eq!(verdict, delivery.verify(input.preset, &secrets, NOW), "the same twice");
    assert!(delivery.verify(input.preset, &[], NOW).is_err());
    if let Err(refusal) = verdict {
        assert!([400, 401].contains(&refusal.status()) && !refusal.code().is_empty());
    }
    if let Some(reply) = delivery.handshake(input.preset, &secrets) {
        assert!((200..300).contains(&reply.status) && reply.body.len() <= 1024);
        assert!(!reply.body.iter().any(|byte| b"<>&'".contains(byte)));
        assert!(reply.body.is_empty() || reply.content_type.is_some());
        assert!(reply.headers.iter().any(|(name, value)| name == "x-content-type-options" && value == "nosniff"));
        assert!(reply.headers.iter().all(|(_, value)| value.bytes().all(|b| (0x20..0x7f).contains(&b))));
    }
    let _ = delivery.normalize(input.preset);
    let _ = delivery.one_time_value(input.preset);
    let _ = signature::certificate_url(input.preset, &input.request());
    let _ = signature::key_id(input.preset, &input.request());
});
