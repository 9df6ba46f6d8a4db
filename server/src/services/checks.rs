//! What ingress checks of a request, in its order, told from the reason code of a refusal: which checks passed, which
//! one failed, and which were not made.

use app::view::{
    reasons::reason_name,
    requests::{Check, CheckState},
};
use signature::Preset;

/// The checks in the order ingress makes them, each with the codes it refuses with.
const ORDER: [(&str, &[&str]); 9] = [
    ("Method", &["method_not_allowed"]),
    ("Headers", &["headers_too_large"]),
    ("Content type", &["content_type"]),
    ("Body arrived whole", &["body_too_large", "body_incomplete", "body_timeout"]),
    (
        "Parts of the signature",
        &["missing_header", "repeated_header", "missing_field", "repeated_field", "empty_body", "no_secret"],
    ),
    ("Timestamp", &["timestamp_malformed", "timestamp_stale", "timestamp_future"]),
    (
        "Signature",
        &[
            "signature_mismatch",
            "signature_malformed",
            "body_altered",
            "secret_unusable",
            "unknown_key",
            "certificate_unusable",
            "certificate_not_allowed",
            "audience_mismatch",
            "body_unbound",
        ],
    ),
    ("Contents", &["body_not_json", "replayed"]),
    ("Room to store it", &["queue_full", "cannot_store", "keys_unavailable"]),
];

/// What was checked of a request that was refused with `reason` and these words.
pub(super) fn checks(preset: Option<&Preset>, reason: &str, detail: &str) -> Vec<Check> {
    let failed = ORDER.iter().position(|(_, codes)| codes.contains(&reason));
    let Some(failed) = failed else {
        // A guard that is not in the list: what stands before and after it is not told.
        return vec![Check {
            name: reason_name(reason),
            state: CheckState::Failed,
            detail: detail.to_owned(),
        }];
    };
    let has_timestamp = preset.is_some_and(|preset| preset.tolerance_secs().is_some());
    ORDER
        .iter()
        .enumerate()
        .filter(|(place, (name, _))| *name != "Timestamp" || has_timestamp || *place == failed)
        .map(|(place, (name, _))| {
            let (state, detail) = match place.cmp(&failed) {
                std::cmp::Ordering::Less => (CheckState::Passed, expected(name, preset)),
                std::cmp::Ordering::Equal => (CheckState::Failed, detail.to_owned()),
                std::cmp::Ordering::Greater => (CheckState::NotReached, String::new()),
            };
            Check { name: (*name).to_owned(), state, detail }
        })
        .collect()
}

/// What a check asked for, where that helps.
fn expected(name: &str, preset: Option<&Preset>) -> String {
    let Some(preset) = preset else { return String::new() };
    match name {
        "Parts of the signature" => preset.security_headers().join(", "),
        "Timestamp" => preset
            .tolerance_secs()
            .map(|(past, future)| format!("at most {past} s old, at most {future} s ahead"))
            .unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(preset: &str, reason: &str) -> Vec<(String, CheckState)> {
        let preset = signature::preset(preset).unwrap();
        checks(Some(preset), reason, "words").into_iter().map(|check| (check.name, check.state)).collect()
    }

    #[test]
    fn what_stands_before_the_failed_check_passed_and_what_stands_after_it_was_not_made() {
        let told = states("std_webhooks", "timestamp_stale");
        let failed = told.iter().position(|(_, state)| *state == CheckState::Failed).unwrap();
        assert_eq!(told[failed].0, "Timestamp");
        assert!(told[..failed].iter().all(|(_, state)| *state == CheckState::Passed));
        assert!(told[failed + 1..].iter().all(|(_, state)| *state == CheckState::NotReached));
    }

    #[test]
    fn a_vendor_that_sends_no_time_has_no_check_of_it() {
        assert!(states("github", "signature_mismatch").iter().all(|(name, _)| name != "Timestamp"));
    }

    #[test]
    fn a_reason_of_another_guard_is_told_alone() {
        assert_eq!(states("github", "some_guard"), [("Some guard".to_owned(), CheckState::Failed)]);
    }

    #[test]
    fn every_reason_of_the_interpreter_has_its_check() {
        use signature::Refusal::*;
        let name = String::new;
        for refusal in [
            MissingHeader { name: name() },
            RepeatedHeader { name: name() },
            MissingField { name: name() },
            RepeatedField { name: name() },
            TimestampFormat,
            TimestampStale { seconds: 1 },
            TimestampFuture { seconds: 1 },
            SignatureMismatch,
            SignatureMalformed,
            BodyAltered,
            BodyNotJson,
            EmptyBody,
            NoSecret,
            SecretUnusable,
            CertificateUnusable,
            CertificateNotAllowed,
            AudienceMismatch,
            BodyUnbound,
        ] {
            let known = ORDER.iter().any(|(_, codes)| codes.contains(&refusal.code()));
            assert!(known, "{}", refusal.code());
        }
    }
}
