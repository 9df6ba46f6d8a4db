//! How a row becomes a domain type. Owns the column lists, so that what is selected and what is read stay
//! side by side.

use super::{Database, Row};
use crate::{AuditEntry, Node, Result, Sealed, SealedPart, StoreError, StoredPayload};
use domain::{
    attempt::Attempt,
    destination::Destination,
    event::{ByHand, Event, EventPayload, EventVersion},
    id::{
        DestinationId, EventId, JobId, NodeId, ProviderId, ReplayId, RequestId, RuleId, SecretId, TenantId,
        UserId, VendorId,
    },
    job::{Called, Job, Usage},
    privacy::TenantPrivacy,
    provider::Provider,
    queue::QueueHead,
    refusal::{Acceptance, Finding, ReasonCount, Recheck, RefusedRequest},
    replay::{Replay, ReplayLink},
    rule::Rule,
    secret::SecretInfo,
    selection::EventCursor,
    tenant::Tenant,
    time::Timestamp,
    user::User,
    vendor::Vendor,
};
use serde::de::DeserializeOwned;
use sqlx::{Decode, Row as _, Type};
use std::{fmt::Display, str::FromStr};
use uuid::Uuid;

/// The columns [`job`] reads.
macro_rules! job_columns {
    () => {
        "id, tenant_id, event_id, parent_id, kind, state, title, vendor_id, rule_id, provider_id, \
         destination_id, params, idempotency_key, attempt, max_attempts, priority, next_run_at, node_id, \
         lease_until, reason, error_class, subject_id, occurred_at, model, input_tokens, output_tokens, \
         cost_micros, created_at, started_at, finished_at, updated_at, gives_up_at"
    };
}
pub(super) use job_columns;

/// The columns [`user`] reads.
macro_rules! user_columns {
    () => {
        "id, email, role, tenant_id, disabled, created_at, last_login_at"
    };
}
pub(super) use user_columns;

/// The columns [`refused_request`] reads.
macro_rules! refused_columns {
    () => {
        "id, tenant_id, vendor_id, received_at, status, reason, detail, headers, body_len, method, path, \
         client, finding, finding_words, rechecked_at, rechecked_by, recheck, recheck_words, accepted_at, \
         accepted_by, event_id, \
         exists (select 1 from refused_captures where request_id = refused_requests.id) as captured"
    };
}
pub(super) use refused_columns;

/// One column.
pub(super) fn get<'r, T>(row: &'r Row, column: &str) -> Result<T>
where
    T: Decode<'r, Database> + Type<Database>,
{
    Ok(row.try_get(column)?)
}

fn corrupt(column: &str, why: impl Display) -> StoreError {
    StoreError::Corrupt(format!("{column}: {why}"))
}

/// A column whose text a domain type understands: a word, a slug.
pub(super) fn parse<T>(row: &Row, column: &str) -> Result<T>
where
    T: FromStr<Err: Display>,
{
    get::<&str>(row, column)?.parse().map_err(|error| corrupt(column, error))
}

fn parse_opt<T>(row: &Row, column: &str) -> Result<Option<T>>
where
    T: FromStr<Err: Display>,
{
    let text: Option<&str> = get(row, column)?;
    text.map(|text| text.parse().map_err(|error| corrupt(column, error))).transpose()
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_str(get(row, column)?).map_err(|error| corrupt(column, error))
}

/// A column that holds a number narrower than the databases' own.
fn narrow<T: TryFrom<i64, Error: Display>>(row: &Row, column: &str) -> Result<Option<T>> {
    let number: Option<i64> = get(row, column)?;
    number.map(|number| T::try_from(number).map_err(|error| corrupt(column, error))).transpose()
}

/// A column that holds an HTTP status; it is kept as the smallest type both databases know that fits.
fn status(row: &Row) -> Result<Option<u16>> {
    let number: Option<i32> = get(row, "status")?;
    number.map(|number| u16::try_from(number).map_err(|error| corrupt("status", error))).transpose()
}

pub(super) fn id_opt<T>(row: &Row, column: &str, new: fn(Uuid) -> T) -> Result<Option<T>> {
    Ok(get::<Option<Uuid>>(row, column)?.map(new))
}

/// A time.
pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp> {
    get(row, column).map(Timestamp)
}

/// A time that may be missing.
pub(super) fn time_opt(row: &Row, column: &str) -> Result<Option<Timestamp>> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp))
}

fn usage(row: &Row) -> Result<Usage> {
    Ok(Usage {
        input_tokens: get(row, "input_tokens")?,
        output_tokens: get(row, "output_tokens")?,
        cost_micros: get(row, "cost_micros")?,
    })
}

/// Reads the first job of a queue.
pub(super) fn queue_head(row: &Row) -> Result<QueueHead> {
    let provider = id_opt(row, "provider_id", ProviderId::new)?;
    let destination = id_opt(row, "destination_id", DestinationId::new)?;
    Ok(QueueHead {
        priority: get(row, "priority")?,
        number: get(row, "queue")?,
        due_at: time(row, "next_run_at")?,
        id: get(row, "id").map(JobId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        vendor_id: id_opt(row, "vendor_id", VendorId::new)?,
        calls: Called::by(parse(row, "kind")?, provider, destination),
    })
}

/// Reads [`job_columns!`].
pub(super) fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: get(row, "id").map(JobId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        event_id: id_opt(row, "event_id", EventId::new)?,
        parent_id: id_opt(row, "parent_id", JobId::new)?,
        kind: parse(row, "kind")?,
        state: parse(row, "state")?,
        title: get(row, "title")?,
        vendor_id: id_opt(row, "vendor_id", VendorId::new)?,
        rule_id: id_opt(row, "rule_id", RuleId::new)?,
        provider_id: id_opt(row, "provider_id", ProviderId::new)?,
        destination_id: id_opt(row, "destination_id", DestinationId::new)?,
        params: json(row, "params")?,
        idempotency_key: get(row, "idempotency_key")?,
        attempt: get(row, "attempt")?,
        max_attempts: get(row, "max_attempts")?,
        priority: get(row, "priority")?,
        next_run_at: time(row, "next_run_at")?,
        node_id: id_opt(row, "node_id", NodeId::new)?,
        lease_until: time_opt(row, "lease_until")?,
        reason: get(row, "reason")?,
        error_class: parse_opt(row, "error_class")?,
        subject_id: get(row, "subject_id")?,
        occurred_at: time_opt(row, "occurred_at")?,
        model: get(row, "model")?,
        usage: usage(row)?,
        created_at: time(row, "created_at")?,
        started_at: time_opt(row, "started_at")?,
        finished_at: time_opt(row, "finished_at")?,
        updated_at: time(row, "updated_at")?,
        gives_up_at: time_opt(row, "gives_up_at")?,
    })
}

pub(super) fn attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        job_id: get(row, "job_id").map(JobId::new)?,
        number: get(row, "number")?,
        node_id: get(row, "node_id").map(NodeId::new)?,
        started_at: time(row, "started_at")?,
        finished_at: time(row, "finished_at")?,
        outcome: parse(row, "outcome")?,
        error_class: parse_opt(row, "error_class")?,
        error: get(row, "error")?,
        status: status(row)?,
        answer: get(row, "answer")?,
        model: get(row, "model")?,
        usage: usage(row)?,
        next_run_at: time_opt(row, "next_run_at")?,
    })
}

/// The columns [`event`] reads.
macro_rules! event_columns {
    () => {
        "id, tenant_id, vendor_id, external_id, event_type, subject_id, occurred_at, schema_version, \
         received_at, request_id, trace_id, secret_version, body_len"
    };
}
pub(super) use event_columns;

/// Reads [`event_columns!`].
pub(super) fn event(row: &Row) -> Result<Event> {
    Ok(Event {
        id: get(row, "id").map(EventId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        vendor_id: get(row, "vendor_id").map(VendorId::new)?,
        external_id: get(row, "external_id")?,
        event_type: get(row, "event_type")?,
        subject_id: get(row, "subject_id")?,
        occurred_at: time_opt(row, "occurred_at")?,
        schema_version: get(row, "schema_version")?,
        received_at: time(row, "received_at")?,
        request_id: get(row, "request_id").map(RequestId::new)?,
        trace_id: get(row, "trace_id")?,
        secret_version: get(row, "secret_version")?,
        body_len: get(row, "body_len")?,
    })
}

pub(super) fn event_payload(row: &Row) -> Result<StoredPayload> {
    let body = get(row, "body")?;
    Ok(match get(row, "sealed")? {
        true => StoredPayload::Sealed(Sealed(body)),
        false => StoredPayload::Plain(EventPayload { headers: json(row, "headers")?, body }),
    })
}

pub(super) fn tenant_privacy(row: &Row) -> Result<TenantPrivacy> {
    Ok(TenantPrivacy {
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        encrypt: get(row, "encrypt")?,
        has_key: get::<Option<Vec<u8>>>(row, "sealed")?.is_some(),
        keep_days: get(row, "keep_days")?,
        shredded_at: time_opt(row, "shredded_at")?,
    })
}

/// The columns [`replay`] reads.
macro_rules! replay_columns {
    () => {
        "id, tenant_id, actor, selection, per_second, state, total, done, skipped, at_received, at_event, \
         next_step_at, created_at, finished_at"
    };
}
pub(super) use replay_columns;

/// Reads [`replay_columns!`].
pub(super) fn replay(row: &Row) -> Result<Replay> {
    let received_at = time_opt(row, "at_received")?;
    let event = id_opt(row, "at_event", EventId::new)?;
    Ok(Replay {
        id: get(row, "id").map(ReplayId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        actor: get(row, "actor")?,
        selection: json(row, "selection")?,
        per_second: get(row, "per_second")?,
        state: parse(row, "state")?,
        total: get(row, "total")?,
        done: get(row, "done")?,
        skipped: get(row, "skipped")?,
        at: received_at.zip(event).map(|(received_at, id)| EventCursor { received_at, id }),
        next_step_at: time(row, "next_step_at")?,
        created_at: time(row, "created_at")?,
        finished_at: time_opt(row, "finished_at")?,
    })
}

pub(super) fn replay_link(row: &Row) -> Result<ReplayLink> {
    Ok(ReplayLink {
        event_id: get(row, "event_id").map(EventId::new)?,
        origin_id: get(row, "origin_id").map(EventId::new)?,
        replay_id: get(row, "replay_id").map(ReplayId::new)?,
    })
}

pub(super) fn refused_request(row: &Row) -> Result<RefusedRequest> {
    Ok(RefusedRequest {
        id: get(row, "id").map(RequestId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        vendor_id: get(row, "vendor_id").map(VendorId::new)?,
        received_at: time(row, "received_at")?,
        status: status(row)?.unwrap_or_default(),
        reason: get(row, "reason")?,
        detail: get(row, "detail")?,
        headers: json(row, "headers")?,
        body_len: get(row, "body_len")?,
        method: get(row, "method")?,
        path: get(row, "path")?,
        client: get(row, "client")?,
        finding: get::<Option<String>>(row, "finding")?
            .zip(get(row, "finding_words")?)
            .map(|(code, words)| Finding { code, words }),
        captured: get(row, "captured")?,
        rechecked: recheck(row)?,
        accepted: time_opt(row, "accepted_at")?
            .zip(get(row, "accepted_by")?)
            .zip(id_opt(row, "event_id", EventId::new)?)
            .map(|((at, by), event_id)| Acceptance { event_id, at, by }),
    })
}

fn recheck(row: &Row) -> Result<Option<Recheck>> {
    let Some(at) = time_opt(row, "rechecked_at")? else { return Ok(None) };
    Ok(Some(Recheck {
        at,
        by: get::<Option<String>>(row, "rechecked_by")?.unwrap_or_default(),
        code: get::<Option<String>>(row, "recheck")?.unwrap_or_default(),
        words: get::<Option<String>>(row, "recheck_words")?.unwrap_or_default(),
    }))
}

pub(super) fn reason_count(row: &Row) -> Result<ReasonCount> {
    Ok(ReasonCount {
        reason: get(row, "reason")?,
        count: get(row, "requests")?,
        last_at: time(row, "last_at")?,
    })
}

pub(super) fn event_version(row: &Row) -> Result<EventVersion> {
    Ok(EventVersion {
        id: get(row, "id").map(EventId::new)?,
        received_at: time(row, "received_at")?,
        event_type: get(row, "event_type")?,
        body_len: get(row, "body_len")?,
    })
}

pub(super) fn by_hand(row: &Row) -> Result<ByHand> {
    Ok(ByHand {
        request_id: get(row, "request_id").map(RequestId::new)?,
        at: time(row, "at")?,
        by: get(row, "actor")?,
        reason: get(row, "reason")?,
    })
}

pub(super) fn tenant(row: &Row) -> Result<Tenant> {
    Ok(Tenant {
        id: get(row, "id").map(TenantId::new)?,
        slug: parse(row, "slug")?,
        name: get(row, "name")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn vendor(row: &Row) -> Result<Vendor> {
    Ok(Vendor {
        id: get(row, "id").map(VendorId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        slug: parse(row, "slug")?,
        preset: get(row, "preset")?,
        options: json(row, "options")?,
        enabled: get(row, "enabled")?,
        max_body: narrow(row, "max_body")?,
        policy: json(row, "policy")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn secret(row: &Row) -> Result<SecretInfo> {
    Ok(SecretInfo {
        id: get(row, "id").map(SecretId::new)?,
        vendor_id: get(row, "vendor_id").map(VendorId::new)?,
        version: get(row, "version")?,
        state: parse(row, "state")?,
        not_after: time_opt(row, "not_after")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn provider(row: &Row) -> Result<Provider> {
    Ok(Provider {
        id: get(row, "id").map(ProviderId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        slug: parse(row, "slug")?,
        kind: parse(row, "kind")?,
        base_url: get(row, "base_url")?,
        model: get(row, "model")?,
        has_key: get::<Option<Vec<u8>>>(row, "sealed")?.is_some(),
        enabled: get(row, "enabled")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn destination(row: &Row) -> Result<Destination> {
    Ok(Destination {
        id: get(row, "id").map(DestinationId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        slug: parse(row, "slug")?,
        kind: parse(row, "kind")?,
        url: get(row, "url")?,
        user: get(row, "user_name")?,
        auth: parse(row, "auth")?,
        route: parse(row, "route")?,
        has_secret: get::<Option<Vec<u8>>>(row, "sealed")?.is_some(),
        method: parse(row, "method")?,
        enabled: get(row, "enabled")?,
        off_reason: get(row, "off_reason")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn sealed_part(row: &Row) -> Result<SealedPart> {
    Ok(SealedPart {
        destination_id: get(row, "destination_id").map(DestinationId::new)?,
        part: parse(row, "part")?,
        not_after: time_opt(row, "not_after")?,
        sealed: Sealed(get(row, "sealed")?),
    })
}

pub(super) fn rule(row: &Row) -> Result<Rule> {
    Ok(Rule {
        id: get(row, "id").map(RuleId::new)?,
        tenant_id: get(row, "tenant_id").map(TenantId::new)?,
        vendor_id: get(row, "vendor_id").map(VendorId::new)?,
        pattern: get(row, "pattern")?,
        job: parse(row, "job")?,
        provider_id: id_opt(row, "provider_id", ProviderId::new)?,
        destination_id: id_opt(row, "destination_id", DestinationId::new)?,
        params: json(row, "params")?,
        enabled: get(row, "enabled")?,
        created_at: time(row, "created_at")?,
    })
}

/// Reads [`user_columns!`].
pub(super) fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: get(row, "id").map(UserId::new)?,
        email: get(row, "email")?,
        role: parse(row, "role")?,
        tenant_id: id_opt(row, "tenant_id", TenantId::new)?,
        disabled: get(row, "disabled")?,
        created_at: time(row, "created_at")?,
        last_login_at: time_opt(row, "last_login_at")?,
    })
}

pub(super) fn node(row: &Row) -> Result<Node> {
    Ok(Node {
        id: get(row, "id").map(NodeId::new)?,
        host: get(row, "host")?,
        roles: get(row, "roles")?,
        version: get(row, "version")?,
        started_at: time(row, "started_at")?,
        heartbeat_at: time(row, "heartbeat_at")?,
    })
}

pub(super) fn audit_entry(row: &Row) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: get(row, "id")?,
        at: time(row, "at")?,
        tenant_id: id_opt(row, "tenant_id", TenantId::new)?,
        actor: get(row, "actor")?,
        action: get(row, "action")?,
        target: get(row, "target")?,
        detail: get(row, "detail")?,
    })
}

/// Reads every row with `read`.
pub(super) fn all<T>(rows: &[Row], read: fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}
