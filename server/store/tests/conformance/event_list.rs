//! Events as people see them: lists and versions.

use crate::support::{Db, NOW, event, id, on_both, other_tenant};
use domain::{
    id::{EventId, VendorId},
    place::{EventFilter, Place},
};
use store::{DEFAULT_TENANT_ID, NewEvent, StoreError};

on_both! {
    events_are_listed_newest_first_and_paged_by_place,
    events_are_narrowed_by_vendor_type_subject_time_and_tenant,
    bodies_under_one_external_id_are_its_versions_oldest_first,
    an_event_of_another_tenant_is_not_found,
    fifty_writers_of_one_event_are_all_told_the_same_id,
    fifty_writers_of_two_bodies_under_one_id_make_two_versions,
}

fn at(vendor: VendorId, external_id: &str, body: &str, after: i64) -> NewEvent {
    let mut new = event(vendor, external_id, body, 0);
    new.event.received_at = NOW.plus(after);
    new
}

async fn seen(db: &Db, filter: EventFilter) -> Vec<String> {
    let found = db.events(Some(DEFAULT_TENANT_ID), &filter, None, 100).await.unwrap();
    found.into_iter().map(|event| event.external_id).collect()
}

async fn events_are_listed_newest_first_and_paged_by_place(db: Db) {
    let vendor = id(VendorId::new);
    // Two at the same instant: ids decide.
    let batch: Vec<_> =
        [0, 1, 1, 2].iter().map(|n| at(vendor, &id(EventId::new).to_string(), "b", *n)).collect();
    db.record(&batch, &[]).await.unwrap();
    let mut expected: Vec<_> = batch.iter().map(|new| (new.event.received_at, new.event.id)).collect();
    expected.sort_unstable_by_key(|key| std::cmp::Reverse(*key));
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = db.events(None, &EventFilter::default(), after, 1).await.unwrap();
        let Some(event) = page.first() else { break };
        after = Some(Place { at: event.received_at, id: event.id.uuid() });
        found.push((event.received_at, event.id));
    }
    assert_eq!(found, expected);
}

async fn events_are_narrowed_by_vendor_type_subject_time_and_tenant(db: Db) {
    let (a, b) = (id(VendorId::new), id(VendorId::new));
    let mut batch = vec![at(a, "first", "b", 0), at(a, "second", "b", 10), at(b, "third", "b", 20)];
    batch[1].event.event_type = "story.ready".into();
    batch[2].event.subject_id = Some("story-9".into());
    let mut foreign = at(a, "foreign", "b", 30);
    foreign.event.tenant_id = other_tenant(&db).await;
    batch.push(foreign);
    db.record(&batch, &[]).await.unwrap();

    assert_eq!(seen(&db, EventFilter::default()).await, ["third", "second", "first"]);
    let of_a = EventFilter { vendor_id: Some(a), ..EventFilter::default() };
    assert_eq!(seen(&db, of_a.clone()).await, ["second", "first"]);
    let ready = EventFilter { event_type: Some("story.ready".into()), ..of_a.clone() };
    assert_eq!(seen(&db, ready).await, ["second"]);
    let about = EventFilter { subject_id: Some("batch-7".into()), ..EventFilter::default() };
    assert_eq!(seen(&db, about).await, ["second", "first"]);
    let since =
        EventFilter { since: Some(NOW.plus(10)), until: Some(NOW.plus(20)), ..EventFilter::default() };
    assert_eq!(seen(&db, since).await, ["second"]);
    assert_eq!(db.events(None, &EventFilter::default(), None, 100).await.unwrap().len(), 4);
}

async fn bodies_under_one_external_id_are_its_versions_oldest_first(db: Db) {
    let vendor = id(VendorId::new);
    let batch =
        [at(vendor, "evt-1", "second", 5), at(vendor, "evt-1", "first", 0), at(vendor, "evt-2", "first", 1)];
    db.record(&batch, &[]).await.unwrap();
    let versions = db.event_versions(&batch[0].event, 10).await.unwrap();
    let ids: Vec<_> = versions.iter().map(|version| version.id).collect();
    assert_eq!(ids, [batch[1].event.id, batch[0].event.id]);
    assert_eq!(db.event_versions(&batch[2].event, 10).await.unwrap().len(), 1);
    assert_eq!(db.taken_by_hand(batch[0].event.id).await.unwrap(), None);
    let found = db.event_with_body(vendor, "evt-1", batch[0].body_hash).await.unwrap();
    assert_eq!(found, Some(batch[0].event.id));
    assert_eq!(db.event_with_body(vendor, "evt-2", batch[0].body_hash).await.unwrap(), None);
}

async fn an_event_of_another_tenant_is_not_found(db: Db) {
    let new = at(id(VendorId::new), "evt-1", "b", 0);
    db.record(std::slice::from_ref(&new), &[]).await.unwrap();
    let other = other_tenant(&db).await;
    assert!(matches!(db.event_in(Some(other), new.event.id).await, Err(StoreError::NotFound)));
    assert_eq!(db.event_in(Some(DEFAULT_TENANT_ID), new.event.id).await.unwrap(), new.event);
}

async fn written_by_fifty(db: &Db, body: fn(usize) -> &'static str) -> Vec<EventId> {
    let vendor = id(VendorId::new);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..50 {
        let db = db.clone();
        writers.spawn(async move {
            let new = event(vendor, "evt-1", body(n), 1);
            db.record(std::slice::from_ref(&new), &[]).await.unwrap()[0].id
        });
    }
    writers.join_all().await
}

async fn fifty_writers_of_one_event_are_all_told_the_same_id(db: Db) {
    let ids = written_by_fifty(&db, |_| "body").await;
    assert!(ids.iter().all(|told| *told == ids[0]));
    assert_eq!(db.jobs_of_event(ids[0]).await.unwrap().len(), 1);
    assert_eq!(db.events(None, &EventFilter::default(), None, 100).await.unwrap().len(), 1);
}

async fn fifty_writers_of_two_bodies_under_one_id_make_two_versions(db: Db) {
    let mut ids = written_by_fifty(&db, |n| if n % 2 == 0 { "one body" } else { "another" }).await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2);
    let first = db.event(ids[0]).await.unwrap();
    let mut versions: Vec<_> =
        db.event_versions(&first, 10).await.unwrap().iter().map(|version| version.id).collect();
    versions.sort_unstable();
    assert_eq!(versions, ids);
}
