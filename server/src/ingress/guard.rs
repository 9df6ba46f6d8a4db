//! What a request must look like before anything in it is believed: method, address, headers, content type, size and
//! speed. Knows nothing of vendors but what it is given of their limits.

use super::room::{Full, Held};
use crate::http::problem::Problem;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Method, StatusCode, header},
};
use http_body_util::BodyExt;
use ipnet::IpNet;
use std::{net::IpAddr, time::Duration};
use tokio::time::Instant;

/// Headers a webhook may have. The largest of the known vendors sends about 30.
const MAX_HEADERS: usize = 64;
/// Bytes all header names and values together may have.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Seconds after which a body that found no memory may be sent again; the ones in memory are stored by then.
const ROOM_AGAIN: u64 = 2;

/// Refuses requests with too many or too large headers.
pub fn headers(headers: &HeaderMap) -> Result<(), Problem> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            format!("A webhook may have at most {MAX_HEADERS} headers with {MAX_HEADER_BYTES} bytes."),
        ));
    }
    Ok(())
}

/// Refuses bodies that no vendor sends: anything but JSON, forms and text.
pub fn content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind =
        value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let fits = kind == "application/json"
        || (kind.starts_with("application/") && kind.ends_with("+json"))
        || kind == "application/x-www-form-urlencoded"
        || kind == "text/plain"
        || kind == "text/json";
    if fits {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content_type",
        "Send JSON (application/json), a form (application/x-www-form-urlencoded) or text (text/plain).",
    ))
}

/// Refuses methods that none of `allowed` is.
pub fn method(method: &Method, allowed: &[&str]) -> Result<(), Problem> {
    if allowed.contains(&method.as_str()) {
        return Ok(());
    }
    let list = allowed.join(", ");
    let detail = format!("This address takes {list}, not {method}.");
    let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    problem.allow = Some(list);
    Err(problem)
}

/// Refuses clients outside the vendor's networks. No networks: anybody may send.
pub fn address(client: Option<IpAddr>, networks: &[IpNet]) -> Result<(), Problem> {
    if networks.is_empty()
        || client.is_some_and(|client| networks.iter().any(|network| network.contains(&client)))
    {
        return Ok(());
    }
    let client = client.map_or_else(|| "an unknown address".to_owned(), |client| client.to_string());
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "address_not_allowed",
        format!("This vendor may not send from {client}. Its allowed networks are in its limits."),
    ))
}

/// How long a sender may take for its body.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Until the first bytes, and on top of what the least rate asks for.
    pub grace: Duration,
    /// Bytes a second that must come at least, on average.
    pub least_rate: u32,
    /// Longest for any body.
    pub total: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { grace: Duration::from_secs(5), least_rate: 4 * 1024, total: Duration::from_secs(60) }
    }
}

impl Pace {
    /// How long a body may have taken of which this much has come.
    fn allowed(self, bytes: usize) -> Duration {
        let earned = Duration::from_secs_f64(bytes as f64 / f64::from(self.least_rate.max(1)));
        (self.grace + earned).min(self.total)
    }
}

/// Reads the whole body: no more than `limit` bytes, no slower than `pace`, and no more than `held` can take.
pub async fn body(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    pace: Pace,
    held: &mut Held,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("The body is larger than the {limit} bytes this vendor may send."),
        )
    };
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let began = Instant::now();
    let mut parts: Vec<Bytes> = Vec::new();
    let mut read = 0_usize;
    loop {
        let frame = match tokio::time::timeout_at(began + pace.allowed(read), body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "body_incomplete",
                    "The connection ended before the body was complete.",
                ));
            }
            Err(_) => {
                let detail = format!(
                    "The body came too slowly: {read} bytes in {} seconds.",
                    began.elapsed().as_secs()
                );
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail));
            }
        };
        // Trailers are no part of the body.
        let Ok(part) = frame.into_data() else { continue };
        read = read.saturating_add(part.len());
        if read > limit {
            return Err(too_large());
        }
        held.grow(part.len()).map_err(|Full| {
            let detail = "Too many bodies are being read at the moment. Nothing was stored; send it again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).retry_after(ROOM_AGAIN)
        })?;
        parts.push(part);
    }
    match parts.len() {
        0 | 1 => Ok(parts.pop().unwrap_or_default()),
        _ => Ok(parts.concat().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingress::room::Room;
    use axum::http::HeaderValue;
    use futures::{Stream, StreamExt, stream};

    fn with_type(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))])
    }

    #[test]
    fn json_forms_and_text_are_taken_and_nothing_else() {
        for good in [
            "application/json; charset=utf-8",
            "application/cloudevents+json",
            "APPLICATION/JSON",
            "text/plain",
        ] {
            assert_eq!(content_type(&with_type(good)), Ok(()), "{good}");
        }
        for bad in ["multipart/form-data", "application/xml", "text/html", "", "json"] {
            let status = content_type(&with_type(bad)).unwrap_err().status;
            assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad}");
        }
    }

    const PACE: Pace =
        Pace { grace: Duration::from_secs(5), least_rate: 1_000, total: Duration::from_secs(20) };

    async fn read(
        stream: impl Stream<Item = &'static str> + Send + 'static,
        limit: usize,
    ) -> Result<Bytes, Problem> {
        let body_of = Body::from_stream(stream.map(Ok::<_, std::io::Error>));
        body(&HeaderMap::new(), body_of, limit, PACE, &mut Room::new(1_000_000).place()).await
    }

    /// Parts with a pause before each.
    fn slowly(part: &'static str, count: usize, pause: Duration) -> impl Stream<Item = &'static str> {
        stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            part
        })
    }

    #[tokio::test]
    async fn a_body_longer_than_its_limit_is_refused_even_when_its_length_is_not_declared() {
        let refused = read(stream::iter(["12345", "67890"]), 9).await;
        assert_eq!(refused.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(read(stream::iter(["12345", "67890"]), 10).await.unwrap(), "1234567890");
        assert_eq!(read(stream::iter([]), 10).await.unwrap(), "");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_or_comes_drop_by_drop_is_given_up() {
        let nothing = read(slowly("x", 1, Duration::from_secs(6)), 99).await.unwrap_err();
        assert_eq!((nothing.status, nothing.code), (StatusCode::REQUEST_TIMEOUT, "body_timeout"));
        // A byte a second never earns a second.
        let began = Instant::now();
        assert_eq!(read(slowly("x", 60, Duration::from_secs(1)), 99).await.unwrap_err().code, "body_timeout");
        assert_eq!(began.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_that_keeps_its_rate_is_read_but_not_for_ever() {
        const PART: &str = match std::str::from_utf8(&[b'x'; 1_100]) {
            Ok(text) => text,
            Err(_) => "",
        };
        let kept = read(slowly(PART, 10, Duration::from_secs(1)), 1_000_000).await;
        assert_eq!(kept.unwrap().len(), 11_000);
        let endless = read(slowly(PART, 1_000, Duration::from_secs(1)), usize::MAX).await;
        assert_eq!(endless.unwrap_err().code, "body_timeout");
    }

    #[tokio::test]
    async fn a_body_for_which_there_is_no_memory_may_be_sent_again() {
        let room = Room::new(8);
        let mut waiting = room.place();
        waiting.grow(5).unwrap();
        let ask =
            || async { body(&HeaderMap::new(), Body::from("12345"), 99, PACE, &mut room.place()).await };
        let refused = ask().await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), ("overloaded", Some(2)));
        drop(waiting);
        assert!(ask().await.is_ok());
    }

    #[test]
    fn a_method_that_is_not_taken_is_answered_with_those_that_are() {
        assert_eq!(method(&Method::HEAD, &["POST", "HEAD"]), Ok(()));
        let refused = method(&Method::PUT, &["POST", "GET"]).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.allow.as_deref()), (405, Some("POST, GET")));
    }

    #[test]
    fn an_address_is_taken_from_the_vendors_networks_alone_when_it_has_any() {
        let networks: Vec<IpNet> = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let ask = |text: &str| address(text.parse().ok(), &networks).is_ok();
        assert!(ask("192.0.2.255") && ask("2001:db8:1::1"));
        assert!(!ask("192.0.3.0") && !ask("2001:db9::1") && !ask("not known"));
        assert!(address(None, &[]).is_ok());
        assert_eq!(address(None, &networks).unwrap_err().code, "address_not_allowed");
    }

    #[test]
    fn headers_are_bounded_in_number_and_in_bytes() {
        let many: HeaderMap = (0..=MAX_HEADERS)
            .map(|n| (format!("x-{n}").parse().unwrap(), HeaderValue::from_static("1")))
            .collect();
        assert_eq!(headers(&many).unwrap_err().status.as_u16(), 431);
        let large = HeaderMap::from_iter([(
            header::USER_AGENT,
            HeaderValue::from_str(&"x".repeat(MAX_HEADER_BYTES)).unwrap(),
        )]);
        assert_eq!(headers(&large).unwrap_err().code, "headers_too_large");
        assert!(headers(&HeaderMap::new()).is_ok());
    }
}
