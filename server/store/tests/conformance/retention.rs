//! Removing what is older than a tenant keeps it.

use crate::{
    refused::refused,
    support::{Db, NOW, audit, event, id, on_both, other_tenant},
};
use domain::{
    id::{NodeId, ReplayId, VendorId},
    job::{Job, JobState},
    place::RefusedFilter,
    replay::ReplayLink,
    selection::Selection,
    time::DAY,
};
use store::{DEFAULT_TENANT_ID, Forgotten, NewEvent, RefusedBounds, StoreError};

on_both! {
    an_old_event_goes_with_all_that_came_of_it,
    newer_events_unfinished_work_and_other_tenants_stay,
    a_batch_removes_no_more_than_its_limit,
}

fn aged(vendor: VendorId, name: &str, days: i64, jobs: usize) -> NewEvent {
    let mut new = event(vendor, name, name, jobs);
    new.event.received_at = NOW.plus(-days * DAY);
    new
}

async fn end_jobs(db: &Db) {
    let node = id(NodeId::new);
    while let Some(job) = db.claim(node, 1, NOW, NOW.plus(DAY)).await.unwrap().pop() {
        db.finish(&[crate::work::succeeded(&job, vec![])], NOW, &[]).await.unwrap();
    }
}

async fn an_old_event_goes_with_all_that_came_of_it(db: Db) {
    let vendor = id(VendorId::new);
    let (old, copy) = (aged(vendor, "old", 9, 1), aged(vendor, "copy", 9, 0));
    db.record(&[old.clone(), copy.clone()], &[]).await.unwrap();
    db.link_copies(&[ReplayLink {
        event_id: copy.event.id,
        origin_id: old.event.id,
        replay_id: id(ReplayId::new),
    }])
    .await
    .unwrap();
    end_jobs(&db).await;
    let job = old.jobs[0].id;
    assert_eq!(db.results(&[job]).await.unwrap().len(), 1);
    let again = Job { event_id: Some(old.event.id), state: JobState::Succeeded, ..crate::support::job() };
    db.add_edited(None, job, &again, &audit("job.edit")).await.unwrap();
    assert_eq!(db.edits_of(&[job]).await.unwrap().len(), 1);

    let gone = db.forget_events(DEFAULT_TENANT_ID, NOW.plus(-5 * DAY), 10).await.unwrap();
    assert_eq!(gone, Forgotten { events: 2, refused: 0 });
    assert!(matches!(db.event(old.event.id).await, Err(StoreError::NotFound)));
    assert!(matches!(db.event_payload(old.event.id).await, Err(StoreError::NotFound)));
    assert!(matches!(db.job(None, job).await, Err(StoreError::NotFound)));
    assert!(db.attempts(&[job]).await.unwrap().is_empty() && db.results(&[job]).await.unwrap().is_empty());
    assert!(db.origins_of(&[copy.event.id]).await.unwrap().is_empty());
    assert!(db.edits_of(&[job]).await.unwrap().is_empty());
}

async fn newer_events_unfinished_work_and_other_tenants_stay(db: Db) {
    let vendor = id(VendorId::new);
    let (new, waiting) = (aged(vendor, "new", 4, 0), aged(vendor, "waiting", 9, 1));
    let mut theirs = aged(id(VendorId::new), "theirs", 9, 0);
    theirs.event.tenant_id = other_tenant(&db).await;
    db.record(&[new, waiting.clone(), theirs], &[]).await.unwrap();
    let before = NOW.plus(-5 * DAY);
    assert_eq!(db.forget_events(DEFAULT_TENANT_ID, before, 10).await.unwrap(), Forgotten::default());
    end_jobs(&db).await;
    assert_eq!(db.forget_events(DEFAULT_TENANT_ID, before, 10).await.unwrap().events, 1);
    assert!(db.event(waiting.event.id).await.is_err());
    assert_eq!(db.count_events(None, &Selection::default()).await.unwrap(), 2);
}

async fn a_batch_removes_no_more_than_its_limit(db: Db) {
    let vendor = id(VendorId::new);
    let events: Vec<_> = (0..5).map(|n| aged(vendor, &format!("e{n}"), 9 - n, 0)).collect();
    db.record(&events, &[]).await.unwrap();
    let batch = [9, 8, 1].map(|days| refused(vendor, -days * DAY, Some("sealed")));
    db.record_refused(&batch, RefusedBounds { rows: 10, bytes: 1_000 }).await.unwrap();
    let forget = async || db.forget_events(DEFAULT_TENANT_ID, NOW.plus(-2 * DAY), 2).await.unwrap();
    assert_eq!(forget().await, Forgotten { events: 2, refused: 2 });
    assert!(db.event(events[0].event.id).await.is_err() && db.event(events[2].event.id).await.is_ok());
    assert_eq!(forget().await, Forgotten { events: 2, refused: 0 });
    assert_eq!(forget().await, Forgotten { events: 1, refused: 0 });
    let left = db.refused(None, &RefusedFilter::default(), None, 9).await.unwrap();
    assert!(left.len() == 1 && left[0].captured);
    assert!(matches!(db.refused_capture(batch[0].request.id).await, Err(StoreError::NotFound)));
}
