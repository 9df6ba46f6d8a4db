//! Ends of secrets, and turns.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{
    id::{NodeId, SecretId, VendorId},
    policy::VendorPolicy,
    secret::{SecretInfo, SecretState},
    time::{HOUR, SECOND},
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{DEFAULT_TENANT_ID, Sealed, StoreError};

on_both! {
    a_policy_is_set_changed_and_taken_away,
    a_policy_of_no_vendor_is_refused,
    a_retiring_secret_ends_unless_somebody_changed_it,
    work_of_all_nodes_is_done_by_one_of_them_until_its_time_is_over,
    a_turn_asked_for_at_once_goes_to_one_node,
}

async fn with_vendor(db: &Db) -> (Vendor, SecretInfo) {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id: DEFAULT_TENANT_ID,
        slug: "sender".parse().unwrap(),
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
        state: SecretState::Active,
        not_after: None,
        created_at: NOW,
    };
    db.add_vendor(&vendor, Some((&secret, &Sealed(vec![1]))), &audit("vendor.add")).await.unwrap();
    (vendor, secret)
}

async fn a_policy_is_set_changed_and_taken_away(db: Db) {
    let (vendor, _) = with_vendor(&db).await;
    assert_eq!(db.rotation_policies().await.unwrap(), []);
    for hours in [6, 12] {
        db.set_rotation_policy(vendor.id, Some(hours), &audit("vendor.policy")).await.unwrap();
        assert_eq!(db.rotation_policies().await.unwrap(), [(vendor.id, hours)]);
    }
    for _ in 0..2 {
        db.set_rotation_policy(vendor.id, None, &audit("vendor.policy")).await.unwrap();
        assert_eq!(db.rotation_policies().await.unwrap(), []);
    }
    assert_eq!(db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap().len(), 5);
}

async fn a_policy_of_no_vendor_is_refused(db: Db) {
    let refused = db.set_rotation_policy(id(VendorId::new), Some(6), &audit("vendor.policy")).await;
    assert!(refused.is_err());
    let (vendor, _) = with_vendor(&db).await;
    assert!(db.set_rotation_policy(vendor.id, Some(0), &audit("vendor.policy")).await.is_err());
    assert_eq!(db.rotation_policies().await.unwrap(), []);
}

async fn a_retiring_secret_ends_unless_somebody_changed_it(db: Db) {
    let (vendor, first) = with_vendor(&db).await;
    let until = NOW.plus(HOUR);
    let not_retiring = db.end_retiring(first.id, until, &audit("vendor.retire")).await;
    assert!(matches!(not_retiring, Err(StoreError::NotFound)));
    let second = SecretInfo { id: id(SecretId::new), ..first.clone() };
    db.rotate_secret(&second, &Sealed(vec![2]), until, &audit("vendor.rotate")).await.unwrap();
    let changed = db.end_retiring(first.id, until.plus(1), &audit("vendor.retire")).await;
    assert!(matches!(changed, Err(StoreError::NotFound)));
    let version = db.config_version().await.unwrap();
    db.end_retiring(first.id, until, &audit("vendor.retire")).await.unwrap();
    assert!(db.config_version().await.unwrap() > version);
    let state = |version: usize, secrets: Vec<SecretInfo>| secrets[2 - version].state;
    assert_eq!(state(1, db.secrets_of(vendor.id).await.unwrap()), SecretState::Revoked);
    assert_eq!(state(2, db.secrets_of(vendor.id).await.unwrap()), SecretState::Active);
}

async fn work_of_all_nodes_is_done_by_one_of_them_until_its_time_is_over(db: Db) {
    let (one, two) = (id(NodeId::new), id(NodeId::new));
    let until = NOW.plus(SECOND);
    assert!(db.take_turn("tidy", one, NOW, until).await.unwrap());
    assert!(!db.take_turn("tidy", two, NOW, until).await.unwrap());
    assert!(db.take_turn("other", two, NOW, until).await.unwrap());
    assert!(db.take_turn("tidy", one, NOW, until.plus(SECOND)).await.unwrap());
    assert!(!db.take_turn("tidy", two, until, until.plus(SECOND)).await.unwrap());
    let over = until.plus(SECOND);
    assert!(db.take_turn("tidy", two, over, over.plus(SECOND)).await.unwrap());
    assert!(!db.take_turn("tidy", one, over, over.plus(SECOND)).await.unwrap());
}

async fn a_turn_asked_for_at_once_goes_to_one_node(db: Db) {
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let db = db.clone();
        nodes.spawn(
            async move { db.take_turn("tidy", id(NodeId::new), NOW, NOW.plus(SECOND)).await.unwrap() },
        );
    }
    assert_eq!(nodes.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
}
