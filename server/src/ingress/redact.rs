//! Which header values are never kept. What is kept helps a person to see why a request was refused.

use axum::http::HeaderMap;

/// What stands in place of a value that is not kept.
const REDACTED: &str = "[redacted]";
/// Longest header value kept, in bytes.
const MAX_VALUE: usize = 1024;

/// Headers in a form fit for storing: secret values replaced, long ones cut, bytes that are no text replaced.
pub fn headers(headers: &HeaderMap, secret: &[&str]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let name = name.as_str();
            let kept = if is_secret(name) || secret.contains(&name) {
                REDACTED.to_owned()
            } else {
                let text = String::from_utf8_lossy(value.as_bytes());
                text.chars().take(MAX_VALUE).collect()
            };
            (name.to_owned(), kept)
        })
        .collect()
}

fn is_secret(name: &str) -> bool {
    matches!(name, "authorization" | "cookie" | "proxy-authorization" | "set-cookie")
        || ["token", "secret", "password", "api-key", "apikey"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn values_that_prove_who_sends_are_not_kept() {
        let pairs =
            [("authorization", "Bearer x"), ("x-gitlab-token", "x"), ("x-mine", "x"), ("x-event", "ok")];
        let map: HeaderMap =
            pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        let kept = headers(&map, &["x-mine"]);
        let plain: Vec<_> =
            kept.iter().filter(|(_, value)| value != REDACTED).map(|(name, _)| name.as_str()).collect();
        assert_eq!(plain, ["x-event"]);
    }
}
