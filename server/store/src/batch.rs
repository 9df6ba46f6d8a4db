//! What is worked out about a batch before any of it is written. Pure; the same for both databases.

use crate::{
    CounterDelta, Finished, NewEvent, NewRefused, Next, Result, StoredPayload,
    text::{clean, to_json},
};
use domain::{
    attempt::Attempt,
    id::{JobId, NodeId, TenantId, VendorId},
    job::{JobState, Usage},
    outcome::{AttemptOutcome, ErrorClass},
    refusal::RefusedRequest,
    time::Timestamp,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
};

/// What makes two events the same one.
pub(crate) type EventKey<'a> = (VendorId, Cow<'a, str>, [u8; 32]);

/// The key of an event, as it is stored.
pub(crate) fn key(new: &NewEvent) -> EventKey<'_> {
    (new.event.vendor_id, clean(&new.event.external_id), new.body_hash)
}

/// The first event of each key, sorted by key. Sorted, because two transactions that insert the same keys in
/// different orders would wait for each other for ever.
pub(crate) fn distinct(batch: &[NewEvent]) -> Vec<&NewEvent> {
    let mut first = HashMap::with_capacity(batch.len());
    for new in batch {
        first.entry(key(new)).or_insert(new);
    }
    let mut distinct: Vec<_> = first.into_iter().collect();
    distinct.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    distinct.into_iter().map(|(_, new)| new).collect()
}

/// The columns of a payload.
pub(crate) struct PayloadRow<'a> {
    /// Names and values as JSON; an empty list when they are sealed with the body.
    pub(crate) headers: String,
    /// The body, or what was sealed.
    pub(crate) body: &'a [u8],
    /// Which of both.
    pub(crate) sealed: bool,
}

/// A payload as it stands in its row.
pub(crate) fn payload(new: &NewEvent) -> Result<PayloadRow<'_>> {
    Ok(match &new.payload {
        StoredPayload::Plain(payload) => {
            PayloadRow { headers: to_json(&payload.headers)?, body: &payload.body, sealed: false }
        }
        StoredPayload::Sealed(sealed) => {
            PayloadRow { headers: "[]".to_owned(), body: &sealed.0, sealed: true }
        }
    })
}

/// One sum per counter, sorted by counter for the same reason: a statement may touch a row only once.
pub(crate) fn sums(counters: &[CounterDelta]) -> Vec<(i64, TenantId, Cow<'_, str>, NodeId, i64)> {
    let mut sums = BTreeMap::new();
    for delta in counters {
        let sum =
            sums.entry((delta.minute.0, delta.tenant_id, clean(&delta.name), delta.node_id)).or_insert(0_i64);
        *sum = sum.saturating_add(delta.add);
    }
    sums.into_iter().map(|((minute, tenant, name, node), sum)| (minute, tenant, name, node, sum)).collect()
}

/// Those refused requests that are kept themselves, with their bytes.
pub(crate) fn captures(batch: &[NewRefused]) -> Vec<(&RefusedRequest, &[u8])> {
    batch.iter().filter_map(|new| Some((&new.request, new.capture.as_ref()?.0.as_slice()))).collect()
}

/// What the end of a try changes in its job.
pub(crate) struct Change<'a> {
    /// The try that ended.
    pub(crate) finished: &'a Finished,
    /// Where the job is now.
    pub(crate) state: JobState,
    /// 0 when the try counts, 1 when it is uncounted.
    pub(crate) uncount: i32,
    /// When it falls due, if that changes.
    pub(crate) next_run_at: Option<Timestamp>,
    /// Why it waits, is held, or ended badly.
    pub(crate) reason: Option<Cow<'a, str>>,
    /// What kind of error it was.
    pub(crate) class: Option<ErrorClass>,
    /// What holds it, if it is held.
    pub(crate) held_by: Option<String>,
    /// When its try began, if it did: what is put aside was only claimed.
    pub(crate) began: Option<Timestamp>,
    /// When it ended, if it did.
    pub(crate) finished_at: Option<Timestamp>,
}

impl Change<'_> {
    /// The try succeeded, and cost nothing that would be counted.
    pub(crate) fn is_plain_success(&self) -> bool {
        let attempt = &self.finished.attempt;
        matches!(self.finished.next, Next::Succeeded { .. })
            && attempt.outcome == AttemptOutcome::Succeeded
            && attempt.usage == Usage::default()
            && attempt.model.is_none()
            && attempt.answer.is_none()
            && attempt.error.is_none()
            && attempt.error_class.is_none()
            && attempt.next_run_at.is_none()
    }
}

/// A try whose end was written, because its job was still held for it.
pub(crate) struct Ended {
    /// Of which job.
    pub(crate) job: JobId,
    /// Which try.
    pub(crate) number: i32,
    /// The line the job stands in.
    pub(crate) line: Option<String>,
    /// The job is about a subject, whose turn ends with it.
    pub(crate) about_something: bool,
    /// The job's row tells all of the try.
    pub(crate) whole: bool,
}

/// The tries that are kept in rows of their own of those that ended. One that was put aside is uncounted, so its number will
/// be given again: it leaves no row. Nor does one that its job's row tells.
pub(crate) fn kept<'a>(changes: &[Change<'a>], ended: &[Ended]) -> Vec<&'a Attempt> {
    let ended: HashSet<_> =
        ended.iter().filter(|ended| !ended.whole).map(|ended| (ended.job, ended.number)).collect();
    changes
        .iter()
        .map(|change| change.finished)
        .filter(|finished| !matches!(finished.next, Next::Held { .. }))
        .map(|finished| &finished.attempt)
        .filter(|attempt| ended.contains(&(attempt.job_id, attempt.number)))
        .collect()
}

/// The changes of a batch, one per try, sorted by job so that all who lock jobs lock them in one order.
pub(crate) fn changes(batch: &[Finished]) -> Vec<Change<'_>> {
    let mut changes: Vec<_> = batch.iter().map(change).collect();
    changes.sort_by_key(|change| (change.finished.attempt.job_id, change.finished.attempt.number));
    changes.dedup_by_key(|change| (change.finished.attempt.job_id, change.finished.attempt.number));
    changes
}

fn change(finished: &Finished) -> Change<'_> {
    let (state, next_run_at, reason, class) = match &finished.next {
        Next::Succeeded { .. } => (JobState::Succeeded, None, None, None),
        Next::Retry { at, reason, class } => (JobState::Pending, Some(*at), Some(reason), Some(*class)),
        Next::Failed { reason, class } => (JobState::Failed, None, Some(reason), Some(*class)),
        Next::Deadletter { reason, class } => (JobState::Deadletter, None, Some(reason), Some(*class)),
        Next::Held { reason, .. } => (JobState::Held, None, Some(reason), None),
    };
    let held_by = match &finished.next {
        Next::Held { by, .. } => Some(by.to_string()),
        _ => None,
    };
    Change {
        finished,
        state,
        began: held_by.is_none().then_some(finished.attempt.started_at),
        held_by,
        uncount: i32::from(state == JobState::Held),
        next_run_at,
        reason: reason.map(|reason| clean(reason)),
        class,
        finished_at: state.is_final().then_some(finished.attempt.finished_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_counter_named_twice_is_added_to_once() {
        let delta = |name: &str, add| CounterDelta {
            minute: Timestamp(0),
            tenant_id: TenantId::new(Uuid::nil()),
            name: name.into(),
            node_id: NodeId::new(Uuid::nil()),
            add,
        };
        let deltas = [delta("b", 1), delta("a", 2), delta("b", 3)];
        let sums: Vec<_> = sums(&deltas).into_iter().map(|sum| (sum.2, sum.4)).collect();
        assert_eq!(sums, [("a".into(), 2), ("b".into(), 4)]);
    }
}
