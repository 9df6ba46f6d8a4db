//! Making job rows: the defaults every job begins with.

use domain::{
    id::{JobId, TenantId},
    job::{Job, JobKind, JobParams, JobState, Usage},
    outcome::{GIVES_UP_AFTER, max_attempts},
    time::Timestamp,
};

/// Tries a job has each time it is begun anew: what its rule says, else what its kind has.
pub fn tries(job: &Job) -> i32 {
    job.params.max_attempts.unwrap_or(max_attempts(job.kind))
}

/// A job due at `now`, with nothing else said.
pub fn new(id: JobId, tenant_id: TenantId, kind: JobKind, now: Timestamp) -> Job {
    Job {
        id,
        tenant_id,
        event_id: None,
        parent_id: None,
        kind,
        state: JobState::Pending,
        title: String::new(),
        vendor_id: None,
        rule_id: None,
        provider_id: None,
        destination_id: None,
        params: JobParams::default(),
        idempotency_key: id.to_string(),
        attempt: 0,
        max_attempts: max_attempts(kind),
        priority: 0,
        next_run_at: now,
        node_id: None,
        lease_until: None,
        reason: None,
        error_class: None,
        subject_id: None,
        occurred_at: None,
        model: None,
        usage: Usage::default(),
        created_at: now,
        started_at: None,
        finished_at: None,
        updated_at: now,
        gives_up_at: Some(now.plus(GIVES_UP_AFTER)),
    }
}
