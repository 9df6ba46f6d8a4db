//! The status of a refused server function. Leptos answers every error with 500; to a browser's monitor, a proxy or
//! a person reading a log, a form with a wrong field is not a fault of the server. Plain forms, which are answered
//! with a redirect, pass through unchanged.

use app::error::AppError;
use axum::{body::Body, extract::Request, http::StatusCode, middleware::Next, response::Response};

/// Longest body of an error; an [`AppError`] is far shorter.
const MAX_ERROR: usize = 16 * 1024;

/// Gives refused server functions the status of their error.
pub async fn status(request: Request, next: Next) -> Response {
    let is_function = request.uri().path().starts_with("/ui/");
    let response = next.run(request).await;
    if !is_function || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_ERROR).await else {
        return Response::from_parts(parts, Body::empty());
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&bytes) {
        parts.status = match error {
            AppError::NotSignedIn => StatusCode::UNAUTHORIZED,
            AppError::NotAllowed => StatusCode::FORBIDDEN,
            AppError::NotFound => StatusCode::NOT_FOUND,
            AppError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            AppError::StillUsed { .. } | AppError::OnlySecret => StatusCode::CONFLICT,
            AppError::Busy => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
    }
    Response::from_parts(parts, Body::from(bytes))
}
