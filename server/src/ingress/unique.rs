//! By what the work of an event's jobs is known, for rules that want the same work done once. Whether it is done already
//! is the store's to decide.

use domain::{
    event::{Event, EventPayload},
    id::JobId,
    job::Job,
    time::SECOND,
    unique::{Unique, UniqueBy},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::UniqueKey;

/// The keys of those of these jobs that are to be unique. `data` is the payload as they see it; it is asked for only when
/// it is needed, which is seldom.
pub fn keys(
    event: &Event,
    payload: &EventPayload,
    jobs: &[Job],
    data: impl FnOnce() -> Value,
) -> Vec<(JobId, UniqueKey)> {
    if jobs.iter().all(|job| job.params.unique.is_none()) {
        return Vec::new();
    }
    let by_input = |unique: Unique| unique.by == UniqueBy::Input;
    let input =
        jobs.iter().any(|job| job.params.unique.is_some_and(by_input)).then(|| input(payload, data()));
    jobs.iter().filter_map(|job| Some((job.id, key(event, job, input.as_ref())?))).collect()
}

/// What a job works on, as a hash: what the vendor calls `data`, or the whole body. Spaces and the order of fields make no
/// difference; a body that is no JSON counts as it is.
fn input(payload: &EventPayload, data: Value) -> [u8; 32] {
    match &data {
        Value::Null => Sha256::digest(&payload.body).into(),
        // Fields of an object are written in the order of their names.
        data => Sha256::digest(data.get("data").unwrap_or(data).to_string()).into(),
    }
}

fn key(event: &Event, job: &Job, input: Option<&[u8; 32]>) -> Option<UniqueKey> {
    let unique = job.params.unique?;
    // Rule ids have one length and the words are no part of each other, so no two kinds of key can be the same.
    let hash =
        Sha256::new().chain_update(job.rule_id?.uuid()).chain_update(unique.by.as_str()).chain_update([0]);
    let key = match unique.by {
        UniqueBy::Input => hash.chain_update(input?).chain_update(&event.event_type).finalize(),
        UniqueBy::Subject => hash.chain_update(event.subject_id.as_deref()?).finalize(),
    };
    Some(UniqueKey { key: key.into(), window: i64::from(unique.for_s) * SECOND, even_if_failed: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::fresh, envelope};
    use domain::{
        id::{EventId, RequestId, RuleId, TenantId, VendorId},
        job::{JobKind, JobParams},
        time::Timestamp,
    };

    fn event(event_type: &str, subject: Option<&str>) -> Event {
        Event {
            id: EventId::new(fresh()),
            tenant_id: TenantId::new(uuid::Uuid::nil()),
            vendor_id: VendorId::new(uuid::Uuid::nil()),
            external_id: "1".into(),
            event_type: event_type.into(),
            subject_id: subject.map(Into::into),
            occurred_at: None,
            schema_version: None,
            received_at: Timestamp(0),
            request_id: RequestId::new(uuid::Uuid::nil()),
            trace_id: String::new(),
            secret_version: None,
            body_len: 0,
        }
    }

    fn job(rule: u128, unique: Option<Unique>) -> Job {
        let new = Job::new(JobId::new(fresh()), event("", None).tenant_id, JobKind::Generate, Timestamp(0));
        Job {
            rule_id: Some(RuleId::new(uuid::Uuid::from_u128(rule))),
            params: JobParams { unique, ..JobParams::default() },
            ..new
        }
    }

    fn keyed(event: &Event, body: &str, rule: u128, by: UniqueBy) -> Option<[u8; 32]> {
        let payload = EventPayload { headers: vec![], body: body.into() };
        let job = job(rule, Some(Unique { for_s: 60, by }));
        let keys = keys(event, &payload, std::slice::from_ref(&job), || envelope::data_of(&payload));
        assert!(keys.iter().all(|(of, key)| *of == job.id && key.window == 60 * SECOND));
        keys.first().map(|(_, key)| key.key)
    }

    #[test]
    fn the_same_input_is_known_whatever_its_spelling_and_envelope() {
        let of = |body| keyed(&event("a", None), body, 1, UniqueBy::Input).unwrap();
        let first = of(r#"{"id": "evt_1", "data": {"b": 1, "a": "é"}}"#);
        assert_eq!(of(r#"{"id":"evt_2","data":{"a":"\u00e9","b":1}}"#), first, "only data counts");
        assert_eq!(of(r#"{"a": "é", "b": 1}"#), first, "a body without data is the data");
        assert_ne!(of(r#"{"data": {"a": "é", "b": 2}}"#), first);
        assert_ne!(of("plain words"), of("other words"), "no JSON: the bytes count");
        assert_eq!(of("plain words"), of("plain words"));
    }

    #[test]
    fn other_rules_types_and_words_make_other_keys() {
        let first = keyed(&event("a", Some("s")), "{}", 1, UniqueBy::Input);
        assert_ne!(keyed(&event("a", Some("s")), "{}", 2, UniqueBy::Input), first);
        assert_ne!(keyed(&event("b", Some("s")), "{}", 1, UniqueBy::Input), first);
        assert_eq!(keyed(&event("a", Some("t")), "{}", 1, UniqueBy::Input), first);
        assert_ne!(keyed(&event("a", Some("s")), "{}", 1, UniqueBy::Subject), first);
        let about = |subject, event_type| keyed(&event(event_type, subject), "{}", 1, UniqueBy::Subject);
        assert_eq!(about(Some("s"), "a"), about(Some("s"), "b"), "whatever happened to it");
        assert_ne!(about(Some("s"), "a"), about(Some("t"), "a"));
        assert_eq!(about(None, "a"), None, "an event about nothing is like no other");
    }

    #[test]
    fn nothing_is_read_for_rules_that_do_not_ask() {
        let payload = EventPayload { headers: vec![], body: b"{}".to_vec() };
        let unread = || -> Value { panic!("it was read") };
        assert_eq!(keys(&event("a", Some("s")), &payload, &[job(1, None)], unread), []);
        let about = job(1, Some(Unique { for_s: 1, by: UniqueBy::Subject }));
        let keys = keys(&event("a", Some("s")), &payload, &[about, job(2, None)], unread);
        assert_eq!(keys.len(), 1);
    }
}
