//! Whole batches, one multi-row statement per table: SQLite's cost is per statement, not per row.

use super::{Connection, Database, unique::UniqueRow};
use crate::{
    CounterDelta, NewEvent, NewRefused, Result, batch,
    text::{clean, clean_opt, to_json},
};
use domain::{
    attempt::Attempt,
    id::{DestinationId, EventId, JobId, NodeId, ProviderId, RuleId, VendorId},
    job::{Job, JobResult},
};
use sqlx::{QueryBuilder, Row as _};
use std::{collections::HashSet, slice::Chunks};
use uuid::Uuid;

/// How many values SQLite lets one statement bind.
const BINDS: usize = 32_766;

/// `rows` in pieces that fit into one statement when each row binds `columns` values.
pub(super) fn pieces<T>(rows: &[T], columns: usize) -> Chunks<'_, T> {
    rows.chunks(BINDS / columns)
}

/// Values that one event, one body and one job bind.
const EVENT: usize = 14;
const BODY: usize = 5;
const JOB: usize = 34;

/// Inserts those events whose key is free.
fn push_events(statement: &mut QueryBuilder<Database>, events: &[&NewEvent]) {
    statement.push(
        "insert into events (id, tenant_id, vendor_id, external_id, body_hash, event_type, subject_id, \
         occurred_at, schema_version, received_at, request_id, trace_id, secret_version, body_len) ",
    );
    statement.push_values(events, |mut row, NewEvent { event, body_hash, .. }| {
        row.push_bind(event.id.uuid())
            .push_bind(event.tenant_id.uuid())
            .push_bind(event.vendor_id.uuid())
            .push_bind(clean(&event.external_id))
            .push_bind(body_hash.as_slice())
            .push_bind(clean(&event.event_type))
            .push_bind(clean_opt(event.subject_id.as_ref()))
            .push_bind(event.occurred_at.map(|at| at.0))
            .push_bind(clean_opt(event.schema_version.as_ref()))
            .push_bind(event.received_at.0)
            .push_bind(event.request_id.uuid())
            .push_bind(clean(&event.trace_id))
            .push_bind(event.secret_version)
            .push_bind(event.body_len);
    });
    statement.push(" on conflict (vendor_id, external_id, body_hash) do nothing");
}

/// Inserts those events whose key is free, and their bodies; returns their ids.
pub(super) async fn events(connection: &mut Connection, events: &[&NewEvent]) -> Result<Vec<Uuid>> {
    let mut stored = Vec::with_capacity(events.len());
    for piece in pieces(events, EVENT) {
        let mut insert = QueryBuilder::<Database>::default();
        push_events(&mut insert, piece);
        insert.push(" returning id");
        stored.extend(insert.build_query_scalar::<Uuid>().fetch_all(&mut *connection).await?);
    }
    bodies(connection, &fresh(events, &stored)).await?;
    Ok(stored)
}

/// Stores events with their bodies and jobs durably, and asks twice for it: with the words that begin and end the
/// transaction each in one string. What SQLite is asked goes to a thread of its own and back, and a lone event waits for that.
///
/// When it fails or is abandoned between the two, the transaction stays open; the writer sees to that when it is given back.
pub(super) async fn events_at_once(connection: &mut Connection, new: &[&NewEvent]) -> Result<Vec<Uuid>> {
    let mut events = QueryBuilder::new("begin immediate; ");
    for piece in pieces(new, EVENT) {
        push_events(&mut events, piece);
        events.push(" returning id; ");
    }
    let stored: Vec<Uuid> = events.build_query_scalar().fetch_all(&mut *connection).await?;
    let fresh = fresh(new, &stored);
    let jobs: Vec<&Job> = fresh.iter().flat_map(|new| &new.jobs).collect();
    let mut rest = QueryBuilder::default();
    for piece in pieces(&fresh, BODY) {
        push_bodies(rest.push(INTO_BODIES), piece)?;
        rest.push("; ");
    }
    push_all_jobs(&mut rest, &jobs)?;
    commit(connection, rest).await?;
    Ok(stored)
}

/// Those whose ids are among these.
fn fresh<'a>(new: &[&'a NewEvent], stored: &[Uuid]) -> Vec<&'a NewEvent> {
    let stored: HashSet<_> = stored.iter().collect();
    new.iter().copied().filter(|new| stored.contains(&new.event.id.uuid())).collect()
}

/// Runs these statements and ends the transaction with them. The row behind the end shows that it was reached: were SQLite's
/// thread lost on the way, rows would merely stop coming.
async fn commit(connection: &mut Connection, mut statements: QueryBuilder<Database>) -> Result<()> {
    statements.push("commit; select 1").build().fetch_one(connection).await?;
    Ok(())
}

/// The same with their jobs.
pub(super) async fn events_and_jobs(connection: &mut Connection, new: &[&NewEvent]) -> Result<Vec<Uuid>> {
    let stored = events(connection, new).await?;
    jobs(connection, &fresh(new, &stored).iter().flat_map(|new| &new.jobs).collect::<Vec<_>>()).await?;
    Ok(stored)
}

/// The ids of the stored events with the keys of these, each with its position in `events`.
pub(super) async fn find_events(
    connection: &mut Connection,
    events: &[&NewEvent],
) -> Result<Vec<(i64, Uuid)>> {
    let numbered: Vec<_> = (0_i64..).zip(events).collect();
    let mut found = Vec::with_capacity(events.len());
    for piece in pieces(&numbered, 4) {
        let mut find =
            QueryBuilder::<Database>::new("with asked (position, vendor_id, external_id, body_hash) as (");
        find.push_values(piece, |mut row, (position, new)| {
            row.push_bind(*position)
                .push_bind(new.event.vendor_id.uuid())
                .push_bind(clean(&new.event.external_id))
                .push_bind(new.body_hash.as_slice());
        });
        find.push(
            ") select asked.position, events.id from asked join events using (vendor_id, external_id, body_hash)",
        );
        for row in find.build().fetch_all(&mut *connection).await? {
            found.push((row.try_get("position")?, row.try_get("id")?));
        }
    }
    Ok(found)
}

async fn bodies(connection: &mut Connection, events: &[&NewEvent]) -> Result<()> {
    for piece in pieces(events, BODY) {
        let mut insert = QueryBuilder::new(INTO_BODIES);
        push_bodies(&mut insert, piece)?;
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

const INTO_BODIES: &str = "insert into event_payloads (event_id, received_at, headers, body, sealed) ";

/// The values of these events' bodies.
fn push_bodies(statement: &mut QueryBuilder<Database>, events: &[&NewEvent]) -> Result<()> {
    let payloads = events.iter().map(|new| batch::payload(new)).collect::<Result<Vec<_>>>()?;
    statement.push_values(events.iter().zip(payloads), |mut row, (new, payload)| {
        row.push_bind(new.event.id.uuid())
            .push_bind(new.event.received_at.0)
            .push_bind(payload.headers)
            .push_bind(payload.body)
            .push_bind(payload.sealed);
    });
    Ok(())
}

pub(super) async fn refused_requests(connection: &mut Connection, batch: &[NewRefused]) -> Result<()> {
    for piece in pieces(batch, 14) {
        let headers =
            piece.iter().map(|one| to_json(&one.request.headers)).collect::<Result<Vec<String>>>()?;
        let mut insert = QueryBuilder::<Database>::new(
            "insert into refused_requests (id, tenant_id, vendor_id, received_at, status, reason, detail, \
             headers, body_len, method, path, client, finding, finding_words) ",
        );
        insert.push_values(piece.iter().zip(headers), |mut row, (NewRefused { request, .. }, headers)| {
            row.push_bind(request.id.uuid())
                .push_bind(request.tenant_id.uuid())
                .push_bind(request.vendor_id.uuid())
                .push_bind(request.received_at.0)
                .push_bind(i32::from(request.status))
                .push_bind(clean(&request.reason))
                .push_bind(clean(&request.detail))
                .push_bind(headers)
                .push_bind(request.body_len)
                .push_bind(clean(&request.method))
                .push_bind(clean(&request.path))
                .push_bind(clean(&request.client))
                .push_bind(request.finding.as_ref().map(|finding| clean(&finding.code)))
                .push_bind(request.finding.as_ref().map(|finding| clean(&finding.words)));
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn refused_captures(connection: &mut Connection, batch: &[NewRefused]) -> Result<()> {
    for piece in pieces(&batch::captures(batch), 5) {
        let mut insert = QueryBuilder::<Database>::new(
            "insert into refused_captures (request_id, vendor_id, received_at, bytes, sealed) ",
        );
        insert.push_values(piece, |mut row, (request, sealed)| {
            row.push_bind(request.id.uuid())
                .push_bind(request.vendor_id.uuid())
                .push_bind(request.received_at.0)
                .push_bind(sealed.len() as i64)
                .push_bind(*sealed);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn jobs(connection: &mut Connection, jobs: &[&Job]) -> Result<()> {
    for piece in pieces(jobs, JOB) {
        let mut insert = QueryBuilder::new(INTO_JOBS);
        push_jobs(&mut insert, piece)?;
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Stores jobs durably, asked for at once.
pub(super) async fn jobs_at_once(connection: &mut Connection, jobs: &[&Job]) -> Result<()> {
    let mut statements = QueryBuilder::new("begin immediate; ");
    push_all_jobs(&mut statements, jobs)?;
    commit(connection, statements).await
}

/// Inserts these jobs, in as many statements as that takes.
fn push_all_jobs(statements: &mut QueryBuilder<Database>, jobs: &[&Job]) -> Result<()> {
    for piece in pieces(jobs, JOB) {
        push_jobs(statements.push(INTO_JOBS), piece)?;
        statements.push("; ");
    }
    Ok(())
}

const INTO_JOBS: &str = concat!("insert into jobs (", super::rows::job_columns!(), ", queue, line) ");

/// The values of these jobs.
fn push_jobs(statement: &mut QueryBuilder<Database>, jobs: &[&Job]) -> Result<()> {
    let params = jobs.iter().map(|job| to_json(&job.params)).collect::<Result<Vec<String>>>()?;
    statement.push_values(jobs.iter().zip(params), |mut row, (job, params)| {
        row.push_bind(job.id.uuid())
            .push_bind(job.tenant_id.uuid())
            .push_bind(job.event_id.map(EventId::uuid))
            .push_bind(job.parent_id.map(JobId::uuid))
            .push_bind(job.kind.as_str())
            .push_bind(job.state.as_str())
            .push_bind(clean(&job.title))
            .push_bind(job.vendor_id.map(VendorId::uuid))
            .push_bind(job.rule_id.map(RuleId::uuid))
            .push_bind(job.provider_id.map(ProviderId::uuid))
            .push_bind(job.destination_id.map(DestinationId::uuid))
            .push_bind(params)
            .push_bind(clean(&job.idempotency_key))
            .push_bind(job.attempt)
            .push_bind(job.max_attempts)
            .push_bind(job.priority)
            .push_bind(job.next_run_at.0)
            .push_bind(job.node_id.map(NodeId::uuid))
            .push_bind(job.lease_until.map(|at| at.0))
            .push_bind(clean_opt(job.reason.as_ref()))
            .push_bind(job.error_class.map(|class| class.as_str()))
            .push_bind(clean_opt(job.subject_id.as_ref()))
            .push_bind(job.occurred_at.map(|at| at.0))
            .push_bind(clean_opt(job.model.as_ref()))
            .push_bind(job.usage.input_tokens)
            .push_bind(job.usage.output_tokens)
            .push_bind(job.usage.cost_micros)
            .push_bind(job.created_at.0)
            .push_bind(job.started_at.map(|at| at.0))
            .push_bind(job.finished_at.map(|at| at.0))
            .push_bind(job.updated_at.0)
            .push_bind(job.gives_up_at.map(|at| at.0))
            .push_bind(job.queue())
            .push_bind(job.line().map(|line| clean(&line).into_owned()));
    });
    Ok(())
}

pub(super) async fn attempts(connection: &mut Connection, attempts: &[&Attempt]) -> Result<()> {
    for piece in pieces(attempts, 15) {
        let mut insert = QueryBuilder::<Database>::new(
            "insert into attempts (job_id, number, node_id, started_at, finished_at, outcome, error_class, \
             error, status, answer, model, input_tokens, output_tokens, cost_micros, next_run_at) ",
        );
        insert.push_values(piece, |mut row, attempt| {
            row.push_bind(attempt.job_id.uuid())
                .push_bind(attempt.number)
                .push_bind(attempt.node_id.uuid())
                .push_bind(attempt.started_at.0)
                .push_bind(attempt.finished_at.0)
                .push_bind(attempt.outcome.as_str())
                .push_bind(attempt.error_class.map(|class| class.as_str()))
                .push_bind(clean_opt(attempt.error.as_ref()))
                .push_bind(attempt.status.map(i32::from))
                .push_bind(clean_opt(attempt.answer.as_ref()))
                .push_bind(clean_opt(attempt.model.as_ref()))
                .push_bind(attempt.usage.input_tokens)
                .push_bind(attempt.usage.output_tokens)
                .push_bind(attempt.usage.cost_micros)
                .push_bind(attempt.next_run_at.map(|at| at.0));
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn results(connection: &mut Connection, results: &[(JobId, &JobResult)]) -> Result<()> {
    for piece in pieces(results, 2) {
        let texts = piece.iter().map(|(_, result)| to_json(result)).collect::<Result<Vec<String>>>()?;
        let mut insert = QueryBuilder::<Database>::new("insert into results (job_id, result) ");
        insert.push_values(piece.iter().zip(texts), |mut row, ((job, _), text)| {
            row.push_bind(job.uuid()).push_bind(text);
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn counters(connection: &mut Connection, counters: &[CounterDelta]) -> Result<()> {
    for piece in pieces(&batch::sums(counters), 5) {
        let mut insert =
            QueryBuilder::<Database>::new("insert into counters (minute, tenant_id, name, node_id, value) ");
        insert.push_values(piece, |mut row, (minute, tenant, name, node, add)| {
            row.push_bind(*minute)
                .push_bind(tenant.uuid())
                .push_bind(&**name)
                .push_bind(node.uuid())
                .push_bind(*add);
        });
        insert.push(
            " on conflict (minute, tenant_id, name, node_id) \
             do update set value = counters.value + excluded.value",
        );
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Makes these keys theirs where nobody has them, and locks them all in the order given; returns each with whose it is and
/// since when. Each key may be named once.
pub(super) async fn unique_keys(
    connection: &mut Connection,
    keys: &[UniqueRow],
) -> Result<Vec<(Vec<u8>, Uuid, i64)>> {
    let mut found = Vec::with_capacity(keys.len());
    for piece in pieces(keys, 4) {
        let mut insert =
            QueryBuilder::<Database>::new("insert into unique_jobs (key, job_id, made_at, forget_at) ");
        insert.push_values(piece, |mut row, (key, job, made_at, forget_at)| {
            row.push_bind(key.as_slice()).push_bind(job.uuid()).push_bind(made_at.0).push_bind(forget_at.0);
        });
        // An update that changes nothing, so that the row of another job is returned, too.
        insert.push(" on conflict (key) do update set key = excluded.key returning key, job_id, made_at");
        for row in insert.build().fetch_all(&mut *connection).await? {
            found.push((row.try_get("key")?, row.try_get("job_id")?, row.try_get("made_at")?));
        }
    }
    Ok(found)
}

pub(super) async fn repeated_work(connection: &mut Connection, repeated: &[(EventId, JobId)]) -> Result<()> {
    for piece in pieces(repeated, 2) {
        let mut insert = QueryBuilder::<Database>::new("insert into repeated_work (event_id, job_id) ");
        insert.push_values(piece, |mut row, (event, job)| {
            row.push_bind(event.uuid()).push_bind(job.uuid());
        });
        insert.push(" on conflict do nothing").build().execute(&mut *connection).await?;
    }
    Ok(())
}
