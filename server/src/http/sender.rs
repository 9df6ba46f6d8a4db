//! `/sender/{token}`: the page a vendor's engineer gets by link. No account, no session, no script; the address is
//! what lets them in, so it is kept from caches, search engines and other sites.

use super::client::TrustedProxies;
use crate::{clock::SharedClock, services::checks_go_on_after};
use app::{
    error::AppError,
    pages::sender::{Checked, sender_document},
    ports::SenderPort,
};
use axum::{
    Form, Router,
    extract::{ConnectInfo, DefaultBodyLimit, Path, State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use std::{net::SocketAddr, sync::Arc};

/// Longest form that is read: a body of the longest that is checked, each byte of which may be written as three.
const LONGEST_FORM: usize = 1024 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct Parts {
    /// Links and verdicts.
    pub sender: Arc<dyn SenderPort>,
    /// Whose word about the visitor's address is taken.
    pub proxies: TrustedProxies,
    /// The time.
    pub clock: SharedClock,
}

/// What is typed into the check.
#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    headers: String,
    #[serde(default)]
    body: String,
}

/// The routes.
pub fn router(parts: Parts) -> Router {
    Router::new()
        .route("/sender/{token}", get(show).post(check))
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .with_state(parts)
}

async fn show(State(parts): State<Parts>, Path(token): Path<String>) -> Response {
    answer(&parts, &token, None).await
}

async fn check(
    State(parts): State<Parts>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let client = peer.map_or_else(
        || "unknown".to_owned(),
        |axum::Extension(ConnectInfo(peer))| parts.proxies.client(peer.ip(), &headers).to_string(),
    );
    let checked = match form {
        Ok(Form(typed)) => {
            let verdict = parts.sender.check(&token, &client, &typed.headers, &typed.body).await;
            Checked { verdict, headers: typed.headers, body: typed.body }
        }
        Err(_) => Checked { verdict: Err(AppError::Busy), headers: String::new(), body: String::new() },
    };
    answer(&parts, &token, Some(checked)).await
}

async fn answer(parts: &Parts, token: &str, checked: Option<Checked>) -> Response {
    let page = parts.sender.page(token).await;
    let error = page.as_ref().err().or(checked.as_ref().and_then(|checked| checked.verdict.as_ref().err()));
    let status = match error {
        None => StatusCode::OK,
        Some(AppError::NotFound) => StatusCode::NOT_FOUND,
        Some(AppError::Busy) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)));
    let mut response = (status, headers, Html(sender_document(page, checked))).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = checks_go_on_after(parts.clock.now());
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
