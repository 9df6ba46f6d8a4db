//! Data keys and the replacement of the master key.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{
    id::{SecretId, VendorId},
    policy::VendorPolicy,
    secret::{SecretInfo, SecretState},
    time::SECOND,
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{DEFAULT_TENANT_ID, DataKey, KeyRotation, Place, Sealed, StoreError};
use uuid::Uuid;

on_both! {
    the_first_data_key_is_made_once,
    two_nodes_that_start_at_once_agree_on_the_first_data_key,
    a_replacement_wraps_every_key_at_once_and_no_second_one_begins_meanwhile,
    values_are_found_by_what_they_begin_with,
    a_value_is_sealed_anew_only_while_it_is_what_it_was,
    the_end_of_a_replacement_forgets_the_old_master_key,
}

fn key(at: i64, masters: &[&[u8]]) -> DataKey {
    let wraps = masters.iter().map(|master| (master.to_vec(), vec![at as u8])).collect();
    DataKey { id: Uuid::now_v7(), created_at: NOW.plus(at), wraps }
}

fn rotation(key: &DataKey) -> KeyRotation {
    KeyRotation {
        from_master: b"old".to_vec(),
        to_master: b"new".to_vec(),
        data_key_id: key.id,
        started_at: NOW,
        resealed: 0,
        finished_at: None,
    }
}

async fn with_secrets(db: &Db, values: &[&[u8]]) -> Vec<SecretId> {
    let mut ids = Vec::new();
    for value in values {
        let vendor = Vendor {
            id: id(VendorId::new),
            tenant_id: DEFAULT_TENANT_ID,
            slug: format!("v{}", ids.len()).parse().unwrap(),
            preset: "std_webhooks".into(),
            options: BTreeMap::new(),
            enabled: true,
            max_body: None,
            policy: VendorPolicy::default(),
            created_at: NOW,
        };
        let secret = SecretInfo {
            id: id(SecretId::new),
            vendor_id: vendor.id,
            version: 1,
            state: SecretState::Revoked,
            not_after: None,
            created_at: NOW,
        };
        let sealed = Sealed(value.to_vec());
        db.add_vendor(&vendor, Some((&secret, &sealed)), &audit("vendor.add")).await.unwrap();
        ids.push(secret.id);
    }
    ids
}

async fn the_first_data_key_is_made_once(db: Db) {
    let first = key(1, &[b"old"]);
    assert_eq!(db.data_keys().await.unwrap(), []);
    assert!(db.add_first_data_key(&first).await.unwrap());
    assert!(!db.add_first_data_key(&key(2, &[b"old"])).await.unwrap());
    assert_eq!(db.data_keys().await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(db.load_config().await.unwrap().data_keys, [first]);
}

async fn two_nodes_that_start_at_once_agree_on_the_first_data_key(db: Db) {
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..6 {
        let db = db.clone();
        nodes.spawn(async move { db.add_first_data_key(&key(n, &[b"old"])).await.unwrap() });
    }
    assert_eq!(nodes.join_all().await.into_iter().filter(|made| *made).count(), 1);
    assert_eq!(db.data_keys().await.unwrap().len(), 1);
}

async fn a_replacement_wraps_every_key_at_once_and_no_second_one_begins_meanwhile(db: Db) {
    let (first, second) = (key(1, &[b"old"]), key(2, &[b"new", b"old"]));
    db.add_first_data_key(&first).await.unwrap();
    assert_eq!(db.key_rotation().await.unwrap(), None);
    let version = db.config_version().await.unwrap();
    let begun = rotation(&second);
    db.begin_key_rotation(&begun, &second, &[(first.id, vec![9])], &audit("key.rotate")).await.unwrap();
    assert!(db.config_version().await.unwrap() > version, "running nodes notice it");
    assert_eq!(db.key_rotation().await.unwrap(), Some(begun));
    let wraps = vec![(b"new".to_vec(), vec![9]), (b"old".to_vec(), vec![1])];
    assert_eq!(db.data_keys().await.unwrap(), [DataKey { wraps, ..first }, second]);
    let third = key(3, &[b"x"]);
    let twice = db.begin_key_rotation(&rotation(&third), &third, &[], &audit("key.rotate")).await;
    assert!(matches!(twice, Err(StoreError::Conflict)));
    assert_eq!(db.data_keys().await.unwrap().len(), 2);
}

async fn values_are_found_by_what_they_begin_with(db: Db) {
    let ids = with_secrets(&db, &[b"\x02aaX", b"\x02abX", b"\x01aa", b"\x02"]).await;
    let found = db.sealed_otherwise(b"\x02aa", 10).await.unwrap();
    let mut others: Vec<SecretId> = found
        .iter()
        .map(|value| match value.place {
            Place::Secret(id, _) => id,
            other => panic!("{other:?}"),
        })
        .collect();
    others.sort_unstable();
    assert_eq!(others, ids[1..]);
    assert_eq!(db.count_sealed_otherwise(b"\x02aa").await.unwrap(), 3);
    assert_eq!(db.sealed_otherwise(b"\x02aa", 2).await.unwrap().len(), 2);
}

async fn a_value_is_sealed_anew_only_while_it_is_what_it_was(db: Db) {
    with_secrets(&db, &[b"\x01a", b"\x01b"]).await;
    let (first, second) = (key(1, &[b"old"]), key(2, &[b"new", b"old"]));
    db.add_first_data_key(&first).await.unwrap();
    db.begin_key_rotation(&rotation(&second), &second, &[], &audit("key.rotate")).await.unwrap();
    let found = db.sealed_otherwise(b"\x02", 10).await.unwrap();
    let new: Vec<_> = found.into_iter().map(|value| (value, Sealed(b"\x02new".to_vec()))).collect();
    assert_eq!(db.reseal(&new[..1]).await.unwrap(), 1);
    assert_eq!(db.reseal(&new).await.unwrap(), 1, "the first one is not what it was");
    assert_eq!(db.count_sealed_otherwise(b"\x02").await.unwrap(), 0);
    assert_eq!(db.key_rotation().await.unwrap().unwrap().resealed, 2);
}

async fn the_end_of_a_replacement_forgets_the_old_master_key(db: Db) {
    let (first, second) = (key(1, &[b"old"]), key(2, &[b"new", b"old"]));
    assert!(matches!(db.finish_key_rotation(NOW, &audit("key")).await, Err(StoreError::NotFound)));
    db.add_first_data_key(&first).await.unwrap();
    let wraps = [(first.id, vec![9])];
    db.begin_key_rotation(&rotation(&second), &second, &wraps, &audit("key.rotate")).await.unwrap();
    db.finish_key_rotation(NOW.plus(SECOND), &audit("key.rotated")).await.unwrap();
    let keys = db.data_keys().await.unwrap();
    assert!(keys.iter().all(|key| key.wraps.len() == 1 && key.wraps[0].0 == b"new"), "{keys:?}");
    assert_eq!(db.key_rotation().await.unwrap().unwrap().finished_at, Some(NOW.plus(SECOND)));
    assert!(matches!(db.finish_key_rotation(NOW, &audit("key")).await, Err(StoreError::NotFound)));
    // Another one can begin.
    let third = key(3, &[b"next", b"new"]);
    let next = KeyRotation { to_master: b"next".to_vec(), from_master: b"new".to_vec(), ..rotation(&third) };
    db.begin_key_rotation(&next, &third, &[], &audit("key.rotate")).await.unwrap();
}
