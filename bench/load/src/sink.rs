//! Where results go: answers 200 to everything that is posted, and counts. What comes again under the same idempotency
//! key is counted apart.

use anyhow::{Context, ensure};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

#[derive(clap::Args)]
pub(crate) struct Sink {
    /// Where to listen; port 0 for any. Printed as `listening ADDRESS`
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Default)]
struct Seen {
    keys: HashSet<Box<[u8]>>,
    requests: u64,
    last: Option<Instant>,
}

type Shared = Arc<Mutex<Seen>>;

pub(crate) fn run(args: Sink) -> anyhow::Result<()> {
    ensure!(args.listen.ip().is_loopback(), "{} is not a loopback address", args.listen);
    let routes =
        Router::new().route("/", post(take)).route("/count", get(count)).with_state(Shared::default());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await.context("cannot listen")?;
        crate::say(&format!("listening {}", listener.local_addr()?));
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn take(State(seen): State<Shared>, headers: HeaderMap, _body: Bytes) -> StatusCode {
    let key = headers.get("idempotency-key").map(|key| key.as_bytes().into()).unwrap_or_default();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.requests += 1;
    seen.last = Some(Instant::now());
    seen.keys.insert(key);
    StatusCode::OK
}

async fn count(State(seen): State<Shared>) -> Json<Value> {
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let last_ago = seen.last.map(|last| last.elapsed().as_secs_f64());
    Json(json!({ "distinct": seen.keys.len(), "requests": seen.requests, "last_ago": last_ago }))
}
