//! Data keys and the replacement of the master key.

use crate::{
    refused::refused,
    support::{Db, NOW, audit, id, on_both},
};
use domain::{
    connection::OfferedSecret,
    id::{OfferId, ProviderId, RequestId, SecretId, VendorId},
    policy::VendorPolicy,
    provider::{Provider, ProviderKind},
    secret::{SecretInfo, SecretState},
    time::SECOND,
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{
    DEFAULT_TENANT_ID, DataKey, KeyRotation, Others, Place, RefusedBounds, SENDER_LINK_KEY, Sealed,
    SealedValue, StoreError, TOKEN_KEY, TokenKey,
};
use uuid::Uuid;

on_both! {
    the_first_data_key_is_made_once,
    two_nodes_that_start_at_once_agree_on_the_first_data_key,
    a_replacement_wraps_every_key_at_once_and_no_second_one_begins_meanwhile,
    values_are_found_by_what_they_begin_with,
    every_place_where_sealed_values_stand_is_gone_through_page_by_page,
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
    let found = db.sealed_otherwise(b"\x02aa", None, 10).await.unwrap();
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
    assert_eq!(db.sealed_otherwise(b"\x02aa", None, 2).await.unwrap().len(), 2);
}

/// All values that begin otherwise, asked for two at a time.
async fn otherwise(db: &Db, head: &[u8]) -> Vec<SealedValue> {
    let mut all = Vec::new();
    loop {
        let page =
            db.sealed_otherwise(head, all.last().map(|last: &SealedValue| last.place), 2).await.unwrap();
        assert!(page.len() <= 2);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn every_place_where_sealed_values_stand_is_gone_through_page_by_page(db: Db) {
    let old = || Sealed(b"\x01old".to_vec());
    with_secrets(&db, &[b"\x01a", b"\x01b", b"\x01c"]).await;
    let provider = Provider {
        id: id(ProviderId::new),
        tenant_id: DEFAULT_TENANT_ID,
        slug: "model".parse().unwrap(),
        kind: ProviderKind::Openai,
        base_url: None,
        model: "m".into(),
        has_key: true,
        enabled: true,
        created_at: NOW,
    };
    db.add_provider(&provider, Some(&old()), &audit("provider.add")).await.unwrap();
    let vendor = db.load_config().await.unwrap().vendors[0].id;
    for n in 0..3 {
        let offer = OfferedSecret {
            id: id(OfferId::new),
            vendor_id: vendor,
            request_id: id(RequestId::new),
            offered_at: NOW.plus(n),
        };
        assert!(db.offer_secret(&offer, &old(), 9).await.unwrap());
    }
    let refused: Vec<_> = (0..5).map(|n| refused(vendor, n, Some("\x01capture"))).collect();
    db.record_refused(&refused, RefusedBounds { rows: 100, bytes: 1_000 }).await.unwrap();
    db.setting_or_insert(SENDER_LINK_KEY, b"\x01links").await.unwrap();
    db.setting_or_insert(TOKEN_KEY, b"\x01tokens").await.unwrap();
    let later = TokenKey {
        id: id(|id| id),
        created_at: NOW,
        signs_from: NOW.plus(SECOND),
        sealed: Sealed(b"\x01later".to_vec()),
    };
    db.add_token_key(&later, Others::Stay, &audit("token.rotate")).await.unwrap();
    db.setting_or_insert("another", b"\x01plain").await.unwrap();

    let found = otherwise(&db, b"\x02").await;
    assert_eq!((found.len(), db.count_sealed_otherwise(b"\x02").await.unwrap()), (15, 15));
    let count = |is: fn(&Place) -> bool| found.iter().filter(|value| is(&value.place)).count();
    assert_eq!(count(|place| matches!(place, Place::Secret(..))), 3);
    assert_eq!(count(|place| matches!(place, Place::Provider(_))), 1);
    assert_eq!(count(|place| matches!(place, Place::Offer(..))), 3);
    assert_eq!(count(|place| matches!(place, Place::Capture(_))), 5);
    assert_eq!(count(|place| matches!(place, Place::SenderLinkKey)), 1);
    assert_eq!(count(|place| matches!(place, Place::FirstTokenKey)), 1);
    assert_eq!(count(|place| matches!(place, Place::TokenKey(_))), 1);

    let new: Vec<_> = found.into_iter().map(|value| (value, Sealed(b"\x02new".to_vec()))).collect();
    assert_eq!(db.reseal(&new).await.unwrap(), 15);
    assert_eq!(db.reseal(&new).await.unwrap(), 0, "none is what it was");
    assert_eq!(otherwise(&db, b"\x02").await, []);
    assert_eq!(db.count_sealed_otherwise(b"\x02").await.unwrap(), 0);
    assert_eq!(db.refused_capture(refused[0].request.id).await.unwrap(), Sealed(b"\x02new".to_vec()));
    assert_eq!(db.setting(SENDER_LINK_KEY).await.unwrap().as_deref(), Some(&b"\x02new"[..]));
    assert_eq!(db.setting(TOKEN_KEY).await.unwrap().as_deref(), Some(&b"\x02new"[..]));
    assert_eq!(db.token_keys().await.unwrap()[1].sealed, Sealed(b"\x02new".to_vec()));
    assert_eq!(db.setting("another").await.unwrap().as_deref(), Some(&b"\x01plain"[..]));
}

async fn a_value_is_sealed_anew_only_while_it_is_what_it_was(db: Db) {
    with_secrets(&db, &[b"\x01a", b"\x01b"]).await;
    let (first, second) = (key(1, &[b"old"]), key(2, &[b"new", b"old"]));
    db.add_first_data_key(&first).await.unwrap();
    db.begin_key_rotation(&rotation(&second), &second, &[], &audit("key.rotate")).await.unwrap();
    let found = db.sealed_otherwise(b"\x02", None, 10).await.unwrap();
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
