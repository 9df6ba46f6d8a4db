//! Serves the dashboard with sample data, to look at it without a database:
//! `cargo run -p app --features ssr --example preview`. Knobs are environment variables: `ROLE=editor`,
//! `DATA=fresh`, `DATA=broken`, `OUT=1` begins signed out, `PORT=…`; `PKG=…` is a folder with the browser's half.
#![allow(missing_docs, reason = "a program, not a library")]

#[path = "../tests/fake/mod.rs"]
pub mod fake;

use axum::{
    Router,
    http::header,
    response::sse::{Event, Sse},
    routing::get,
};
use fake::{Fake, NOON, site::Site};
use std::{path::PathBuf, sync::atomic::Ordering};

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[tokio::main]
async fn main() {
    let port = env("PORT").parse().unwrap_or(3999_u16);
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let router = Router::new()
        .route("/pkg/tidegate.css", get(css))
        .route("/favicon.svg", get(|| asset("../style/assets/favicon.svg", "image/svg+xml")))
        .route("/pkg/{file}", get(pkg))
        .route("/events/stream", get(stream))
        .merge(site().router());
    let listener = tokio::net::TcpListener::bind(addr).await.expect("the port is free");
    axum::serve(listener, router).await.expect("serving works");
}

/// What the environment asks for.
fn site() -> Site {
    let (data, signed_out) = (env("DATA"), !env("OUT").is_empty());
    let fake = if data == "fresh" || data == "setup" { Fake::fresh(NOON) } else { Fake::busy(NOON) };
    fake.broken.store(data == "broken", Ordering::Relaxed);
    fake.empty_users.store(data == "setup", Ordering::Relaxed);
    let role = env("ROLE").parse().unwrap_or(domain::role::Role::Owner);
    Site::new(fake, (!signed_out).then_some(role))
}

async fn asset(path: &str, kind: &'static str) -> ([(header::HeaderName, &'static str); 1], Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    ([(header::CONTENT_TYPE, kind)], std::fs::read(path).unwrap_or_default())
}

async fn css() -> ([(header::HeaderName, &'static str); 1], Vec<u8>) {
    asset("../style/main.css", "text/css").await
}

async fn pkg(
    axum::extract::Path(file): axum::extract::Path<String>,
) -> ([(header::HeaderName, &'static str); 1], Vec<u8>) {
    let kind = if file.ends_with(".wasm") { "application/wasm" } else { "text/javascript" };
    let path = PathBuf::from(env("PKG")).join(PathBuf::from(file).file_name().unwrap_or_default());
    ([(header::CONTENT_TYPE, kind)], std::fs::read(path).unwrap_or_default())
}

/// Says every three seconds that something changed.
async fn stream() -> Sse<impl futures::Stream<Item = Result<Event, std::convert::Infallible>>> {
    Sse::new(futures::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        Some((Ok(Event::default().event("changed").data("1")), ()))
    }))
}
