//! What a request must look like before anything in it is believed: method, headers, content type, size.
//! Knows nothing of vendors beyond their size limit.

use crate::http::problem::Problem;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use std::time::Duration;

/// Headers a webhook may have. The largest of the known vendors sends about 30.
const MAX_HEADERS: usize = 64;
/// Bytes all header names and values together may have.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// How long a sender may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

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

/// Reads the whole body, no more than `limit` bytes and no longer than ten seconds.
pub async fn body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
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
    match tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            // axum says "length limit exceeded" through this source type and no other.
            let over = std::error::Error::source(&error)
                .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
            Err(if over {
                too_large()
            } else {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "body_incomplete",
                    "The connection ended before the body was complete.",
                )
            })
        }
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "The body did not arrive within 10 seconds.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

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

    #[tokio::test]
    async fn a_body_longer_than_its_limit_is_refused_even_when_its_length_is_not_declared() {
        let stream = futures::stream::iter([Ok::<_, std::io::Error>("12345"), Ok("67890")]);
        let read = body(&HeaderMap::new(), Body::from_stream(stream), 9).await;
        assert_eq!(read.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
    }
}
