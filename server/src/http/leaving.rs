//! What a process that was asked to stop tells those who still reach it: `/readyz` says no, so that a balancer sends its
//! requests elsewhere, and each connection ends with its next answer, so that none is cut while a request is on its way.
//! When it stops listening is decided in [`crate::serve`].

use super::health::Health;
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Version, header::CONNECTION},
    middleware::Next,
    response::Response,
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Once this process is `asked` to stop, says so, gives others `drain` to notice, and then lets it close.
pub async fn leave(asked: CancellationToken, health: Arc<Health>, drain: Duration, close: CancellationToken) {
    asked.cancelled().await;
    health.leave();
    if !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs(), "stopping: /readyz says so, requests are still taken");
        tokio::time::sleep(drain).await;
    }
    close.cancel();
}

/// Ends a connection with this answer once the process leaves. HTTP/2 says it by itself when it closes.
pub async fn last_answer(State(health): State<Arc<Health>>, request: Request, next: Next) -> Response {
    let plain = matches!(request.version(), Version::HTTP_10 | Version::HTTP_11);
    let mut response = next.run(request).await;
    if plain && health.is_leaving() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
