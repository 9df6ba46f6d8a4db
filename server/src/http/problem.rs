//! Errors as RFC 9457 problem details: `type, title, status, detail, code, request_id`.
//! Owns the form; each caller owns its codes and words. Inner errors never come here: they go to the log.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::id::RequestId;

/// An answer that says what went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code for programs.
    pub code: &'static str,
    /// What to mend, in plain words.
    pub detail: String,
    /// Seconds to wait before another try.
    pub retry_after: Option<u64>,
    /// Methods that would be allowed.
    pub allow: Option<String>,
}

impl Problem {
    /// A problem with a status, code and explanation.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after: None, allow: None }
    }

    /// Says when to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The JSON of the answer to the request `id`.
    pub fn body(&self, id: RequestId) -> serde_json::Value {
        serde_json::json!({
            "type": format!("https://tidegate.dev/problems/{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
            "request_id": id,
        })
    }

    /// The answer to the request `id`.
    pub fn answer(self, id: RequestId) -> Response {
        let mut response = (self.status, self.body(id).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(Ok(methods)) = self.allow.as_deref().map(HeaderValue::from_str) {
            headers.insert(header::ALLOW, methods);
        }
        response
    }
}
