//! The likely cause of a refusal, for the person who has to mend it. Runs after the answer was given, does a bounded
//! amount of work, accepts nothing, and tells the sender nothing: what is found stays with the kept request.

use super::capture::{Capture, is_checkable};
use domain::{id::EventId, refusal::Finding, secret::SecretState, time::Timestamp};
use signature::{Delivery, Preset, Refusal};
use zeroize::Zeroizing;

/// Secrets besides those in use that a signature is tried with.
const OTHERS: usize = 24;
/// Larger bodies are not tried with other secrets.
const LARGEST: usize = 128 * 1024;

/// The code when nothing known explains a signature.
const UNKNOWN_SECRET: &str = "unknown_secret";

/// What a request is compared with.
#[derive(Default)]
pub struct Known {
    /// The secrets that were accepted when it came, newest first.
    pub current: Vec<Zeroizing<String>>,
    /// Others it may have been signed with.
    pub others: Vec<OtherSecret>,
    /// The event this very body is stored as.
    pub stored_as: Option<EventId>,
}

/// A secret that is not accepted for the vendor, and whose it is.
pub struct OtherSecret {
    /// What it is, as it is said to people.
    pub whose: Whose,
    /// Its value.
    pub value: Zeroizing<String>,
}

/// Whose a secret is that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The vendor's own, of an earlier version.
    Earlier {
        /// Its number.
        version: i32,
        /// Where it is in its life.
        state: SecretState,
    },
    /// Another vendor's of the same tenant.
    OtherVendor {
        /// That vendor's short name.
        slug: String,
    },
}

/// What a refused request most likely suffers from; `None` where its reason says all there is to say.
pub fn finding(
    preset: &Preset,
    known: &Known,
    capture: &Capture,
    public_url: &str,
    at: Timestamp,
) -> Option<Finding> {
    if !is_checkable(preset) {
        return None;
    }
    let current: Vec<&str> = known.current.iter().map(|secret| secret.as_str()).collect();
    capture.with_delivery(public_url, |delivery| {
        match delivery.verify(preset, &current, at.unix()).err()? {
            Refusal::BodyAltered | Refusal::SignatureMismatch | Refusal::SignatureMalformed => {
                let likely = delivery.diagnose(preset, &current, at.unix());
                let found = likely.map(|likely| said(likely.code(), likely.detail()));
                found.or_else(|| signed_with_another(preset, known, delivery, capture, at))
            }
            Refusal::TimestampStale { seconds } => {
                let then = at.unix().saturating_sub(seconds);
                delivery.verify(preset, &current, then).ok()?;
                Some(late(seconds, known.stored_as))
            }
            Refusal::TimestampFuture { seconds } => {
                delivery.verify(preset, &current, at.unix().saturating_add(seconds)).ok()?;
                Some(said(
                    "clock_skew",
                    format!(
                        "The signature is good; only the clocks disagree: the request is dated {seconds} s \
                         ahead of this server. Compare both clocks with a time server."
                    ),
                ))
            }
            Refusal::MissingHeader { .. } => other_preset(preset, capture),
            _ => None,
        }
    })
}

fn said(code: &str, words: impl Into<String>) -> Finding {
    Finding { code: code.to_owned(), words: words.into() }
}

/// A good signature that came too late.
fn late(seconds: i64, stored_as: Option<EventId>) -> Finding {
    match stored_as {
        Some(event) => said(
            "replay",
            format!(
                "The signature is good, and the same body was stored before as {event}: this is that request \
                 again, {seconds} s after it was signed. Nothing is lost."
            ),
        ),
        None => said(
            "clock_skew",
            format!(
                "The signature is good; only its time is {seconds} s back. If every request of this vendor is \
                 late by about as much, a clock is wrong; if only this one is, it was held up on its way and can \
                 be accepted by hand."
            ),
        ),
    }
}

/// Whether a secret fits that is known, but not accepted for this vendor.
fn signed_with_another(
    preset: &Preset,
    known: &Known,
    delivery: &Delivery<'_>,
    capture: &Capture,
    at: Timestamp,
) -> Option<Finding> {
    if capture.body.len() > LARGEST {
        return None;
    }
    let tried: Vec<&OtherSecret> =
        known.others.iter().filter(|other| !other.value.is_empty()).take(OTHERS).collect();
    let values: Vec<&str> = tried.iter().map(|other| other.value.as_str()).collect();
    let fitting = match values.is_empty() {
        true => None,
        false => delivery.verify(preset, &values, at.unix()).ok(),
    };
    let whose = fitting.and_then(|verified| Some(&tried.get(verified.secret_index)?.whose));
    Some(match whose {
        Some(Whose::Earlier { version, state: SecretState::Revoked }) => said(
            "revoked_secret",
            format!(
                "The signature was made with version {version} of this vendor's secret, which is revoked. The \
                 vendor still uses the old secret: enter the new one there."
            ),
        ),
        Some(Whose::Earlier { version, .. }) => said(
            "retired_secret",
            format!(
                "The signature was made with version {version} of this vendor's secret, which is accepted no \
                 more since its overlap ended. Enter the new secret at the vendor."
            ),
        ),
        Some(Whose::OtherVendor { slug }) => said(
            "other_vendors_secret",
            format!(
                "The signature was made with the secret of “{slug}”. Either the URL of one vendor was entered at \
                 the other, or the secrets were mixed up."
            ),
        ),
        None => said(
            UNKNOWN_SECRET,
            "No secret known here fits: neither a version of this vendor's, nor another vendor's; and no usual \
             change of the body on its way explains it. Most likely the vendor signs with a secret that was never \
             entered here: copy it anew from the vendor's settings, whole and without white space.",
        ),
    })
}

/// Headers of other presets' signatures instead of this one's.
fn other_preset(preset: &Preset, capture: &Capture) -> Option<Finding> {
    let headers = capture.headers();
    let has = |name: &str| headers.contains_key(name);
    if preset.security_headers().into_iter().any(has) {
        return None;
    }
    let fits = |other: &&Preset| {
        let names = other.security_headers();
        !names.is_empty() && !names.contains(&"authorization") && names.into_iter().all(has)
    };
    let mut names: Vec<&str> =
        signature::presets().iter().filter(fits).map(|other| other.name.as_str()).take(4).collect();
    names.sort_unstable();
    Some(match names.is_empty() {
        false => said(
            "other_preset",
            format!(
                "The headers are those of another way of signing: {}. If this vendor signs like that, add it with \
                 that preset.",
                names.join(", ")
            ),
        ),
        true => said(
            "not_signed",
            format!(
                "Nothing of this vendor's signature is there (expected: {}). Either the sender is not the vendor, \
                 such as a browser, a monitor or a scanner, or something on the way removes these headers.",
                preset.security_headers().join(", ")
            ),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);
    const PATH: &str = "/webhooks/acme";
    const PUBLIC: &str = "https://hooks.example.com";

    fn secret(n: u8) -> String {
        let preset = signature::preset("std_webhooks").unwrap();
        signature::generate_secret(preset, &[n; 32]).unwrap()
    }

    fn signed(secret: &str, body: &[u8], at: i64) -> Vec<(String, String)> {
        let preset = signature::preset("std_webhooks").unwrap();
        let url = format!("{PUBLIC}{PATH}");
        let sample =
            signature::Sample { url: &url, method: "POST", body, event_id: "msg_1", event_type: None };
        signature::sign(preset, secret, &sample, at).unwrap().headers
    }

    fn known() -> Known {
        let other = |whose, n| OtherSecret { whose, value: Zeroizing::new(secret(n)) };
        Known {
            current: vec![Zeroizing::new(secret(1))],
            others: vec![
                other(Whose::Earlier { version: 1, state: SecretState::Revoked }, 2),
                other(Whose::Earlier { version: 2, state: SecretState::Retiring }, 3),
                other(Whose::OtherVendor { slug: "zenith".into() }, 4),
            ],
            stored_as: None,
        }
    }

    fn found(headers: &[(String, String)], body: &'static [u8], known: &Known) -> Option<(String, String)> {
        let capture = Capture::typed(PATH, headers, Bytes::from_static(body));
        let preset = signature::preset("std_webhooks").unwrap();
        finding(preset, known, &capture, PUBLIC, NOW).map(|found| (found.code, found.words))
    }

    fn code(headers: &[(String, String)], body: &'static [u8]) -> String {
        found(headers, body, &known()).unwrap().0
    }

    #[test]
    fn a_signature_by_a_secret_that_is_known_but_not_accepted_says_whose() {
        let body = br#"{"type":"a"}"#;
        let at = NOW.unix();
        assert_eq!(code(&signed(&secret(2), body, at), body), "revoked_secret");
        assert_eq!(code(&signed(&secret(3), body, at), body), "retired_secret");
        let (code_of_other, words) = found(&signed(&secret(4), body, at), body, &known()).unwrap();
        assert_eq!(code_of_other, "other_vendors_secret");
        assert!(words.contains("“zenith”"));
        assert_eq!(code(&signed(&secret(9), body, at), body), UNKNOWN_SECRET);
    }

    #[test]
    fn a_body_written_anew_on_its_way_is_told_from_a_wrong_secret() {
        let headers = signed(&secret(1), br#"{"a": 1, "b": 2}"#, NOW.unix());
        assert_eq!(code(&headers, br#"{"a":1,"b":2}"#), "body_rewritten");
        let headers = signed(&secret(1), b"{\"a\":1}\n", NOW.unix());
        assert_eq!(code(&headers, b"{\"a\":1}\r\n"), "line_ends");
    }

    #[test]
    fn a_good_signature_at_the_wrong_time_is_a_clock_or_a_replay() {
        let body = b"{}";
        let late = signed(&secret(1), body, NOW.unix() - 412);
        let (late_code, words) = found(&late, body, &known()).unwrap();
        assert_eq!(late_code, "clock_skew");
        assert!(words.contains("412 s"), "{words}");
        let stored = Known { stored_as: Some(EventId::new(uuid::Uuid::from_u128(5))), ..known() };
        assert_eq!(found(&late, body, &stored).unwrap().0, "replay");
        assert_eq!(code(&signed(&secret(1), body, NOW.unix() + 900), body), "clock_skew");
        // A forged old one is no matter of clocks.
        assert_eq!(found(&signed(&secret(9), body, NOW.unix() - 412), body, &known()), None);
    }

    #[test]
    fn headers_of_another_way_of_signing_name_it_and_none_at_all_say_so() {
        let svix: Vec<_> = ["svix-id", "svix-timestamp", "svix-signature"]
            .map(|name| (name.to_owned(), "x".to_owned()))
            .into();
        let (svix_code, words) = found(&svix, b"{}", &known()).unwrap();
        assert_eq!(svix_code, "other_preset");
        assert!(words.contains("Svix"), "{words}");
        let (bare, words) = found(&[("user-agent".into(), "curl".into())], b"{}", &known()).unwrap();
        assert_eq!(bare, "not_signed");
        assert!(words.contains("webhook-signature"), "{words}");
    }

    #[test]
    fn an_authentic_request_has_no_finding() {
        let body = b"{}";
        assert_eq!(found(&signed(&secret(1), body, NOW.unix()), body, &known()), None);
    }
}
