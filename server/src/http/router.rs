//! The table of routes: which path is whose, and what stands before it.

use super::{
    changes::Changes,
    context::{self, Seats},
    export,
    health::{self, Health},
    leaving, origin, published, refusals, request_id, sender, session, stream,
};
use crate::{
    config::{NodeRole, Settings, is_loopback},
    ingress::{Ingress, receive},
    services::Services,
};
use app::{App, ports::EventsPort, shell};
use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    middleware,
    routing::{any, get},
};
use leptos::prelude::LeptosOptions;
use leptos_axum::{LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
use std::{path::PathBuf, sync::Arc};
use tokio_util::sync::CancellationToken;
use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    set_header::SetResponseHeaderLayer,
};

/// What the routes need.
pub struct Parts {
    /// Webhooks.
    pub ingress: Arc<Ingress>,
    /// The dashboard.
    pub services: Arc<Services>,
    /// Readiness.
    pub health: Arc<Health>,
    /// Where the dashboard's files are.
    pub site_root: PathBuf,
    /// Ends streams that would otherwise never end.
    pub stop: CancellationToken,
}

/// Everything this process serves, by its roles.
pub fn router(parts: Parts, settings: &Settings) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(health::alive))
        .merge(Router::new().route("/readyz", get(health::ready)).with_state(parts.health.clone()))
        .merge(published::router(parts.services.delivery.tokens().clone()));
    if settings.has(NodeRole::Ingress) {
        router = router.merge(webhooks(parts.ingress.clone()));
    }
    if settings.has(NodeRole::Dashboard) {
        let sender = sender::Parts {
            sender: parts.services.clone(),
            proxies: parts.ingress.proxies.clone(),
            clock: parts.services.clock.clone(),
        };
        router = router.merge(dashboard(&parts, settings)).merge(sender::router(sender));
    }
    router
        .layer(middleware::from_fn_with_state(parts.health, leaving::last_answer))
        .layer(middleware::from_fn(request_id::assign))
}

/// Nothing stands before webhooks but their own guard: no session, no compression, no redirect.
fn webhooks(ingress: Arc<Ingress>) -> Router {
    Router::new()
        .route("/webhooks/{vendor}", any(receive::default_tenant))
        .route("/webhooks/{tenant}/{vendor}", any(receive::of_tenant))
        .with_state(ingress)
}

fn dashboard(parts: &Parts, settings: &Settings) -> Router {
    let ports = parts.services.ports();
    let options = LeptosOptions::builder()
        .output_name("tidegate")
        .site_root(parts.site_root.to_string_lossy().into_owned())
        .site_pkg_dir("pkg")
        .site_addr(settings.listen)
        .build();
    let routes = generate_route_list(App);
    let provide = move || context::provide(&ports);
    let page = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let seats = Seats {
        services: parts.services.clone(),
        proxies: parts.ingress.proxies.clone(),
        changes: Changes::new(stream::look(parts.services.clone())),
        stop: parts.stop.clone(),
    };
    let secure = settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https" && !is_loopback(url));
    let sessions = session::layer(parts.services.store.clone(), parts.services.clock.clone(), secure);

    let pages = Router::new()
        .leptos_routes_with_context(&options, routes, provide.clone(), page)
        .fallback(file_and_error_handler_with_context(provide, shell))
        .with_state(options)
        .layer(middleware::from_fn(refusals::status))
        .layer(compression());
    let streams = Router::new().route("/events/stream", get(stream::changes)).with_state(seats.clone());
    let events: Arc<dyn EventsPort> = parts.services.clone();
    let files = Router::new().route("/events/export.csv", get(export::events)).with_state(events).merge(
        Router::new().route("/audit/export.csv", get(export::audit)).with_state(parts.services.clone()),
    );
    pages
        .merge(streams)
        .merge(files)
        .layer(middleware::from_fn_with_state(seats, context::identify))
        .layer(sessions)
        .layer(middleware::from_fn(origin::same_site))
        .layer(always("referrer-policy", "same-origin"))
        .layer(always("x-content-type-options", "nosniff"))
        .layer(always("x-frame-options", "DENY"))
        .layer(always("cross-origin-opener-policy", "same-origin"))
        .layer(always("permissions-policy", "camera=(), microphone=(), geolocation=()"))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        ))
}

/// Pages and answers are compressed quickly, as they are made. Files are not: they come with compressed forms, and a
/// large one compressed anew for each visitor costs seconds.
fn compression() -> CompressionLayer<impl Predicate> {
    let made_here = DefaultPredicate::new()
        .and(NotForContentType::new("application/wasm"))
        .and(NotForContentType::new("text/javascript"))
        .and(NotForContentType::new("text/css"));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(made_here)
}

fn always(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(HeaderName::from_static(name), HeaderValue::from_static(value))
}
