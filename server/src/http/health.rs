//! `/healthz`: the process answers. `/readyz`: it can also do its work, and goes on doing so.

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
    atomic::{AtomicBool, AtomicI64, Ordering},
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
    leaving: AtomicBool,
}

impl Health {
    /// Of a process that has just begun.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock, worker_beat: AtomicI64::new(0), leaving: AtomicBool::new(false) }
    }

    /// From now on this process is not ready: it was asked to stop.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

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

/// Database, schema and worker are well, and the process was not asked to stop. Says which is not, but no more: this is
/// public.
pub async fn ready(State(health): State<Arc<Health>>) -> Response {
    let ping = tokio::time::timeout(PING, health.store.ping()).await;
    let database = matches!(&ping, Ok(Ok(())));
    if !database {
        tracing::warn!(?ping, "the database is not ready");
    }
    let beat = health.worker_beat.load(Ordering::Relaxed);
    let worker = beat == 0 || health.clock.now().0 - beat < WORKER_SILENCE;
    let stays = !health.is_leaving();
    let well = database && worker && stays;
    let word = |well: bool| if well { "pass" } else { "fail" };
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": word(well),
        "checks": {"database": word(database), "worker": word(worker), "stays": word(stays)},
    });
    (status, Json(body)).into_response()
}
