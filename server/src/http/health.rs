//! `/healthz`: the process answers. `/readyz`: it can also do its work.

use crate::clock::SharedClock;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::Duration;
use store::Store;

/// What readiness looks at.
pub struct Health {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// When the worker's lease keeper last went round; 0 where this process has no worker.
    pub worker_beat: AtomicI64,
}

impl Health {
    /// Notes that the worker's lease keeper went round.
    pub fn note_worker(&self) {
        self.worker_beat.store(self.clock.now().0, Ordering::Relaxed);
    }
}

/// Longest the database may take to answer.
const PING: Duration = Duration::from_secs(5);

/// A worker is well while its last round is at most this old, in microseconds.
const WORKER_SILENCE: i64 = 60_000_000;

/// The process answers.
pub async fn alive() -> Json<serde_json::Value> {
    Json(json!({"status": "pass", "version": env!("CARGO_PKG_VERSION")}))
}

/// Database, schema and worker are well. Says which is not, but no more: this is public.
pub async fn ready(State(health): State<Arc<Health>>) -> Response {
    let ping = tokio::time::timeout(PING, health.store.ping()).await;
    let database = matches!(&ping, Ok(Ok(())));
    if !database {
        tracing::warn!(?ping, "the database is not ready");
    }
    let beat = health.worker_beat.load(Ordering::Relaxed);
    let worker = beat == 0 || health.clock.now().0 - beat < WORKER_SILENCE;
    let word = |well: bool| if well { "pass" } else { "fail" };
    let status = if database && worker { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": word(database && worker),
        "checks": {"database": word(database), "worker": word(worker)},
    });
    (status, Json(body)).into_response()
}
