//! Whether a claimed job calls now: its target must be switched on and have room, and a post must be its subject's turn.
//! Decides nothing about jobs that called.

use super::{
    executor,
    lanes::{Lanes, Room},
    outcome::{Failure, Outcome, Success},
};
use crate::live::{LiveConfig, Snapshot};
use domain::{
    id::EventId,
    job::{Called, Job, JobKind, JobResult},
    outcome::{ErrorClass, SHORTEST_WAIT, SwitchedOff},
    time::{MINUTE, Timestamp},
};
use std::sync::Arc;
use store::{Publishing, Store, StoreError, SubjectTurn};

/// How long a turn lasts at most, in microseconds: longer than the calls of a post can take together.
const TURN: i64 = 3 * MINUTE;
/// How long a job is put off that waits for another one about the same subject, in microseconds.
const BUSY: i64 = 10 * SHORTEST_WAIT;

/// What is decided.
pub enum Admission {
    /// It calls; its room is given back when it ended.
    Go(Room),
    /// Its turn has not come; it asks again then.
    Later(Timestamp),
    /// It waits until those before it in its line ended.
    InLine,
    /// It ends without a call.
    Ended(Outcome),
}

/// Decides whether `job`, which was just claimed, calls now.
pub async fn admit(
    store: &dyn Store,
    lanes: &Arc<Lanes>,
    live: &LiveConfig,
    job: &Job,
    now: Timestamp,
) -> Admission {
    let mut snapshot = live.now();
    if !is_known(job, &snapshot) || switched_off(job, &snapshot).is_some() {
        // What was just added or switched on elsewhere must not fail or hold a job because this node did not hear of it
        // yet.
        snapshot = newest(store, live, snapshot).await;
    }
    if let Some(cause) = switched_off(job, &snapshot) {
        return Admission::Ended(Err(Failure::switched_off(cause)));
    }
    if job.line().is_some() {
        match store.is_first_in_line(job).await {
            Ok(true) => {}
            Ok(false) => return Admission::InLine,
            Err(error) => return unknown(job, &error),
        }
    }
    let room = match lanes.enter(job).await {
        Ok(room) => room,
        Err(at) => return Admission::Later(at),
    };
    let Some(publishing) = publishing(job, &snapshot) else { return Admission::Go(room) };
    match store.take_subject(&publishing, now, now.plus(TURN)).await {
        Ok(SubjectTurn::Yours) => Admission::Go(room),
        Ok(SubjectTurn::Busy) => {
            room.unused();
            Admission::Later(now.plus(BUSY))
        }
        Ok(SubjectTurn::Superseded(by)) => {
            room.unused();
            Admission::Ended(Ok(superseded(by)))
        }
        Err(error) => {
            room.unused();
            unknown(job, &error)
        }
    }
}

fn unknown(job: &Job, error: &StoreError) -> Admission {
    tracing::warn!(%error, job.id = %job.id, "whose turn it is could not be found out");
    Admission::Ended(Err(Failure::new(ErrorClass::Internal, "The database did not answer.")))
}

/// The configuration as the database has it.
async fn newest(store: &dyn Store, live: &LiveConfig, seen: Arc<Snapshot>) -> Arc<Snapshot> {
    match store.config_version().await {
        Ok(version) if version == seen.version => return seen,
        _ => {}
    }
    if let Err(error) = live.reload().await {
        tracing::warn!(%error, "the configuration could not be read again; the last one stays in use");
    }
    live.now()
}

/// Whether everything a job names is in the configuration.
fn is_known(job: &Job, snapshot: &Snapshot) -> bool {
    job.vendor_id.is_none_or(|id| snapshot.vendor(id).is_some())
        && job.provider_id.is_none_or(|id| snapshot.provider(id).is_some())
        && job.destination_id.is_none_or(|id| snapshot.destination(id).is_some())
}

/// What a job calls that takes part in nothing at the moment.
fn switched_off(job: &Job, snapshot: &Snapshot) -> Option<SwitchedOff> {
    match job.calls()? {
        Called::Provider(id) => (!snapshot.provider(id)?.provider.enabled).then_some(SwitchedOff::Provider),
        Called::Destination(id) => {
            (!snapshot.destination(id)?.destination.enabled).then_some(SwitchedOff::Destination)
        }
    }
}

/// What a post brings up to date; `None` for jobs whose order does not matter. Messages to endpoints are about events,
/// each of which counts; only a post is replaced by a newer one. An event without a subject has a post of its own.
fn publishing(job: &Job, snapshot: &Snapshot) -> Option<Publishing> {
    if job.kind != JobKind::Publish {
        return None;
    }
    let vendor = snapshot.vendor(job.vendor_id?)?;
    Some(Publishing {
        destination_id: job.destination_id?,
        external_id: executor::external_id(job, job.subject_id.as_deref()?, vendor.vendor.slug.as_str()),
        job_id: job.id,
        event_id: job.event_id?,
        occurred_at: job.occurred_at.unwrap_or(job.created_at),
    })
}

fn superseded(by: EventId) -> Success {
    let result = JobResult {
        post_change: Some("superseded".to_owned()),
        superseded_by: Some(by),
        ..JobResult::default()
    };
    Success { result, ..Success::default() }
}
