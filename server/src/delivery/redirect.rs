//! Which redirects an outgoing call follows. Pure.
//!
//! A call goes on only where its secrets may go: to the same host and port, or from http to https of the same host. A
//! call that brings something is repeated only where the far side says so (307, 308): after 301, 302 and 303 others
//! would go on with GET, and what was to be brought would be lost without an error. Everything else is an error that
//! names the place, because somebody has to look at the address.

use reqwest::{Method, header::HeaderMap, header::LOCATION};
use url::Url;

/// Redirects followed in a row.
pub const MOST: usize = 3;

/// What an answer means for the call.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// It is the answer.
    Answer,
    /// The same call is made there.
    Follow(Url),
    /// It points to a place where the call does not go; why, in words that go on after "which is".
    Refuse(Url, &'static str),
}

/// What comes after an answer of `status` to `method` at `from`.
pub fn after(method: &Method, from: &Url, status: u16, headers: &HeaderMap) -> Next {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Next::Answer;
    }
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(to) = location.and_then(|location| from.join(location).ok()) else { return Next::Answer };
    let only_looks = matches!(*method, Method::GET | Method::HEAD);
    if to.host_str() != from.host_str() {
        return Next::Refuse(to, "another host");
    }
    if !is_same_or_safer(from, &to) {
        return Next::Refuse(to, "another port or no https");
    }
    if !only_looks && !matches!(status, 307 | 308) {
        return Next::Refuse(to, "for reading only");
    }
    Next::Follow(to)
}

fn is_same_or_safer(from: &Url, to: &Url) -> bool {
    let same_port = from.port_or_known_default() == to.port_or_known_default();
    match (from.scheme(), to.scheme()) {
        (old, new) if old == new => same_port,
        ("http", "https") => from.port().is_none() && to.port().is_none(),
        _ => false,
    }
}

/// A place in words: without query, fragment and sign-in, any of which can hold a secret.
pub fn named(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(method: Method, from: &str, status: u16, location: &str) -> Next {
        let headers = [(LOCATION, location.parse().unwrap())].into_iter().collect();
        after(&method, &from.parse().unwrap(), status, &headers)
    }

    fn follow(to: &str) -> Next {
        Next::Follow(to.parse().unwrap())
    }

    #[test]
    fn a_call_goes_on_at_the_same_host_and_from_http_to_https() {
        assert_eq!(next(Method::GET, "https://a.example/x", 301, "/y"), follow("https://a.example/y"));
        assert_eq!(
            next(Method::POST, "http://a.example/x", 308, "https://a.example/x"),
            follow("https://a.example/x")
        );
        assert_eq!(next(Method::PUT, "https://a.example/x", 307, "y?z=1"), follow("https://a.example/y?z=1"));
    }

    #[test]
    fn a_call_goes_to_no_other_host_port_or_weaker_scheme() {
        for (from, to) in [
            ("https://a.example/", "https://b.example/"),
            ("https://a.example/", "https://www.a.example/"),
            ("https://a.example/", "http://a.example/"),
            ("https://a.example/", "https://a.example:8443/"),
            ("http://a.example:8080/", "https://a.example/"),
            ("http://a.example/", "//169.254.169.254/"),
            ("http://a.example/", "file:///etc/passwd"),
        ] {
            assert!(matches!(next(Method::GET, from, 307, to), Next::Refuse(..)), "{from} → {to}");
        }
    }

    #[test]
    fn what_brings_something_is_repeated_only_where_the_far_side_says_so() {
        for status in [301, 302, 303] {
            let next = next(Method::POST, "https://a.example/x", status, "/y");
            assert_eq!(next, Next::Refuse("https://a.example/y".parse().unwrap(), "for reading only"));
        }
        assert_eq!(next(Method::HEAD, "https://a.example/x", 303, "/y"), follow("https://a.example/y"));
    }

    #[test]
    fn an_answer_that_points_nowhere_is_an_answer() {
        let url = "https://a.example/".parse().unwrap();
        assert_eq!(after(&Method::GET, &url, 302, &HeaderMap::new()), Next::Answer);
        assert_eq!(next(Method::GET, "https://a.example/", 304, "/y"), Next::Answer);
        assert_eq!(next(Method::GET, "https://a.example/", 200, "/y"), Next::Answer);
    }

    #[test]
    fn the_place_in_an_error_shows_no_secret() {
        let url = "https://u:p@a.example:8443/x?token=t#f".parse().unwrap();
        assert_eq!(named(&url), "https://a.example:8443/x");
    }
}
