//! Reason codes of refused requests as people read them: a short name, and what to do. Codes come from crate
//! `signature` and from the guards of ingress; one that is not known here is shown as it is.

/// What a reason is called in lists and headings.
pub fn reason_name(code: &str) -> String {
    let known = match code {
        "missing_header" => "Header missing",
        "repeated_header" => "Header sent twice",
        "missing_field" => "Field missing",
        "repeated_field" => "Field sent twice",
        "timestamp_malformed" => "Timestamp unreadable",
        "timestamp_stale" => "Timestamp too old",
        "timestamp_future" => "Timestamp ahead",
        "signature_mismatch" => "Signature does not fit",
        "signature_malformed" => "Signature unreadable",
        "body_altered" => "Body altered on its way",
        "body_not_json" => "Body is not JSON",
        "empty_body" => "Body is empty",
        "no_secret" => "No secret",
        "secret_unusable" => "Secret unusable",
        "certificate_unusable" => "Certificate unusable",
        "certificate_not_allowed" => "Certificate not the vendor’s",
        "audience_mismatch" => "Signed for somebody else",
        "body_unbound" => "Body not signed",
        "method_not_allowed" => "Wrong method",
        "headers_too_large" => "Too many headers",
        "content_type" => "Content type",
        "body_too_large" => "Body too large",
        "body_incomplete" => "Body incomplete",
        "body_timeout" => "Body too slow",
        "queue_full" => "Queue full",
        "cannot_store" => "Could not be stored",
        // What the check after a refusal finds.
        "valid" => "Would be accepted",
        "body_rewritten" => "Body rewritten on its way",
        "line_ends" => "Line ends changed",
        "secret_form" => "Secret read in another way",
        "other_label" => "Other signature version",
        "signature_encoding" => "Signature in another encoding",
        "other_algorithm" => "Other hash",
        "timestamp_not_signed" => "Timestamp not signed",
        "other_text" => "Other text signed",
        "other_url" => "Signed for another URL",
        "revoked_secret" => "Revoked secret",
        "retired_secret" => "Retired secret",
        "other_vendors_secret" => "Another vendor’s secret",
        "unknown_secret" => "Unknown secret",
        "not_checkable" => "Cannot be checked here",
        "clock_skew" => "Clock skew",
        "replay" => "Sent again",
        "replayed" => "Counts once, and came before",
        "unknown_key" => "Key not known",
        "keys_unavailable" => "Vendor’s keys not at hand",
        "other_preset" => "Another way of signing",
        "not_signed" => "Not signed",
        other => return sentence(other),
    };
    known.to_owned()
}

/// `some_new_code` as `Some new code`.
fn sentence(code: &str) -> String {
    let mut words = code.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// What to do about a reason, for the person who set the vendor up.
pub fn advice(code: &str) -> &'static str {
    match code {
        "missing_header" | "missing_field" => {
            "Look whether the vendor signs at all: many send unsigned webhooks until a secret is set in their \
             settings. If it does, a proxy in between removes what is missing."
        }
        "repeated_header" | "repeated_field" => {
            "Something on the way adds what is there already. Let exactly one of them through; which of two is \
             right cannot be told safely."
        }
        "timestamp_stale" | "timestamp_future" => {
            "Compare this server’s clock with a time server. If it is right, the vendor’s is wrong, or the request \
             was held up. A genuine one can be accepted below."
        }
        "signature_mismatch" => {
            "Copy the secret anew from the vendor’s settings, whole. Enter it as a new version, then check this \
             request again."
        }
        "signature_malformed" | "timestamp_malformed" => {
            "The vendor may use another version of its scheme, or another preset fits. Compare the headers below \
             with the vendor’s documentation."
        }
        "body_altered" => {
            "Find the proxy, firewall or framework between the vendor and this server that reads and writes the \
             body anew, and let the body pass as it is. Until then its requests can be accepted one by one."
        }
        "no_secret" | "secret_unusable" => "Enter the vendor’s secret, then check this request again.",
        "certificate_unusable" | "certificate_not_allowed" => {
            "Wait until the vendor’s certificate can be fetched, then check again. One from another host is never \
             accepted."
        }
        "audience_mismatch" => {
            "Compare the audience or topic in the vendor’s settings with the one set here."
        }
        "body_not_json" | "empty_body" | "body_unbound" => {
            "The vendor, or something that speaks in its name, sent something else than a webhook. Look at the body."
        }
        "method_not_allowed" => "Webhooks are sent with POST. A browser, a monitor or a scanner sends GET.",
        "content_type" => "Set JSON as the format in the vendor’s settings.",
        "body_too_large" => "Raise the limit of this vendor if its webhooks are really that large.",
        "body_incomplete" | "body_timeout" => {
            "The connection was lost or slow. The vendor sends it again; if this keeps happening, look at the way in between."
        }
        "queue_full" => "More work waits than the limit allows. The vendor sends it again later.",
        "cannot_store" => "The database did not answer. The vendor sends it again; look at the server’s log.",
        _ => "Compare the request with the vendor’s documentation.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_not_known_is_shown_in_its_own_words() {
        assert_eq!(reason_name("some_new_code"), "Some new code");
        assert_eq!((reason_name(""), reason_name("ü_x")), (String::new(), "ü x".into()));
    }
}
