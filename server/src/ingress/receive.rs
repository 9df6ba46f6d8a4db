//! One request to a vendor's URL, from method check to answer.

use super::{
    Ingress,
    capture::{self, Capture},
    commit,
    event::{self, Arrival},
    guard,
    keys::request::{Keys, needed},
    limiter::{Scope, TooMany},
    once, redact,
    refused::Refused,
    room::Held,
};
use crate::{
    http::problem::Problem,
    live::LiveVendor,
    schema::{catalogue::Seen, types},
    stats::name,
    telemetry::hashed,
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, State},
    http::{HeaderName, HeaderValue, Method, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    id::{EventId, RequestId},
    policy::Rate,
    refusal::RefusedRequest,
    time::Timestamp,
};
use signature::{Delivery, Preset, Refusal};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use store::NewEvent;

/// `/webhooks/{vendor}` of the default tenant.
pub async fn default_tenant(
    State(ingress): State<Arc<Ingress>>,
    Extension(id): Extension<RequestId>,
    Path(vendor): Path<String>,
    request: Request<Body>,
) -> Response {
    receive(&ingress, id, None, &vendor, request).await
}

/// `/webhooks/{tenant}/{vendor}`.
pub async fn of_tenant(
    State(ingress): State<Arc<Ingress>>,
    Extension(id): Extension<RequestId>,
    Path((tenant, vendor)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    receive(&ingress, id, Some(&tenant), &vendor, request).await
}

/// What a request comes to.
enum Outcome {
    Stored(EventId),
    Duplicate(EventId),
    Handshake(signature::Reply),
}

/// Why a request goes no further: the answer, and what is kept of the reason.
struct Stop {
    problem: Problem,
    /// The body, when it arrived before the refusal.
    body: Option<Bytes>,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self { problem, body: None }
    }
}

async fn receive(
    ingress: &Ingress,
    id: RequestId,
    tenant: Option<&str>,
    vendor: &str,
    request: Request<Body>,
) -> Response {
    let began = ingress.clock.now();
    let snapshot = ingress.live.now();
    let known = snapshot.vendor_at(tenant, vendor).filter(|live| live.vendor.enabled);
    // Unknown and disabled vendors look alike, so that nobody can find out which names exist.
    let Some((live, preset)) = known.and_then(|live| Some((live, live.preset.as_ref()?))) else {
        metrics::counter!("tidegate_ingress_requests_total", "vendor" => "unknown", "outcome" => "not_found")
            .increment(1);
        return Problem::new(StatusCode::NOT_FOUND, "unknown_vendor", "There is nothing at this address.")
            .answer(id);
    };

    let (parts, body) = request.into_parts();
    let outcome = judge(ingress, live, preset, id, &parts, body, began).await;
    let took = ingress.clock.now().since(began);
    ingress.stats.time(live.vendor.tenant_id, name::ANSWER, took);
    metrics::histogram!("tidegate_ingress_seconds").record(took as f64 / 1e6);

    let (label, counter) = match &outcome {
        Ok(Outcome::Stored(_)) => ("accepted", name::ACCEPTED),
        Ok(Outcome::Duplicate(_)) => ("duplicate", name::DUPLICATE),
        Ok(Outcome::Handshake(_)) => ("handshake", "handshake"),
        Err(_) => ("refused", name::REFUSED),
    };
    ingress.stats.add(live.vendor.tenant_id, counter, 1);
    ingress.stats.add(live.vendor.tenant_id, &format!("vendor:{}:{label}", live.vendor.id), 1);
    metrics::counter!("tidegate_ingress_requests_total", "vendor" => live.vendor.slug.to_string(), "outcome" => label)
        .increment(1);
    match outcome {
        Ok(outcome) => {
            if let Outcome::Handshake(reply) = &outcome {
                ingress.greetings.note(live, id, began, reply);
            }
            accept(outcome, preset, id)
        }
        Err(stop) => {
            keep(ingress, live, preset, id, began, &parts, &stop);
            stop.problem.answer(id)
        }
    }
}

async fn judge(
    ingress: &Ingress,
    live: &LiveVendor,
    preset: &Arc<Preset>,
    id: RequestId,
    parts: &axum::http::request::Parts,
    body: Body,
    now: Timestamp,
) -> Result<Outcome, Stop> {
    guard::method(&parts.method, &methods(preset))?;
    guard::address(client(ingress, parts), &live.vendor.policy.allow)?;
    guard::headers(&parts.headers)?;
    // What will be refused in the end is refused before it costs anything. No token is taken yet: only requests of the
    // vendor itself may use up what the vendor may send.
    for (scope, rate) in rates(ingress, live) {
        ingress.limiter.look(scope, rate).map_err(|over| too_many(scope, over))?;
    }
    if parts.method == Method::POST {
        guard::content_type(&parts.headers)?;
    }
    let limit = live.vendor.max_body.map_or(preset.default_max_body, |limit| limit as usize);
    let mut held = ingress.room.place();
    let body = guard::body(&parts.headers, body, limit, guard::Pace::default(), &mut held).await?;
    weigh(ingress, live, preset, id, parts, &body, held, now)
        .await
        .map_err(|problem| Stop { problem, body: Some(body.clone()) })
}

/// The sender's address, after trusted proxies.
fn client(ingress: &Ingress, parts: &axum::http::request::Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(ingress.proxies.client(peer, &parts.headers))
}

/// The methods a vendor's address takes.
fn methods(preset: &Preset) -> Vec<&str> {
    let greeting = preset.handshake_method().filter(|method| *method != "POST");
    std::iter::once("POST").chain(greeting).collect()
}

/// The buckets a request takes a token from.
fn rates(ingress: &Ingress, live: &LiveVendor) -> impl Iterator<Item = (Scope, Rate)> {
    let own = live.vendor.policy.rate.map(|rate| (Scope::Vendor(live.vendor.id), rate));
    own.into_iter().chain(ingress.rate.map(|rate| (Scope::Installation, rate)))
}

fn too_many(scope: Scope, over: TooMany) -> Problem {
    let (code, detail) = match scope {
        Scope::Vendor(_) => ("rate_limited", "This vendor sends more than its limit allows."),
        Scope::Installation => ("installation_rate_limited", "More arrives than this installation takes."),
    };
    let detail = format!("{detail} Nothing was stored; send it again in {} s.", over.seconds());
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(over.seconds())
}

/// Everything after the body has arrived.
#[expect(clippy::too_many_arguments, reason = "one request, its sender, and where it goes")]
async fn weigh(
    ingress: &Ingress,
    live: &LiveVendor,
    preset: &Arc<Preset>,
    id: RequestId,
    parts: &axum::http::request::Parts,
    body: &Bytes,
    held: Held,
    now: Timestamp,
) -> Result<Outcome, Problem> {
    // The parsed request must not live across an await, so it is read anew after each.
    let needed = with_request(ingress, parts, body, |request| needed(live, preset, request, now));
    let mut keys = needed.map_err(refuse)?.obtain(&ingress.keys).await?;
    let mut found = read(ingress, live, preset, id, parts, body, &keys, now);
    if let Err(problem) = &found
        && let Some(newer) = keys.renewed(&ingress.keys, problem).await
    {
        keys = newer;
        found = read(ingress, live, preset, id, parts, body, &keys, now);
    }
    let (event, verdict) = match found? {
        Read::Handshake(reply) => return Ok(Outcome::Handshake(reply)),
        Read::Event(event, verdict, once) => {
            // Before the value that counts once is spent: what is refused here will be sent again.
            for (scope, rate) in rates(ingress, live) {
                ingress.limiter.take(scope, rate).await.map_err(|over| too_many(scope, over))?;
            }
            if let Some(seconds) = ingress.pressure.refuses(live.vendor.tenant_id) {
                let detail = "Too much work waits already. Nothing was stored; send it again later.";
                return Err(
                    Problem::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", detail).retry_after(seconds)
                );
            }
            if let Some(once) = once {
                once::check(ingress.store.as_ref(), live.vendor.id, &once, now).await?;
            }
            (event, verdict)
        }
    };
    tracing::debug!(
        request.id = %id, event.id = %event.event.id,
        external_id = %hashed(&event.event.external_id),
        subject = event.event.subject_id.as_deref().map(|subject| hashed(subject).to_string()),
        "webhook read"
    );
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let seen = Seen::of(&event.event, kind, verdict);
    match ingress.committer.record(*event, held).await {
        Ok(recorded) if recorded.duplicate => Ok(Outcome::Duplicate(recorded.id)),
        Ok(recorded) => {
            ingress.catalogue.saw(seen, body);
            Ok(Outcome::Stored(recorded.id))
        }
        Err(commit::Refused::Full | commit::Refused::Unavailable) => Err(cannot_store()),
    }
}

/// The answer when the database does not take something.
pub(super) fn cannot_store() -> Problem {
    let detail = "This could not be stored just now. Nothing was kept; send it again.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "cannot_store", detail).retry_after(5)
}

enum Read {
    Handshake(signature::Reply),
    Event(Box<NewEvent>, types::Verdict, Option<signature::Once>),
}

/// The request as the signature interpreter takes it.
fn with_request<T>(
    ingress: &Ingress,
    parts: &axum::http::request::Parts,
    body: &Bytes,
    run: impl FnOnce(&signature::Request<'_>) -> T,
) -> T {
    let url =
        format!("{}{}", ingress.public_url, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
    let headers: Vec<(&str, &[u8])> =
        parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let method = parts.method.as_str();
    run(&signature::Request { method, url: &url, headers: &headers, body, cert_pem: None })
}

/// Checks the signature and reads the event. Pure but for fresh ids.
#[expect(clippy::too_many_arguments, reason = "one request and all it is judged with")]
fn read(
    ingress: &Ingress,
    live: &LiveVendor,
    preset: &Preset,
    id: RequestId,
    parts: &axum::http::request::Parts,
    body: &Bytes,
    keys: &Keys,
    now: Timestamp,
) -> Result<Read, Problem> {
    with_request(ingress, parts, body, |request| {
        let request = signature::Request { cert_pem: keys.certificate.as_deref(), ..*request };
        judge_request(ingress, live, preset, id, parts, request, keys, now)
    })
}

#[expect(clippy::too_many_arguments, reason = "one request and all it is judged with")]
fn judge_request(
    ingress: &Ingress,
    live: &LiveVendor,
    preset: &Preset,
    id: RequestId,
    parts: &axum::http::request::Parts,
    request: signature::Request<'_>,
    keys: &Keys,
    now: Timestamp,
) -> Result<Read, Problem> {
    let delivery = Delivery::new(request);
    let secrets = match keys.set {
        // Fetched keys are no version of a secret.
        Some(_) => Vec::new(),
        None => live.secrets_at(now),
    };
    let values: Vec<&str> = match &keys.set {
        Some(set) => vec![set],
        None => secrets.iter().map(|(_, value)| *value).collect(),
    };

    if preset.handshake_is_unsigned()
        && let Some(reply) = delivery.handshake(preset, &values)
    {
        return Ok(Read::Handshake(reply));
    }
    let verified = delivery.verify(preset, &values, now.unix()).map_err(refuse)?;
    if let Some((version, _)) = secrets.get(verified.secret_index) {
        ingress.stats.add(live.vendor.tenant_id, &name::secret(live.vendor.id, *version), 1);
    }
    let matched = values.get(verified.secret_index).map(std::slice::from_ref).unwrap_or_default();
    if let Some(reply) = delivery.handshake(preset, matched) {
        return Ok(Read::Handshake(reply));
    }
    if parts.method != Method::POST {
        // One that greets with this method, but this is no greeting.
        guard::method(&parts.method, &["POST"])?;
    }
    let envelope = delivery.normalize(preset).map_err(refuse)?;

    let arrival = Arrival {
        request_id: id,
        at: now,
        secret_version: secrets.get(verified.secret_index).map(|(version, _)| *version),
    };
    let (new, verdict) = event::build(live, preset, arrival, envelope, &request, &parts.headers).map_err(|error| {
        tracing::error!(request.id = %id, vendor = %live.vendor.slug, %error, "a webhook was turned away");
        cannot_store()
    })?;
    let once = delivery.once(preset, &new.event.external_id);
    Ok(Read::Event(Box::new(new), verdict, once))
}

fn refuse(refusal: Refusal) -> Problem {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    Problem::new(status, refusal.code(), refusal.detail())
}

fn accept(outcome: Outcome, preset: &Preset, id: RequestId) -> Response {
    let (status, word, event) = match outcome {
        Outcome::Handshake(reply) => {
            let mut response =
                (StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK), reply.body).into_response();
            if let Some(Ok(kind)) = reply.content_type.as_deref().map(HeaderValue::from_str) {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            for (name, value) in &reply.headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            return response;
        }
        Outcome::Stored(event) => {
            let wanted = StatusCode::from_u16(preset.success_status).unwrap_or(StatusCode::ACCEPTED);
            (wanted, "accepted", event)
        }
        Outcome::Duplicate(event) if preset.success_status == 204 => {
            (StatusCode::NO_CONTENT, "duplicate", event)
        }
        Outcome::Duplicate(event) => (StatusCode::OK, "duplicate", event),
    };
    tracing::info!(request.id = %id, event.id = %event, outcome = word, "webhook {word}");
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    let body = format!("{{\"status\":\"{word}\",\"id\":\"{event}\"}}");
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn keep(
    ingress: &Ingress,
    live: &LiveVendor,
    preset: &Preset,
    id: RequestId,
    received_at: Timestamp,
    parts: &axum::http::request::Parts,
    stop: &Stop,
) {
    let problem = &stop.problem;
    let body_len = stop.body.as_ref().map_or(0, Bytes::len);
    tracing::warn!(
        request.id = %id, vendor = %live.vendor.slug, tenant = %live.tenant.slug,
        reason = problem.code, status = problem.status.as_u16(), body_bytes = body_len, "webhook refused"
    );
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    ingress.refused.keep(Refused {
        request: RefusedRequest {
            id,
            tenant_id: live.vendor.tenant_id,
            vendor_id: live.vendor.id,
            received_at,
            status: problem.status.as_u16(),
            reason: problem.code.to_owned(),
            detail: problem.detail.clone(),
            headers: redact::headers(live.redaction(), &parts.headers, &event::secret_headers(preset)),
            body_len: body_len as i64,
            method: parts.method.as_str().to_owned(),
            path: capture::listed_path(preset, path),
            client: client(ingress, parts).map_or_else(|| "unknown".to_owned(), |ip| ip.to_string()),
            finding: None,
            captured: false,
            rechecked: None,
            accepted: None,
        },
        capture: stop.body.clone().filter(|_| is_kept(problem.status)).map(|body| Capture::of(parts, body)),
    });
}

/// Whether a request with this answer is kept itself: those that are refused for what they are. Senders that are
/// told to come back do.
fn is_kept(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED)
}
