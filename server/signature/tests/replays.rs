//! Which schemes let somebody who captured a request send it again as another event, and that each that could forbid it
//! can be told to.

use signature::*;

const NOW: i64 = 1_790_000_123;
/// As long as each other, so that nothing but the id changes.
const IDS: [&str; 2] = ["evt_0001", "evt_0002"];

fn replaced(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).replace(IDS[0], IDS[1]).into_bytes()
}

/// Whether a sample still passes with another id in its headers and body, and then is another event.
fn leaves_the_id_out(preset: &Preset) -> Option<bool> {
    let secret = generate_secret(preset, &[7; 32])?;
    let body = sample_body(preset, IDS[0], None, 1);
    let sample = Sample {
        url: "https://hooks.example.com/webhooks/x",
        method: "POST",
        body: &body,
        event_id: IDS[0],
        event_type: None,
    };
    let signed = sign(preset, &secret, &sample, NOW).ok()?;
    let external_id = |headers: &[(String, Vec<u8>)], body: &[u8]| {
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = Request { method: "POST", url: &signed.url, headers: &headers, body, cert_pem: None };
        let delivery = Delivery::new(request);
        delivery.verify(preset, &[&secret], NOW).ok()?;
        delivery.normalize(preset).ok()?.external_id
    };
    let sent: Vec<(String, Vec<u8>)> =
        signed.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let first = external_id(&sent, &signed.body)?;
    let other: Vec<(String, Vec<u8>)> =
        sent.iter().map(|(name, value)| (name.clone(), replaced(value))).collect();
    // In headers alone, and in the body as well: either may be what is not signed.
    let forged = [external_id(&other, &signed.body), external_id(&other, &replaced(&signed.body))];
    Some(forged.into_iter().flatten().any(|id| id != first))
}

#[test]
fn every_scheme_that_signs_a_time_but_not_the_id_can_count_each_signed_text_once() {
    let (mut bound, mut unbound, mut judged) = (Vec::new(), Vec::new(), 0);
    for preset in presets() {
        let Some(leaves_out) = leaves_the_id_out(preset) else { continue };
        judged += 1;
        match preset.tolerance_secs() {
            _ if !leaves_out => {}
            Some(_) => bound.push(preset),
            None => unbound.push(preset.id.as_str()),
        }
    }
    assert!(judged >= 40, "{judged}");
    let ids: Vec<&str> = bound.iter().map(|preset| preset.id.as_str()).collect();
    eprintln!("of {judged}: a time but no id is signed by {ids:?}, neither by {unbound:?}");
    for preset in bound {
        let guarded = !preset.default_of(OptionName::OneTime).is_empty();
        assert!(guarded || preset.options.contains(&OptionName::OneTime), "{}", preset.id);
    }
}
