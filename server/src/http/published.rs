//! `/.well-known/jwks.json`: the public keys of the tokens this installation signs. For everybody.

use crate::tokens::{self, Tokens};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

/// How long others may keep them, in seconds.
const KEPT: &str = "public, max-age=300";

/// The route.
pub fn router(tokens: Arc<Tokens>) -> Router {
    Router::new().route(tokens::PATH, get(keys)).with_state(tokens)
}

async fn keys(State(tokens): State<Arc<Tokens>>) -> Response {
    match tokens.published().await {
        Ok(keys) => {
            let headers = [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, KEPT)];
            (headers, Json(keys)).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "the public keys of tokens could not be answered");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
