//! Work being done: claimed jobs and how their tries end.

use crate::support::{Db, NOW, id};
use domain::{
    attempt::Attempt,
    id::NodeId,
    job::{Job, JobResult, Usage},
    outcome::{AttemptOutcome, ErrorClass},
    time::{SECOND, Timestamp},
};
use store::{Finished, Next};

/// When the leases of [`running`] end.
pub(crate) const LEASE: Timestamp = Timestamp(NOW.0 + 60 * SECOND);

/// Adds `jobs` and claims all of them for a new node.
pub(crate) async fn running(db: &Db, jobs: &[Job]) -> (NodeId, Vec<Job>) {
    let node = id(NodeId::new);
    db.add_jobs(jobs).await.unwrap();
    (node, db.claim(node, 1_000, NOW, LEASE).await.unwrap())
}

/// A try that worked.
pub(crate) fn succeeded(job: &Job, then: Vec<Job>) -> Finished {
    let result = JobResult { text: Some("Short.".into()), ..JobResult::default() };
    Finished { attempt: attempt(job, AttemptOutcome::Succeeded), next: Next::Succeeded { result, then } }
}

/// A try that worked, asked no model and made nothing.
pub(crate) fn free(job: &Job) -> Finished {
    let costly = attempt(job, AttemptOutcome::Succeeded);
    let attempt = Attempt { model: None, usage: Usage::default(), status: Some(204), ..costly };
    Finished { attempt, next: Next::Succeeded { result: JobResult::default(), then: vec![] } }
}

/// A try that failed and is made again at `at`.
pub(crate) fn retry(job: &Job, at: Timestamp) -> Finished {
    let next = Next::Retry { at, reason: "the far side was busy".into(), class: ErrorClass::Server };
    let mut attempt = attempt(job, AttemptOutcome::Retry);
    attempt.error_class = Some(ErrorClass::Server);
    attempt.status = Some(503);
    attempt.next_run_at = Some(at);
    Finished { attempt, next }
}

/// How a try of a claimed job went.
pub(crate) fn attempt(job: &Job, outcome: AttemptOutcome) -> Attempt {
    Attempt {
        job_id: job.id,
        number: job.attempt,
        node_id: job.node_id.expect("the job is claimed"),
        started_at: NOW.plus(10 + i64::from(job.attempt)),
        finished_at: NOW.plus(1_000 + i64::from(job.attempt)),
        outcome,
        error_class: None,
        error: None,
        status: None,
        answer: None,
        model: Some("small-1".into()),
        usage: Usage { input_tokens: 100, output_tokens: 20, cost_micros: Some(42) },
        next_run_at: None,
    }
}
