//! An id for every request: in the extensions for handlers, in `X-Request-Id` of the answer, in the log.

use crate::clock::fresh;
use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use domain::id::RequestId;

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id.
pub async fn assign(mut request: Request, next: Next) -> Response {
    let id = RequestId::new(fresh());
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
