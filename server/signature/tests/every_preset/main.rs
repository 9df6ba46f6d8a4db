//! What holds for every preset, those with a key pair of the vendor's among them: one delivery of each, and many made-up
//! ways to change it.

mod cases;
#[path = "../keys/mod.rs"]
mod keys;

use cases::{CASES, Case, NOW, Spot};
use proptest::prelude::*;
use proptest::sample::Index;
use signature::*;

/// Whether two values differ only in what may be written both ways: hexadecimal letters, and the word before credentials.
fn same_letters(spot: &Spot, before: &str, after: &str) -> bool {
    let loose = |(a, b): (u8, u8)| {
        a == b
            || (a.eq_ignore_ascii_case(&b)
                && (a.is_ascii_hexdigit() || *spot == Spot::Header("authorization".into())))
    };
    before.len() == after.len() && before.bytes().zip(after.bytes()).all(loose)
}

fn settings() -> ProptestConfig {
    // Failures are kept as ordinary tests, not in files beside them.
    ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn a_delivery_of_every_preset_is_accepted() {
    assert_eq!(CASES.len(), presets().len());
    for case in CASES.iter() {
        assert_eq!(case.verdict().map(|good| good.secret_index), Ok(0), "{}", case.preset.id);
        assert!(case.judge(&[&case.other]).is_err(), "{}", case.preset.id);
    }
}

#[test]
fn a_repeated_security_header_is_refused_for_every_preset_wherever_it_stands() {
    let mut tried = 0;
    for case in CASES.iter() {
        for name in case.security_headers() {
            let value = case.at(&Spot::Header(name.clone()));
            for again in [value.as_str(), "other", ""] {
                for place in [0, case.headers.len()] {
                    let mut twice = case.clone();
                    twice.headers.insert(place, (name.to_ascii_uppercase(), again.to_owned()));
                    let verdict = twice.verdict();
                    assert!(
                        matches!(verdict, Err(Refusal::RepeatedHeader { .. })),
                        "{} {name} {again:?} at {place}: {verdict:?}",
                        case.preset.id
                    );
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn no_part_of_a_signature_passes_for_the_whole() {
    for case in CASES.iter() {
        let whole = case.at(&case.signature);
        assert!(whole.is_ascii(), "{}", case.preset.id);
        for cut in 1..=whole.len() {
            for part in [&whole[..whole.len() - cut], &whole[cut..]] {
                // OpenAI's libraries take the signature without its label: that is all of it.
                if case.preset.id == "openai" && whole.strip_prefix("v1,") == Some(part) {
                    continue;
                }
                let verdict = case.with(&case.signature, part).verdict();
                assert!(verdict.is_err(), "{}: {part:?} of {whole:?}", case.preset.id);
            }
        }
    }
}

/// Whether a changed body says the same to a vendor that signs the fields of a form: `%3a` is `%3A`.
fn same_fields(case: &Case, before: &[u8]) -> bool {
    let fields = form_urlencoded::parse;
    case.preset.id == "twilio" && fields(before).eq(fields(&case.body))
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn any_changed_bit_of_what_is_signed_or_of_its_signature_or_time_is_refused(
        at in any::<Index>(),
        which in any::<Index>(),
        byte in any::<Index>(),
        bit in 0_u8..7,
    ) {
        let case = &CASES[at.index(CASES.len())];
        let spots = case.signed_values();
        let spot = &spots[which.index(spots.len())];
        let value = case.at(spot);
        let mut bytes = value.clone().into_bytes();
        let byte = byte.index(bytes.len());
        bytes[byte] ^= 1_u8 << bit;
        if let Ok(changed) = String::from_utf8(bytes)
            && !same_letters(spot, &value, &changed)
        {
            let verdict = case.with(spot, &changed).verdict();
            prop_assert!(verdict.is_err(), "{} {spot:?} byte {byte} bit {bit}: {changed:?}", case.preset.id);
        }
    }

    #[test]
    fn any_changed_bit_of_the_body_is_refused_where_the_body_is_signed(
        at in any::<Index>(),
        byte in any::<Index>(),
        bit in 0_u8..8,
    ) {
        let mut case = CASES[at.index(CASES.len())].clone();
        // A CRC-32 finds every single changed bit.
        if case.preset.signs_whole_body() || case.preset.id == "paypal" {
            let byte = byte.index(case.body.len());
            let before = case.body.clone();
            case.body[byte] ^= 1_u8 << bit;
            if !same_fields(&case, &before) {
                prop_assert!(case.verdict().is_err(), "{} byte {byte} bit {bit}", case.preset.id);
            }
        }
    }

    #[test]
    fn neither_the_order_nor_the_letters_of_header_names_matter(
        at in any::<Index>(),
        turn in any::<Index>(),
        letters in any::<u64>(),
        strangers in prop::collection::vec(("x-stranger-[a-z]{1,8}", "[ -~]{0,20}"), 0..4),
    ) {
        let mut case = CASES[at.index(CASES.len())].clone();
        case.headers.extend(strangers);
        let turn = turn.index(case.headers.len());
        case.headers.rotate_left(turn);
        for (index, (name, _)) in case.headers.iter_mut().enumerate() {
            if letters >> (index % 64) & 1 == 1 {
                *name = name.to_ascii_uppercase();
            }
        }
        prop_assert!(case.verdict().is_ok(), "{} {:?}", case.preset.id, case.headers);
    }

    #[test]
    fn the_verdict_does_not_depend_on_the_order_of_the_secrets(
        at in any::<Index>(),
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let case = &CASES[at.index(CASES.len())];
        let all = [case.secret.as_str(), case.other.as_str(), "k", "no secret of anybody's"];
        let secrets: Vec<&str> = order.iter().map(|index| all[*index]).collect();
        let good = order.iter().position(|index| *index == 0).expect("it is there");
        prop_assert_eq!(case.judge(&secrets).map(|fits| fits.secret_index), Ok(good), "{}", &case.preset.id);
        // Without the right one every order is refused, and for the same reason.
        let without: Vec<&str> = order.iter().filter(|index| **index != 0).map(|index| all[*index]).collect();
        prop_assert_eq!(case.judge(&without), case.judge(&all[1..]), "{}", &case.preset.id);
        prop_assert!(case.judge(&without).is_err(), "{}", &case.preset.id);
    }

    #[test]
    fn no_headers_bodies_or_urls_make_any_part_panic(
        at in any::<Index>(),
        kept in any::<u64>(),
        names in prop::collection::vec(("[A-Za-z0-9-]{0,12}|\\PC{0,8}", prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        body in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
        url in "(https?://)?\\PC{0,40}([?#&=%][ -~]{0,20}){0,4}",
        cert in prop::option::of("\\PC{0,40}"),
        now in any::<i64>(),
    ) {
        // Parts of a good delivery stay, so that what stands behind the first checks is reached, too.
        let case = &CASES[at.index(CASES.len())];
        let mut headers: Vec<(&str, &[u8])> = Vec::new();
        for (index, (name, value)) in case.headers.iter().enumerate() {
            if kept >> (index % 60) & 1 == 1 {
                headers.push((name, value.as_bytes()));
            }
        }
        headers.extend(names.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        let body = body.as_deref().unwrap_or(&case.body);
        let request = Request { method: "POST", url: &url, headers: &headers, body, cert_pem: cert.as_deref() };
        let delivery = Delivery::new(request);
        let secrets = [case.secret.as_str(), "k"];
        let _ = delivery.verify(case.preset, &secrets, now);
        let _ = delivery.diagnose(case.preset, &secrets, now);
        let _ = delivery.normalize(case.preset);
        let _ = delivery.one_time_value(case.preset);
        let _ = delivery.handshake(case.preset, &secrets);
        let _ = certificate_url(case.preset, &request);
        let _ = key_id(case.preset, &request);
        let _ = key_need(case.preset, &secrets, &request);
    }

    #[test]
    fn what_is_signed_is_accepted_whatever_url_id_and_number_it_has(
        at in any::<Index>(),
        path in "[a-z0-9/._-]{0,30}",
        query in "([a-z]{1,4}=[A-Za-z0-9._-]{0,8}&?){0,3}",
        event_id in "[!-~]{1,40}",
        n in any::<u64>(),
    ) {
        let preset = &presets()[at.index(presets().len())];
        if let Some(secret) = generate_secret(preset, &[9; 32]) {
            let url = match query.as_str() {
                "" => format!("https://gw.example.test/{path}"),
                query => format!("https://gw.example.test/{path}?{query}"),
            };
            let body = sample_body(preset, &event_id, None, n);
            let kind = sample_type(preset, n);
            let sample = Sample { url: &url, method: "POST", body: &body, event_id: &event_id, event_type: kind };
            let signed = sign(preset, &secret, &sample, NOW);
            let signed = signed.map_err(|error| TestCaseError::fail(format!("{}: {error}", preset.id)))?;
            let headers: Vec<(&str, &[u8])> =
                signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let request =
                Request { method: "POST", url: &signed.url, headers: &headers, body: &signed.body, cert_pem: None };
            let verdict = verify(preset, &["another", &secret], &request, NOW);
            prop_assert_eq!(verdict.map(|good| good.secret_index), Ok(1), "{} {}", &preset.id, url);
        }
    }
}
