//! Schedules.

use crate::support::{Db, NOW, audit, event, id, on_both, other_tenant};
use domain::{
    id::{EventId, ScheduleId, TenantId, VendorId},
    schedule::{Pace, Schedule, ScheduledEvent},
    time::{HOUR, MINUTE, Timestamp},
    vendor::Vendor,
};
use store::{DEFAULT_TENANT_ID, NewEvent, StoreError};

on_both! {
    a_schedule_is_read_back_as_it_was_added,
    a_name_is_taken_once_in_its_tenant,
    schedules_come_in_the_order_they_fall_due_and_those_that_are_off_never,
    a_due_time_makes_one_event_and_moves_the_schedule_on,
    of_many_nodes_one_makes_the_event,
    a_due_time_that_makes_nothing_is_passed,
    a_schedule_that_was_switched_off_meanwhile_makes_nothing,
    an_event_ahead_of_time_leaves_the_next_time_as_it_is,
    a_due_time_that_comes_twice_makes_one_event,
    times_that_are_changed_count_from_then_on,
    a_schedule_is_changed_by_its_own_tenant_alone,
    what_a_schedule_made_stays_when_it_is_removed,
}

async fn vendor(db: &Db, tenant_id: TenantId) -> VendorId {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id,
        slug: "acme".parse().unwrap(),
        preset: "standard-webhooks".into(),
        options: Default::default(),
        enabled: true,
        max_body: None,
        policy: Default::default(),
        created_at: NOW,
    };
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    vendor.id
}

fn schedule(vendor_id: VendorId, name: &str) -> Schedule {
    Schedule {
        id: id(ScheduleId::new),
        tenant_id: DEFAULT_TENANT_ID,
        vendor_id,
        slug: name.parse().unwrap(),
        event_type: "digest.due".into(),
        subject_id: Some("digest".into()),
        payload: r#"{"of": "yesterday"}"#.into(),
        pace: Pace::Cron("0 7 * * *".into()),
        enabled: true,
        next_at: NOW,
        last_at: None,
        last_event_id: None,
        created_at: NOW,
        created_by: "ada@example.org".into(),
    }
}

/// What a schedule makes at `due`: an event with one job, stored a moment later.
fn made(of: &Schedule, due: Timestamp) -> (NewEvent, ScheduledEvent) {
    let mut new = event(of.vendor_id, &format!("schedule:{}:{}", of.id, due.0), "body", 1);
    new.event.received_at = due.plus(7);
    let event_id = new.event.id;
    (new, ScheduledEvent { event_id, schedule_id: of.id, slug: of.slug.clone(), due_at: due, run_by: None })
}

async fn added(db: &Db, name: &str) -> Schedule {
    let schedule = schedule(vendor(db, DEFAULT_TENANT_ID).await, name);
    db.add_schedule(&schedule, &audit("schedule.add")).await.unwrap();
    schedule
}

async fn entries(db: &Db, action: &str) -> usize {
    let log = db.audit_log(None, NOW.plus(1), 99).await.unwrap();
    log.iter().filter(|entry| entry.action == action).count()
}

async fn a_schedule_is_read_back_as_it_was_added(db: Db) {
    let first = added(&db, "morning").await;
    let second = Schedule {
        pace: Pace::Every(900),
        subject_id: None,
        enabled: false,
        last_at: Some(NOW),
        last_event_id: Some(id(EventId::new)),
        ..schedule(first.vendor_id, "evening")
    };
    db.add_schedule(&second, &audit("schedule.add")).await.unwrap();
    assert_eq!(db.schedules(Some(DEFAULT_TENANT_ID)).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(db.schedules(None).await.unwrap().len(), 2);
    assert_eq!(db.schedule(None, first.id).await.unwrap(), first);
    assert_eq!(db.schedule(Some(DEFAULT_TENANT_ID), second.id).await.unwrap(), second);
    assert_eq!(entries(&db, "schedule.add").await, 2);
}

async fn a_name_is_taken_once_in_its_tenant(db: Db) {
    let first = added(&db, "morning").await;
    let again = db.add_schedule(&schedule(first.vendor_id, "morning"), &audit("schedule.add")).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    let other = other_tenant(&db).await;
    let theirs = Schedule { tenant_id: other, ..schedule(vendor(&db, other).await, "morning") };
    db.add_schedule(&theirs, &audit("schedule.add")).await.unwrap();
    assert_eq!(db.schedules(None).await.unwrap().len(), 2);
    assert_eq!(entries(&db, "schedule.add").await, 2);
}

async fn schedules_come_in_the_order_they_fall_due_and_those_that_are_off_never(db: Db) {
    assert_eq!(db.schedules_by_due(9).await.unwrap(), []);
    let first = added(&db, "first").await;
    let late = Schedule { next_at: NOW.plus(9), ..schedule(first.vendor_id, "a-late-one") };
    let off = Schedule { enabled: false, next_at: NOW.plus(-9), ..schedule(first.vendor_id, "off") };
    for one in [&late, &off] {
        db.add_schedule(one, &audit("schedule.add")).await.unwrap();
    }
    assert_eq!(db.schedules_by_due(9).await.unwrap(), [first.clone(), late]);
    assert_eq!(db.schedules_by_due(1).await.unwrap(), [first]);
}

async fn a_due_time_makes_one_event_and_moves_the_schedule_on(db: Db) {
    let before = added(&db, "morning").await;
    let (new, link) = made(&before, NOW);
    assert!(db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());

    let after = db.schedule(None, before.id).await.unwrap();
    assert_eq!((after.next_at, after.last_at), (NOW.plus(HOUR), Some(NOW.plus(7))));
    assert_eq!(after.last_event_id, Some(new.event.id));
    assert_eq!(db.event(new.event.id).await.unwrap(), new.event);
    assert_eq!(db.event_payload(new.event.id).await.unwrap(), new.payload);
    assert_eq!(db.jobs_of_event(new.event.id).await.unwrap(), new.jobs);
    assert_eq!(db.scheduled(new.event.id).await.unwrap(), Some(link));
    assert_eq!(db.scheduled(id(EventId::new)).await.unwrap(), None);
}

async fn of_many_nodes_one_makes_the_event(db: Db) {
    let before = added(&db, "morning").await;
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (db, before, (new, link)) = (db.clone(), before.clone(), made(&before, NOW));
        nodes.spawn(async move {
            // Clocks differ: each would move it on to another time.
            let next = NOW.plus(HOUR + n);
            db.run_schedule(&before, next, Some((&new, &link))).await.unwrap().then_some(new.event.id)
        });
    }
    let made: Vec<_> = nodes.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(db.schedule(None, before.id).await.unwrap().last_event_id, Some(made[0]));
    assert_eq!(db.count_events(None, &Default::default()).await.unwrap(), 1);
}

async fn a_due_time_that_makes_nothing_is_passed(db: Db) {
    let before = added(&db, "morning").await;
    assert!(db.run_schedule(&before, NOW.plus(HOUR), None).await.unwrap());
    let after = db.schedule(None, before.id).await.unwrap();
    assert_eq!(after, Schedule { next_at: NOW.plus(HOUR), ..before });
}

async fn a_schedule_that_was_switched_off_meanwhile_makes_nothing(db: Db) {
    let before = added(&db, "morning").await;
    let scope = Some(DEFAULT_TENANT_ID);
    let switch = async |on, next| {
        db.set_schedule_enabled(scope, before.id, on, next, &audit("schedule.switch")).await.unwrap();
    };
    switch(false, NOW).await;
    let (new, link) = made(&before, NOW);
    assert!(!db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());
    assert!(matches!(db.event(new.event.id).await, Err(StoreError::NotFound)));
    switch(true, NOW.plus(MINUTE)).await;
    let after = db.schedule(None, before.id).await.unwrap();
    assert_eq!(after, Schedule { next_at: NOW.plus(MINUTE), ..before.clone() });
    assert!(
        !db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap(),
        "another due time"
    );
    assert!(db.run_schedule(&after, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());
    assert_eq!(entries(&db, "schedule.switch").await, 2);
}

async fn an_event_ahead_of_time_leaves_the_next_time_as_it_is(db: Db) {
    let before = added(&db, "morning").await;
    let (new, link) = made(&before, NOW.plus(-MINUTE));
    let link = ScheduledEvent { run_by: Some("ada@example.org".into()), ..link };
    let scope = Some(DEFAULT_TENANT_ID);
    db.run_schedule_now(scope, (&new, &link), &audit("schedule.run")).await.unwrap();
    let after = db.schedule(None, before.id).await.unwrap();
    assert_eq!((after.next_at, after.last_event_id), (NOW, Some(new.event.id)));
    assert_eq!(db.scheduled(new.event.id).await.unwrap(), Some(link));
    assert_eq!(entries(&db, "schedule.run").await, 1);
}

async fn a_due_time_that_comes_twice_makes_one_event(db: Db) {
    let before = added(&db, "morning").await;
    let (new, link) = made(&before, NOW);
    assert!(db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());
    // Somebody set the time back.
    db.set_schedule_enabled(None, before.id, true, NOW, &audit("schedule.switch")).await.unwrap();
    let (again, second) = made(&before, NOW);
    assert!(db.run_schedule(&before, NOW.plus(HOUR), Some((&again, &second))).await.unwrap());
    assert_eq!(db.schedule(None, before.id).await.unwrap().last_event_id, Some(new.event.id));
    assert_eq!(db.count_events(None, &Default::default()).await.unwrap(), 1);
    assert_eq!(db.scheduled(new.event.id).await.unwrap(), Some(link));
}

async fn times_that_are_changed_count_from_then_on(db: Db) {
    let before = added(&db, "morning").await;
    let pace = Pace::cron("0 7 * * *".into(), "Europe/Berlin".parse().ok());
    let scope = Some(DEFAULT_TENANT_ID);
    let next_at = NOW.plus(MINUTE);
    db.set_schedule_pace(scope, before.id, &pace, next_at, &audit("schedule.set")).await.unwrap();
    let (new, link) = made(&before, NOW);
    assert!(
        !db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap(),
        "the times before"
    );
    let after = db.schedule(None, before.id).await.unwrap();
    assert_eq!(after, Schedule { pace, next_at, ..before });
    assert!(db.run_schedule(&after, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());
    assert_eq!(entries(&db, "schedule.set").await, 1);
}

async fn a_schedule_is_changed_by_its_own_tenant_alone(db: Db) {
    let own = added(&db, "morning").await;
    let other = Some(other_tenant(&db).await);
    assert!(db.schedules(other).await.unwrap().is_empty());
    assert!(matches!(db.schedule(other, own.id).await, Err(StoreError::NotFound)));
    let (new, link) = made(&own, NOW);
    let entry = audit("schedule.change");
    let refused = [
        db.set_schedule_enabled(other, own.id, false, NOW, &entry).await,
        db.set_schedule_pace(other, own.id, &Pace::Every(60), NOW, &entry).await,
        db.remove_schedule(other, own.id, &entry).await,
        db.run_schedule_now(other, (&new, &link), &entry).await,
        db.remove_schedule(None, id(ScheduleId::new), &entry).await,
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(StoreError::NotFound))), "{refused:?}");
    assert_eq!(db.schedule(None, own.id).await.unwrap(), own);
    assert_eq!(entries(&db, "schedule.change").await, 0);
    assert!(db.event(new.event.id).await.is_err());
}

async fn what_a_schedule_made_stays_when_it_is_removed(db: Db) {
    let before = added(&db, "morning").await;
    let (new, link) = made(&before, NOW);
    assert!(db.run_schedule(&before, NOW.plus(HOUR), Some((&new, &link))).await.unwrap());
    db.remove_schedule(Some(DEFAULT_TENANT_ID), before.id, &audit("schedule.remove")).await.unwrap();
    assert!(db.schedules(None).await.unwrap().is_empty());
    assert_eq!(db.scheduled(new.event.id).await.unwrap(), Some(link));
    assert_eq!(entries(&db, "schedule.remove").await, 1);
}
