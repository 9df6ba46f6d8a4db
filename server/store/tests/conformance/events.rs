//! Storing what arrives.

use crate::support::{Db, NOW, delta, event, id, on_both};
use domain::{
    event::EventPayload,
    id::{EventId, JobId, NodeId, VendorId},
    time::Timestamp,
};
use std::collections::HashSet;
use store::{RefusedBounds, StoreError, StoredPayload};

on_both! {
    an_event_is_read_back_as_it_was_recorded,
    an_empty_batch_is_recorded_as_nothing,
    the_same_event_again_is_answered_with_the_first_id_and_starts_no_job,
    the_same_event_twice_in_one_batch_is_stored_once,
    the_same_external_id_with_another_body_or_vendor_is_another_event,
    answers_come_in_the_order_of_the_batch,
    a_batch_that_was_recorded_but_not_answered_may_be_sent_again,
    eight_nodes_that_record_the_same_events_at_once_store_each_once,
    a_batch_larger_than_one_statement_may_bind_is_recorded,
    a_batch_whose_last_statement_fails_leaves_nothing_behind,
    a_batch_that_commits_itself_leaves_nothing_behind_either_when_a_job_cannot_be_stored,
    an_event_that_comes_again_under_its_id_starts_no_other_job,
    a_nul_in_a_text_is_replaced_and_the_body_kept_as_it_came,
    an_unknown_event_is_not_found,
}

async fn an_event_is_read_back_as_it_was_recorded(db: Db) {
    let vendor = id(VendorId::new);
    let new = event(vendor, "evt-1", "body", 2);
    let node = id(NodeId::new);
    let recorded = db.record(std::slice::from_ref(&new), &[delta(node, "accepted", 1)]).await.unwrap();
    assert_eq!((recorded[0].id, recorded[0].duplicate), (new.event.id, false));

    assert_eq!(db.event(new.event.id).await.unwrap(), new.event);
    assert_eq!(db.event_payload(new.event.id).await.unwrap(), new.payload);
    let mut jobs = new.jobs;
    jobs.sort_by_key(|job| job.id);
    assert_eq!(db.jobs_of_event(new.event.id).await.unwrap(), jobs);
    assert_eq!(db.counters(None, Timestamp(0)).await.unwrap()[0].value, 1);
}

async fn an_empty_batch_is_recorded_as_nothing(db: Db) {
    assert!(db.record(&[], &[]).await.unwrap().is_empty());
    db.record_refused(&[], RefusedBounds { rows: 10, bytes: 10 }).await.unwrap();
    db.add_jobs(&[]).await.unwrap();
    db.count(&[]).await.unwrap();
    assert!(db.finish(&[], NOW, &[]).await.unwrap().is_empty());
    assert!(db.attempts(&[]).await.unwrap().is_empty() && db.results(&[]).await.unwrap().is_empty());
    assert!(db.extend_leases(id(NodeId::new), &[], NOW).await.unwrap().is_empty());
    db.give_back(id(NodeId::new), &[], NOW).await.unwrap();
}

async fn the_same_event_again_is_answered_with_the_first_id_and_starts_no_job(db: Db) {
    let vendor = id(VendorId::new);
    let (first, again) = (event(vendor, "evt-1", "body", 1), event(vendor, "evt-1", "body", 1));
    db.record(std::slice::from_ref(&first), &[]).await.unwrap();
    let recorded = db.record(std::slice::from_ref(&again), &[]).await.unwrap();

    assert_eq!((recorded[0].id, recorded[0].duplicate), (first.event.id, true));
    assert_eq!(db.jobs_of_event(first.event.id).await.unwrap().len(), 1);
    assert!(matches!(db.job(None, again.jobs[0].id).await, Err(StoreError::NotFound)));
    assert!(matches!(db.event_payload(again.event.id).await, Err(StoreError::NotFound)));
}

async fn the_same_event_twice_in_one_batch_is_stored_once(db: Db) {
    let vendor = id(VendorId::new);
    let batch = [event(vendor, "evt-1", "body", 1), event(vendor, "evt-1", "body", 1)];
    let recorded = db.record(&batch, &[]).await.unwrap();

    assert_eq!((recorded[0].id, recorded[0].duplicate), (batch[0].event.id, false));
    assert_eq!((recorded[1].id, recorded[1].duplicate), (batch[0].event.id, true));
    assert!(matches!(db.job(None, batch[1].jobs[0].id).await, Err(StoreError::NotFound)));
}

async fn the_same_external_id_with_another_body_or_vendor_is_another_event(db: Db) {
    let vendor = id(VendorId::new);
    let batch = [
        event(vendor, "evt-1", "body", 0),
        event(vendor, "evt-1", "other body", 0),
        event(id(VendorId::new), "evt-1", "body", 0),
    ];
    assert!(db.record(&batch, &[]).await.unwrap().iter().all(|recorded| !recorded.duplicate));
}

async fn answers_come_in_the_order_of_the_batch(db: Db) {
    let vendor = id(VendorId::new);
    let known = event(vendor, "c", "body", 0);
    db.record(std::slice::from_ref(&known), &[]).await.unwrap();
    let batch =
        ["d", "c", "a", "d", "b", "a"].map(|external_id| event(vendor, external_id, "body", 0)).to_vec();

    let recorded = db.record(&batch, &[]).await.unwrap();
    let at = |place: usize| batch[place].event.id;
    assert_eq!(
        recorded.iter().map(|one| one.id).collect::<Vec<_>>(),
        [at(0), known.event.id, at(2), at(0), at(4), at(2)]
    );
    assert_eq!(
        recorded.iter().map(|one| one.duplicate).collect::<Vec<_>>(),
        [false, true, false, true, false, true]
    );
}

/// The answer to a commit can be lost on its way; whoever asks again must not be told that it is new.
async fn a_batch_that_was_recorded_but_not_answered_may_be_sent_again(db: Db) {
    let new = event(id(VendorId::new), "evt-1", "body", 1);
    db.record(std::slice::from_ref(&new), &[]).await.unwrap();
    let recorded = db.record(std::slice::from_ref(&new), &[]).await.unwrap();
    assert_eq!((recorded[0].id, recorded[0].duplicate), (new.event.id, true));
}

async fn eight_nodes_that_record_the_same_events_at_once_store_each_once(db: Db) {
    let vendor = id(VendorId::new);
    let mut nodes = tokio::task::JoinSet::new();
    for node in 0..8 {
        let db = db.clone();
        nodes.spawn(async move {
            // Every node meets the events in another order.
            let mut batch: Vec<_> = (0..40).map(|n| event(vendor, &format!("evt-{n}"), "body", 1)).collect();
            batch.rotate_left(node * 5);
            (db.record(&batch, &[]).await.unwrap(), batch)
        });
    }
    let answers = nodes.join_all().await;

    let stored: HashSet<EventId> =
        answers.iter().flat_map(|(recorded, _)| recorded).map(|recorded| recorded.id).collect();
    assert_eq!(stored.len(), 40);
    let new = answers.iter().flat_map(|(recorded, _)| recorded).filter(|recorded| !recorded.duplicate);
    assert_eq!(new.count(), 40);
    for (recorded, batch) in &answers {
        for (recorded, sent) in recorded.iter().zip(batch) {
            let job = db.job(None, sent.jobs[0].id).await;
            assert_eq!(job.is_err(), recorded.duplicate, "a job is stored exactly when its event is");
        }
    }
}

async fn a_batch_larger_than_one_statement_may_bind_is_recorded(db: Db) {
    let vendor = id(VendorId::new);
    let batch: Vec<_> = (0..2_500).map(|n| event(vendor, &format!("evt-{n}"), "body", 1)).collect();
    assert!(db.record(&batch, &[]).await.unwrap().iter().all(|recorded| !recorded.duplicate));
    assert!(db.record(&batch, &[]).await.unwrap().iter().all(|recorded| recorded.duplicate));
}

async fn a_batch_whose_last_statement_fails_leaves_nothing_behind(db: Db) {
    let vendor = id(VendorId::new);
    let taken = event(vendor, "evt-1", "body", 1);
    db.record(std::slice::from_ref(&taken), &[]).await.unwrap();

    let good = event(vendor, "evt-2", "body", 1);
    let mut bad = event(vendor, "evt-3", "body", 1);
    bad.jobs[0].id = taken.jobs[0].id;
    let node = id(NodeId::new);
    let outcome = db.record(&[good.clone(), bad], &[delta(node, "accepted", 2)]).await;

    assert!(matches!(outcome, Err(StoreError::Conflict)));
    assert!(matches!(db.event(good.event.id).await, Err(StoreError::NotFound)));
    assert!(db.counters(None, Timestamp(0)).await.unwrap().is_empty());
    db.record(&[good], &[]).await.unwrap();
}

async fn a_batch_that_commits_itself_leaves_nothing_behind_either_when_a_job_cannot_be_stored(db: Db) {
    let vendor = id(VendorId::new);
    let taken = event(vendor, "evt-1", "body", 1);
    db.record(std::slice::from_ref(&taken), &[]).await.unwrap();

    let good = event(vendor, "evt-2", "body", 1);
    let mut bad = event(vendor, "evt-3", "body", 1);
    bad.jobs[0].id = taken.jobs[0].id;
    let outcome = db.record(&[good.clone(), bad.clone()], &[]).await;

    assert!(matches!(outcome, Err(StoreError::Conflict)));
    assert!(matches!(db.event(good.event.id).await, Err(StoreError::NotFound)));
    assert!(matches!(db.event(bad.event.id).await, Err(StoreError::NotFound)));
    assert!(!db.record(&[good], &[]).await.unwrap()[0].duplicate);
}

async fn an_event_that_comes_again_under_its_id_starts_no_other_job(db: Db) {
    let first = event(id(VendorId::new), "evt-1", "body", 1);
    db.record(std::slice::from_ref(&first), &[]).await.unwrap();
    let mut again = first.clone();
    again.jobs[0].id = id(JobId::new);
    assert!(db.record(std::slice::from_ref(&again), &[]).await.unwrap()[0].duplicate);
    assert!(matches!(db.job(None, again.jobs[0].id).await, Err(StoreError::NotFound)));
    assert_eq!(db.jobs_of_event(first.event.id).await.unwrap().len(), 1);
}

async fn a_nul_in_a_text_is_replaced_and_the_body_kept_as_it_came(db: Db) {
    let mut new = event(id(VendorId::new), "evt\0one", "body", 1);
    new.event.event_type = "ty\0pe".into();
    new.event.subject_id = Some("\0".into());
    new.payload = StoredPayload::Plain(EventPayload {
        headers: vec![("x-odd".into(), "a\0b \u{fffd} \u{1f980}".into())],
        body: vec![0, 0xff, 0xfe, b'\n'],
    });
    new.jobs[0].title = "ti\0tle".into();
    new.jobs[0].params.prompt = Some("pro\0mpt".into());
    db.record(std::slice::from_ref(&new), &[]).await.unwrap();

    let stored = db.event(new.event.id).await.unwrap();
    assert_eq!(stored.external_id, "evt\u{fffd}one");
    assert_eq!(stored.event_type, "ty\u{fffd}pe");
    assert_eq!(stored.subject_id.as_deref(), Some("\u{fffd}"));
    // JSON can write a NUL, so what is kept as JSON keeps it.
    assert_eq!(db.event_payload(new.event.id).await.unwrap(), new.payload);
    let job = db.job(None, new.jobs[0].id).await.unwrap();
    assert_eq!((&*job.title, &job.params), ("ti\u{fffd}tle", &new.jobs[0].params));
    assert!(db.record(&[new], &[]).await.unwrap()[0].duplicate);
}

async fn an_unknown_event_is_not_found(db: Db) {
    assert!(matches!(db.event(id(EventId::new)).await, Err(StoreError::NotFound)));
    assert!(matches!(db.event_payload(id(EventId::new)).await, Err(StoreError::NotFound)));
    assert!(db.jobs_of_event(id(EventId::new)).await.unwrap().is_empty());
}
