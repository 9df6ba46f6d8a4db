//! Whole batches, one statement per table: each column is bound as an array, so a batch of any size is the same
//! prepared statement.

use super::{Connection, Database, rows::job_columns, unique::UniqueRow};
use crate::{
    CounterDelta, NewEvent, NewRefused, Result, batch,
    text::{clean, clean_opt, to_json},
};
use domain::{
    attempt::Attempt,
    id::{DestinationId, EventId, JobId, NodeId, ProviderId, RuleId, VendorId},
    job::{Job, JobResult},
};
use sqlx::{Row as _, postgres::PgArguments, query};
use uuid::Uuid;

/// One column of a batch.
pub(super) fn column<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// Stores events and their bodies, as the beginning of a statement. It is planned for few of them and used for many, so the
/// ids of those that were stored are looked up in a hash table made for that: as a join, each could be compared with all.
macro_rules! storing_events {
    () => {
        "with stored as (
             insert into events (id, tenant_id, vendor_id, external_id, body_hash, event_type, subject_id,
                 occurred_at, schema_version, received_at, request_id, trace_id, secret_version, body_len)
             select * from unnest(
                 $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::text[], $7::text[],
                 $8::bigint[], $9::text[], $10::bigint[], $11::uuid[], $12::text[], $13::integer[], $14::bigint[])
             on conflict (vendor_id, external_id, body_hash) do nothing
             returning id
         ),
         bodies as (
             insert into event_payloads (event_id, received_at, headers, body, sealed)
             select * from unnest($1::uuid[], $10::bigint[], $15::text[], $16::bytea[], $17::boolean[])
                 as given (event_id, received_at, headers, body, sealed)
             where (event_id in (select id from stored)) is true
         )"
    };
}

/// Events and their bodies.
pub(super) const EVENTS: &str = concat!(storing_events!(), " select id from stored");

/// The same, and the jobs of those that were stored.
pub(super) const EVENTS_AND_JOBS: &str = concat!(
    storing_events!(),
    ", started as (insert into jobs (",
    job_columns!(),
    ", queue, line) select * from unnest(
         $18::uuid[], $19::uuid[], $20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::text[], $25::uuid[],
         $26::uuid[], $27::uuid[], $28::uuid[], $29::text[], $30::text[], $31::integer[], $32::integer[],
         $33::smallint[], $34::bigint[], $35::uuid[], $36::bigint[], $37::text[], $38::text[],
         $39::text[], $40::bigint[], $41::text[], $42::bigint[], $43::bigint[], $44::bigint[],
         $45::bigint[], $46::bigint[], $47::bigint[], $48::bigint[], $49::bigint[], $50::bigint[], $51::text[])
         as given (",
    job_columns!(),
    ", queue, line) where (event_id in (select id from stored)) is true) select id from stored"
);

/// A statement that is given its values.
type Statement<'q> = sqlx::query::Query<'q, Database, PgArguments>;

fn bind_events<'q>(
    statement: Statement<'q>,
    events: &'q [&NewEvent],
    payloads: &'q [batch::PayloadRow<'q>],
) -> Statement<'q> {
    statement
        .bind(column(events, |new| new.event.id.uuid()))
        .bind(column(events, |new| new.event.tenant_id.uuid()))
        .bind(column(events, |new| new.event.vendor_id.uuid()))
        .bind(column(events, |new| clean(&new.event.external_id)))
        .bind(column(events, |new| new.body_hash.as_slice()))
        .bind(column(events, |new| clean(&new.event.event_type)))
        .bind(column(events, |new| clean_opt(new.event.subject_id.as_ref())))
        .bind(column(events, |new| new.event.occurred_at.map(|at| at.0)))
        .bind(column(events, |new| clean_opt(new.event.schema_version.as_ref())))
        .bind(column(events, |new| new.event.received_at.0))
        .bind(column(events, |new| new.event.request_id.uuid()))
        .bind(column(events, |new| clean(&new.event.trace_id)))
        .bind(column(events, |new| new.event.secret_version))
        .bind(column(events, |new| new.event.body_len))
        .bind(column(payloads, |payload| payload.headers.as_str()))
        .bind(column(payloads, |payload| payload.body))
        .bind(column(payloads, |payload| payload.sealed))
}

fn payloads<'a>(events: &[&'a NewEvent]) -> Result<Vec<batch::PayloadRow<'a>>> {
    events.iter().map(|new| batch::payload(new)).collect()
}

/// Inserts those events whose key is free, and their bodies; returns their ids.
pub(super) async fn events(connection: &mut Connection, events: &[&NewEvent]) -> Result<Vec<Uuid>> {
    let payloads = payloads(events)?;
    let stored = bind_events(query(EVENTS), events, &payloads).fetch_all(connection).await?;
    stored.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The same with their jobs, in one statement.
pub(super) async fn events_and_jobs(connection: &mut Connection, new: &[&NewEvent]) -> Result<Vec<Uuid>> {
    let of_its_event = |new: &&NewEvent| new.jobs.iter().all(|job| job.event_id == Some(new.event.id));
    debug_assert!(new.iter().all(of_its_event), "a job of another event would be left out");
    let jobs: Vec<&Job> = new.iter().flat_map(|new| &new.jobs).collect();
    if jobs.is_empty() {
        return events(connection, new).await;
    }
    let (payloads, params) = (payloads(new)?, params(&jobs)?);
    let statement = bind_jobs(bind_events(query(EVENTS_AND_JOBS), new, &payloads), &jobs, params);
    let stored = statement.fetch_all(connection).await?;
    stored.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The same, and durable when it returns: one statement is a transaction of its own.
pub(super) use events_and_jobs as events_at_once;

/// The ids of the stored events with the keys of these, each with its position in `events`.
pub(super) async fn find_events(
    connection: &mut Connection,
    events: &[&NewEvent],
) -> Result<Vec<(i64, Uuid)>> {
    // A statement of its own, not part of the insert: only a later one sees what another transaction
    // committed while the insert waited for it.
    let found = query(
        "select asked.position - 1 as position, events.id
         from unnest($1::uuid[], $2::text[], $3::bytea[]) with ordinality
             as asked (vendor_id, external_id, body_hash, position)
         join events using (vendor_id, external_id, body_hash)",
    )
    .bind(column(events, |new| new.event.vendor_id.uuid()))
    .bind(column(events, |new| clean(&new.event.external_id)))
    .bind(column(events, |new| new.body_hash.as_slice()))
    .fetch_all(connection)
    .await?;
    found.iter().map(|row| Ok((row.try_get("position")?, row.try_get("id")?))).collect()
}

pub(super) async fn refused_requests(connection: &mut Connection, batch: &[NewRefused]) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let headers = batch.iter().map(|new| to_json(&new.request.headers)).collect::<Result<Vec<String>>>()?;
    query(
        "insert into refused_requests (id, tenant_id, vendor_id, received_at, status, reason, detail, headers,
             body_len, method, path, client, finding, finding_words)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::integer[], $6::text[],
             $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[],
             $14::text[])",
    )
    .bind(column(batch, |new| new.request.id.uuid()))
    .bind(column(batch, |new| new.request.tenant_id.uuid()))
    .bind(column(batch, |new| new.request.vendor_id.uuid()))
    .bind(column(batch, |new| new.request.received_at.0))
    .bind(column(batch, |new| i32::from(new.request.status)))
    .bind(column(batch, |new| clean(&new.request.reason)))
    .bind(column(batch, |new| clean(&new.request.detail)))
    .bind(headers)
    .bind(column(batch, |new| new.request.body_len))
    .bind(column(batch, |new| clean(&new.request.method)))
    .bind(column(batch, |new| clean(&new.request.path)))
    .bind(column(batch, |new| clean(&new.request.client)))
    .bind(column(batch, |new| new.request.finding.as_ref().map(|finding| clean(&finding.code))))
    .bind(column(batch, |new| new.request.finding.as_ref().map(|finding| clean(&finding.words))))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn refused_captures(connection: &mut Connection, batch: &[NewRefused]) -> Result<()> {
    let captures = batch::captures(batch);
    if captures.is_empty() {
        return Ok(());
    }
    query(
        "insert into refused_captures (request_id, vendor_id, received_at, bytes, sealed)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bytea[])",
    )
    .bind(column(&captures, |(request, _)| request.id.uuid()))
    .bind(column(&captures, |(request, _)| request.vendor_id.uuid()))
    .bind(column(&captures, |(request, _)| request.received_at.0))
    .bind(column(&captures, |(_, sealed)| sealed.len() as i64))
    .bind(column(&captures, |(_, sealed)| *sealed))
    .execute(connection)
    .await?;
    Ok(())
}

fn params(jobs: &[&Job]) -> Result<Vec<String>> {
    jobs.iter().map(|job| to_json(&job.params)).collect()
}

fn bind_jobs<'q>(statement: Statement<'q>, jobs: &'q [&Job], params: Vec<String>) -> Statement<'q> {
    statement
        .bind(column(jobs, |job| job.id.uuid()))
        .bind(column(jobs, |job| job.tenant_id.uuid()))
        .bind(column(jobs, |job| job.event_id.map(EventId::uuid)))
        .bind(column(jobs, |job| job.parent_id.map(JobId::uuid)))
        .bind(column(jobs, |job| job.kind.as_str()))
        .bind(column(jobs, |job| job.state.as_str()))
        .bind(column(jobs, |job| clean(&job.title)))
        .bind(column(jobs, |job| job.vendor_id.map(VendorId::uuid)))
        .bind(column(jobs, |job| job.rule_id.map(RuleId::uuid)))
        .bind(column(jobs, |job| job.provider_id.map(ProviderId::uuid)))
        .bind(column(jobs, |job| job.destination_id.map(DestinationId::uuid)))
        .bind(params)
        .bind(column(jobs, |job| clean(&job.idempotency_key)))
        .bind(column(jobs, |job| job.attempt))
        .bind(column(jobs, |job| job.max_attempts))
        .bind(column(jobs, |job| job.priority))
        .bind(column(jobs, |job| job.next_run_at.0))
        .bind(column(jobs, |job| job.node_id.map(NodeId::uuid)))
        .bind(column(jobs, |job| job.lease_until.map(|at| at.0)))
        .bind(column(jobs, |job| clean_opt(job.reason.as_ref())))
        .bind(column(jobs, |job| job.error_class.map(|class| class.as_str())))
        .bind(column(jobs, |job| clean_opt(job.subject_id.as_ref())))
        .bind(column(jobs, |job| job.occurred_at.map(|at| at.0)))
        .bind(column(jobs, |job| clean_opt(job.model.as_ref())))
        .bind(column(jobs, |job| job.usage.input_tokens))
        .bind(column(jobs, |job| job.usage.output_tokens))
        .bind(column(jobs, |job| job.usage.cost_micros))
        .bind(column(jobs, |job| job.created_at.0))
        .bind(column(jobs, |job| job.started_at.map(|at| at.0)))
        .bind(column(jobs, |job| job.finished_at.map(|at| at.0)))
        .bind(column(jobs, |job| job.updated_at.0))
        .bind(column(jobs, |job| job.gives_up_at.map(|at| at.0)))
        .bind(column(jobs, |job| job.queue()))
        .bind(column(jobs, |job| job.line().map(|line| clean(&line).into_owned())))
}

pub(super) async fn jobs(connection: &mut Connection, jobs: &[&Job]) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let insert = query(concat!(
        "insert into jobs (",
        job_columns!(),
        ", queue, line) select * from unnest(
             $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[],
             $9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::integer[], $15::integer[],
             $16::smallint[], $17::bigint[], $18::uuid[], $19::bigint[], $20::text[], $21::text[],
             $22::text[], $23::bigint[], $24::text[], $25::bigint[], $26::bigint[], $27::bigint[],
             $28::bigint[], $29::bigint[], $30::bigint[], $31::bigint[], $32::bigint[],
             $33::bigint[], $34::text[])"
    ));
    bind_jobs(insert, jobs, params(jobs)?).execute(connection).await?;
    Ok(())
}

/// The same, and durable when it returns.
pub(super) use jobs as jobs_at_once;

pub(super) async fn attempts(connection: &mut Connection, attempts: &[&Attempt]) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    query(
        "insert into attempts (job_id, number, node_id, started_at, finished_at, outcome, error_class, error,
             status, answer, model, input_tokens, output_tokens, cost_micros, next_run_at)
         select * from unnest(
             $1::uuid[], $2::integer[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
             $8::text[], $9::integer[], $10::text[], $11::text[], $12::bigint[], $13::bigint[],
             $14::bigint[], $15::bigint[])",
    )
    .bind(column(attempts, |attempt| attempt.job_id.uuid()))
    .bind(column(attempts, |attempt| attempt.number))
    .bind(column(attempts, |attempt| attempt.node_id.uuid()))
    .bind(column(attempts, |attempt| attempt.started_at.0))
    .bind(column(attempts, |attempt| attempt.finished_at.0))
    .bind(column(attempts, |attempt| attempt.outcome.as_str()))
    .bind(column(attempts, |attempt| attempt.error_class.map(|class| class.as_str())))
    .bind(column(attempts, |attempt| clean_opt(attempt.error.as_ref())))
    .bind(column(attempts, |attempt| attempt.status.map(i32::from)))
    .bind(column(attempts, |attempt| clean_opt(attempt.answer.as_ref())))
    .bind(column(attempts, |attempt| clean_opt(attempt.model.as_ref())))
    .bind(column(attempts, |attempt| attempt.usage.input_tokens))
    .bind(column(attempts, |attempt| attempt.usage.output_tokens))
    .bind(column(attempts, |attempt| attempt.usage.cost_micros))
    .bind(column(attempts, |attempt| attempt.next_run_at.map(|at| at.0)))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn results(connection: &mut Connection, results: &[(JobId, &JobResult)]) -> Result<()> {
    if results.is_empty() {
        return Ok(());
    }
    let texts = results.iter().map(|(_, result)| to_json(result)).collect::<Result<Vec<String>>>()?;
    query("insert into results (job_id, result) select * from unnest($1::uuid[], $2::text[])")
        .bind(column(results, |(job, _)| job.uuid()))
        .bind(texts)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn counters(connection: &mut Connection, counters: &[CounterDelta]) -> Result<()> {
    if counters.is_empty() {
        return Ok(());
    }
    let sums = batch::sums(counters);
    query(
        "insert into counters (minute, tenant_id, name, node_id, value)
         select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[])
         on conflict (minute, tenant_id, name, node_id)
         do update set value = counters.value + excluded.value",
    )
    .bind(column(&sums, |(minute, ..)| *minute))
    .bind(column(&sums, |(_, tenant, ..)| tenant.uuid()))
    .bind(column(&sums, |(_, _, name, ..)| &**name))
    .bind(column(&sums, |(_, _, _, node, _)| node.uuid()))
    .bind(column(&sums, |(.., add)| *add))
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes these keys theirs where nobody has them, and locks them all in the order given; returns each with whose it is and
/// since when. Each key may be named once.
pub(super) async fn unique_keys(
    connection: &mut Connection,
    keys: &[UniqueRow],
) -> Result<Vec<(Vec<u8>, Uuid, i64)>> {
    // An update that changes nothing, so that the row of another job is locked and returned, too.
    let found = query(
        "insert into unique_jobs (key, job_id, made_at, forget_at)
         select * from unnest($1::bytea[], $2::uuid[], $3::bigint[], $4::bigint[])
         on conflict (key) do update set key = excluded.key
         returning key, job_id, made_at",
    )
    .bind(column(keys, |(key, ..)| key.as_slice()))
    .bind(column(keys, |(_, job, ..)| job.uuid()))
    .bind(column(keys, |(_, _, made_at, _)| made_at.0))
    .bind(column(keys, |(.., forget_at)| forget_at.0))
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|row| Ok((row.try_get("key")?, row.try_get("job_id")?, row.try_get("made_at")?)))
        .collect()
}

pub(super) async fn repeated_work(connection: &mut Connection, repeated: &[(EventId, JobId)]) -> Result<()> {
    if repeated.is_empty() {
        return Ok(());
    }
    query(
        "insert into repeated_work (event_id, job_id) select * from unnest($1::uuid[], $2::uuid[])
         on conflict do nothing",
    )
    .bind(column(repeated, |(event, _)| event.uuid()))
    .bind(column(repeated, |(_, job)| job.uuid()))
    .execute(connection)
    .await?;
    Ok(())
}
