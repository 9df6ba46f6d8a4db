//! Jobs as a rule makes them for an event: every column is filled that ingress fills, so that every index is kept up.

use domain::{
    id::{DestinationId, EventId, JobId, RuleId, VendorId},
    job::{Job, JobKind},
    time::Timestamp,
};
use std::time::{SystemTime, UNIX_EPOCH};
use store::DEFAULT_TENANT_ID;
use uuid::Uuid;

/// One vendor, rule and destination stand for all.
const SOMEONE: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0002);

/// The time.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A job that is due, with a number to know it by.
pub(crate) fn numbered(number: usize) -> Job {
    let (id, now) = (JobId::new(Uuid::now_v7()), now());
    Job {
        event_id: Some(EventId::new(Uuid::now_v7())),
        title: number.to_string(),
        vendor_id: Some(VendorId::new(SOMEONE)),
        rule_id: Some(RuleId::new(SOMEONE)),
        destination_id: Some(DestinationId::new(SOMEONE)),
        max_attempts: 10,
        gives_up_at: None,
        ..Job::new(id, DEFAULT_TENANT_ID, JobKind::Callback, now)
    }
}

/// The number of a job.
pub(crate) fn number(job: &Job) -> usize {
    job.title.parse().unwrap_or(usize::MAX)
}
