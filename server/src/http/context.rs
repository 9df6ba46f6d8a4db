//! What pages and server functions find in their context: the ports, who is asking, the request, the session.
//! The one place where the web server and the dashboard meet.

use super::{
    changes::Changes,
    client::TrustedProxies,
    session::{self, SessionHandle},
};
use crate::services::Services;
use app::ports::{Actor, Ports, RequestInfo, Session as AppSession};
use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, header, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::id::RequestId;
use leptos::{
    nonce::use_nonce,
    prelude::{provide_context, use_context},
};
use leptos_axum::ResponseOptions;
use std::{net::SocketAddr, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

/// What is needed to find out who asks.
#[derive(Clone)]
pub struct Seats {
    /// Accounts.
    pub services: Arc<Services>,
    /// Whose word about the visitor's address is taken.
    pub proxies: TrustedProxies,
    /// Whether what pages show changed.
    pub changes: Arc<Changes>,
    /// Ends what would otherwise never end.
    pub stop: CancellationToken,
}

/// Looks up who asks, anew for every request, so that a disabled account or a changed role takes effect at once.
pub async fn identify(State(seats): State<Seats>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    let user = match &session {
        Some(session) => session::user(session).await,
        None => None,
    };
    let actor = match user {
        Some(id) => seats.services.store.user(id).await.ok().filter(|user| !user.disabled).map(|user| {
            Actor { user_id: user.id, email: user.email, role: user.role, tenant: user.tenant_id }
        }),
        None => None,
    };
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or_else(
        || "unknown".to_owned(),
        |info| seats.proxies.client(info.0.ip(), request.headers()).to_string(),
    );
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    request.extensions_mut().insert(RequestInfo { id, client });
    request.extensions_mut().insert(actor);
    next.run(request).await
}

/// Puts everything into Leptos' context; called for each page and server function.
pub fn provide(ports: &Ports) {
    harden();
    provide_context(ports.clone());
    let Some(parts) = use_context::<Parts>() else { return };
    provide_context(parts.extensions.get::<Option<Actor>>().cloned().flatten());
    provide_context(parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default());
    if let Some(session) = parts.extensions.get::<Session>() {
        provide_context(AppSession(Arc::new(SessionHandle(session.clone()))));
    }
}

/// Only scripts of this page run, and it talks to nobody else: what an event's text smuggles in stays text. Nothing
/// is kept by the browser, because a page may show a secret.
fn harden() {
    let Some(response) = use_context::<ResponseOptions>() else { return };
    response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let Some(nonce) = use_nonce() else { return };
    // `cargo leptos watch` reloads pages through a socket of its own.
    let reload = if std::env::var_os("LEPTOS_WATCH").is_some() { " ws:" } else { "" };
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self'{reload}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}
