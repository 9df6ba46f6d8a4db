//! What tenants decided about their payloads.

use crate::support::{Db, NOW, audit, on_both};
use domain::privacy::TenantPrivacy;
use store::{DEFAULT_TENANT_ID, Sealed, StoreError};

on_both! {
    the_first_data_key_stays_whatever_is_switched,
    how_long_events_are_kept_is_set_apart_from_sealing,
    a_destroyed_key_is_gone_and_the_next_takes_its_place,
    there_is_nothing_to_destroy_without_a_key,
    a_look_at_something_is_noted_without_a_change,
}

async fn known(db: &Db) -> Option<(TenantPrivacy, Option<Sealed>)> {
    db.load_config().await.unwrap().privacy.pop()
}

async fn the_first_data_key_stays_whatever_is_switched(db: Db) {
    assert_eq!(known(&db).await, None);
    let before = db.config_version().await.unwrap();
    let (first, second) = (Sealed(vec![1]), Sealed(vec![2]));
    db.set_encryption(DEFAULT_TENANT_ID, true, Some(&first), &audit("on")).await.unwrap();
    assert!(db.config_version().await.unwrap() > before, "nodes must notice");
    db.set_encryption(DEFAULT_TENANT_ID, true, Some(&second), &audit("on")).await.unwrap();
    db.set_encryption(DEFAULT_TENANT_ID, false, None, &audit("off")).await.unwrap();
    let (privacy, key) = known(&db).await.unwrap();
    assert_eq!((privacy.encrypt, privacy.has_key, key), (false, true, Some(first)));
}

async fn how_long_events_are_kept_is_set_apart_from_sealing(db: Db) {
    db.set_keep_days(DEFAULT_TENANT_ID, Some(30), &audit("keep")).await.unwrap();
    db.set_encryption(DEFAULT_TENANT_ID, true, Some(&Sealed(vec![1])), &audit("on")).await.unwrap();
    let (privacy, _) = known(&db).await.unwrap();
    assert_eq!((privacy.encrypt, privacy.keep_days), (true, Some(30)));
    db.set_keep_days(DEFAULT_TENANT_ID, None, &audit("keep")).await.unwrap();
    let (privacy, _) = known(&db).await.unwrap();
    assert_eq!((privacy.encrypt, privacy.keep_days), (true, None));
}

async fn a_destroyed_key_is_gone_and_the_next_takes_its_place(db: Db) {
    let (first, next) = (Sealed(vec![1; 40]), Sealed(vec![2; 40]));
    db.set_encryption(DEFAULT_TENANT_ID, true, Some(&first), &audit("on")).await.unwrap();
    db.shred(DEFAULT_TENANT_ID, Some(&next), NOW, &audit("shred")).await.unwrap();
    let (privacy, key) = known(&db).await.unwrap();
    assert_eq!((privacy.shredded_at, key), (Some(NOW), Some(next)));
    db.shred(DEFAULT_TENANT_ID, None, NOW.plus(1), &audit("shred")).await.unwrap();
    assert_eq!(known(&db).await.unwrap().1, None);
    let log = db.audit_log(None, NOW.plus(9), 9).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "shred").count(), 2);
}

async fn there_is_nothing_to_destroy_without_a_key(db: Db) {
    let shred = async || db.shred(DEFAULT_TENANT_ID, None, NOW, &audit("shred")).await;
    assert!(matches!(shred().await, Err(StoreError::NotFound)));
    db.set_encryption(DEFAULT_TENANT_ID, false, None, &audit("off")).await.unwrap();
    assert!(matches!(shred().await, Err(StoreError::NotFound)));
}

async fn a_look_at_something_is_noted_without_a_change(db: Db) {
    let version = db.config_version().await.unwrap();
    db.note(&audit("payload.read")).await.unwrap();
    assert_eq!(db.audit_log(None, NOW.plus(1), 9).await.unwrap()[0].action, "payload.read");
    assert_eq!(db.config_version().await.unwrap(), version);
}
