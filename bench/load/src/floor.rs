//! The least a webhook server can do on the same web framework: read the body, check the signature, answer. What a
//! real server adds to this is what it costs to read, judge and store.

use crate::webhooks;
use anyhow::{Context, ensure};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::net::SocketAddr;

#[derive(clap::Args)]
pub(crate) struct Floor {
    /// Where to listen; port 0 for any. Printed as `listening ADDRESS`
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The senders' secret
    #[arg(long, env = "LOAD_SECRET", hide_env_values = true)]
    secret: String,
}

pub(crate) fn run(args: Floor) -> anyhow::Result<()> {
    ensure!(args.listen.ip().is_loopback(), "{} is not a loopback address", args.listen);
    let key = webhooks::key(&args.secret)?;
    let routes = Router::new().route("/webhooks/{vendor}", post(receive)).with_state(key);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await.context("cannot listen")?;
        crate::say(&format!("listening {}", listener.local_addr()?));
        Ok(axum::serve(listener, routes).await?)
    })
}

async fn receive(State(key): State<Hmac<Sha256>>, headers: HeaderMap, body: Bytes) -> Response {
    if is_genuine(&key, &headers, &body) {
        // As long as a real answer.
        let text = r#"{"status":"accepted","id":"evt_00000000000000000000000000000000"}"#;
        (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

fn is_genuine(key: &Hmac<Sha256>, headers: &HeaderMap, body: &[u8]) -> bool {
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let parts = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let (Some(id), Some(timestamp), Some(signature)) = parts else { return false };
    let tag = signature.strip_prefix(b"v1,").and_then(|text| STANDARD.decode(text).ok());
    tag.is_some_and(|tag| webhooks::sign(key, id, timestamp, body).verify_slice(&tag).is_ok())
}
