//! News that wait to be told.

use crate::support::{Db, NOW, audit, event, id, job, on_both, other_tenant};
use domain::{
    id::{TenantId, VendorId},
    job::{Job, JobState},
    news::{BY_ITSELF, NewsKind, PRESET},
    vendor::Vendor,
};
use store::{AuditEntry, DEFAULT_TENANT_ID, StoreError};

on_both! {
    an_entry_that_is_news_waits_until_its_event_is_stored,
    what_people_do_and_what_is_no_news_does_not_wait,
    entries_from_before_there_was_somebody_to_tell_do_not_wait,
    of_many_nodes_one_tells,
    news_that_are_told_to_nobody_any_more_wait_no_longer,
    another_tenant_hears_nothing_and_neither_does_anybody_of_what_concerns_no_tenant,
    news_of_a_change_that_was_undone_do_not_wait,
    a_tenant_has_at_most_one_vendor_of_news,
    dead_letters_are_counted_by_tenant_and_time_and_without_those_of_news,
}

async fn vendor(db: &Db, tenant_id: TenantId, slug: &str, preset: &str) -> Result<VendorId, StoreError> {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id,
        slug: slug.parse().unwrap(),
        preset: preset.into(),
        options: Default::default(),
        enabled: true,
        max_body: None,
        policy: Default::default(),
        created_at: NOW,
    };
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.map(|()| vendor.id)
}

async fn alerts(db: &Db) -> VendorId {
    vendor(db, DEFAULT_TENANT_ID, "alerts", PRESET).await.unwrap()
}

/// An entry about something the program did `later` microseconds after the others.
fn by_itself(kind: NewsKind, later: i64) -> AuditEntry {
    AuditEntry { actor: BY_ITSELF.into(), at: NOW.plus(later), ..audit(kind.as_str()) }
}

async fn an_entry_that_is_news_waits_until_its_event_is_stored(db: Db) {
    let vendor = alerts(&db).await;
    let (second, first) = (by_itself(NewsKind::BreakerClose, 9), by_itself(NewsKind::BreakerOpen, 0));
    for entry in [&second, &first] {
        db.note(entry).await.unwrap();
    }
    let waiting = db.untold_news(9).await.unwrap();
    assert!(waiting.iter().all(|news| news.vendor_id == vendor));
    let entries: Vec<_> = waiting.into_iter().map(|news| news.entry).collect();
    assert_eq!(entries, [first.clone(), second.clone()], "the oldest first");
    assert_eq!(db.untold_news(1).await.unwrap().len(), 1);

    let new = event(vendor, &format!("news:{}", first.id), "body", 1);
    assert!(db.tell_news(first.id, Some(&new)).await.unwrap());
    assert_eq!(db.event(new.event.id).await.unwrap(), new.event);
    assert_eq!(db.jobs_of_event(new.event.id).await.unwrap(), new.jobs);
    let left: Vec<_> = db.untold_news(9).await.unwrap().into_iter().map(|news| news.entry).collect();
    assert_eq!(left, [second]);
    assert!(!db.tell_news(first.id, Some(&new)).await.unwrap(), "told already");
}

async fn what_people_do_and_what_is_no_news_does_not_wait(db: Db) {
    alerts(&db).await;
    db.note(&audit(NewsKind::BreakerOpen.as_str())).await.unwrap();
    db.note(&AuditEntry { actor: BY_ITSELF.into(), ..audit("breaker.reopen") }).await.unwrap();
    assert_eq!(db.untold_news(9).await.unwrap(), []);
}

async fn entries_from_before_there_was_somebody_to_tell_do_not_wait(db: Db) {
    db.note(&by_itself(NewsKind::DestinationGone, 0)).await.unwrap();
    let vendor = alerts(&db).await;
    assert_eq!(db.untold_news(9).await.unwrap(), []);
    // Nor do those from while it was switched off.
    db.set_vendor_enabled(vendor, false, &audit("vendor.off")).await.unwrap();
    db.note(&by_itself(NewsKind::DestinationGone, 1)).await.unwrap();
    db.set_vendor_enabled(vendor, true, &audit("vendor.on")).await.unwrap();
    assert_eq!(db.untold_news(9).await.unwrap(), []);
    db.note(&by_itself(NewsKind::DestinationGone, 2)).await.unwrap();
    assert_eq!(db.untold_news(9).await.unwrap().len(), 1);
}

async fn of_many_nodes_one_tells(db: Db) {
    let vendor = alerts(&db).await;
    let entry = by_itself(NewsKind::DestinationGone, 0);
    db.note(&entry).await.unwrap();
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..12 {
        // Each makes an event of its own, with its own ids.
        let (db, entry, new) = (db.clone(), entry.id, event(vendor, "news", "body", 1));
        nodes.spawn(async move { db.tell_news(entry, Some(&new)).await.unwrap().then_some(new.event.id) });
    }
    let told: Vec<_> = nodes.join_all().await.into_iter().flatten().collect();
    assert_eq!(told.len(), 1);
    assert_eq!(db.jobs_of_event(told[0]).await.unwrap().len(), 1);
    assert_eq!(db.count_events(None, &Default::default()).await.unwrap(), 1);
    assert_eq!(db.untold_news(9).await.unwrap(), []);
}

async fn news_that_are_told_to_nobody_any_more_wait_no_longer(db: Db) {
    alerts(&db).await;
    let entry = by_itself(NewsKind::BreakerOpen, 0);
    db.note(&entry).await.unwrap();
    assert!(db.tell_news(entry.id, None).await.unwrap());
    assert_eq!(db.untold_news(9).await.unwrap(), []);
    assert_eq!(db.count_events(None, &Default::default()).await.unwrap(), 0);
}

async fn another_tenant_hears_nothing_and_neither_does_anybody_of_what_concerns_no_tenant(db: Db) {
    let other = other_tenant(&db).await;
    let theirs = vendor(&db, other, "alerts", PRESET).await.unwrap();
    vendor(&db, DEFAULT_TENANT_ID, "acme", "std_webhooks").await.unwrap();
    db.note(&by_itself(NewsKind::BreakerOpen, 0)).await.unwrap();
    db.note(&AuditEntry { tenant_id: None, ..by_itself(NewsKind::BreakerOpen, 1) }).await.unwrap();
    assert_eq!(db.untold_news(9).await.unwrap(), []);
    let own = AuditEntry { tenant_id: Some(other), ..by_itself(NewsKind::BreakerOpen, 2) };
    db.note(&own).await.unwrap();
    let waiting: Vec<_> =
        db.untold_news(9).await.unwrap().into_iter().map(|news| (news.vendor_id, news.entry)).collect();
    assert_eq!(waiting, [(theirs, own)]);
}

async fn news_of_a_change_that_was_undone_do_not_wait(db: Db) {
    alerts(&db).await;
    // There is no such vendor to switch off, so the whole change is undone.
    let entry = by_itself(NewsKind::DestinationGone, 0);
    let undone = db.set_vendor_enabled(id(VendorId::new), false, &entry).await;
    assert!(matches!(undone, Err(StoreError::NotFound)));
    assert_eq!(db.untold_news(9).await.unwrap(), []);
}

async fn a_tenant_has_at_most_one_vendor_of_news(db: Db) {
    alerts(&db).await;
    let again = vendor(&db, DEFAULT_TENANT_ID, "more-alerts", PRESET).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let other = other_tenant(&db).await;
    vendor(&db, other, "alerts", PRESET).await.unwrap();
}

async fn dead_letters_are_counted_by_tenant_and_time_and_without_those_of_news(db: Db) {
    let (alerts, other) = (alerts(&db).await, other_tenant(&db).await);
    let acme = vendor(&db, DEFAULT_TENANT_ID, "acme", "std_webhooks").await.unwrap();
    let dead = |vendor_id, at| Job {
        state: JobState::Deadletter,
        vendor_id,
        finished_at: Some(NOW.plus(at)),
        ..job()
    };
    let jobs = [
        dead(None, 0),
        dead(Some(acme), 9),
        dead(Some(acme), 10),
        dead(Some(acme), -1),
        dead(Some(alerts), 5),
        Job { tenant_id: other, ..dead(None, 5) },
        Job { state: JobState::Failed, ..dead(Some(acme), 5) },
    ];
    db.add_jobs(&jobs).await.unwrap();
    let count = async |tenant| db.dead_letters(tenant, NOW, NOW.plus(10), alerts).await.unwrap();
    assert_eq!((count(DEFAULT_TENANT_ID).await, count(other).await), (2, 1));
}
