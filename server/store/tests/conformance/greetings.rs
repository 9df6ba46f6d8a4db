//! What is kept of the vendors' greetings, of the secrets they hand over, and of values that count once.

use crate::support::{Db, NOW, audit, id, on_both, other_tenant};
use domain::{
    connection::{Connection, FollowUp, OfferedSecret},
    id::{OfferId, RequestId, TenantId, VendorId},
    policy::VendorPolicy,
    time::{SECOND, Timestamp},
    vendor::Vendor,
};
use std::collections::BTreeMap;
use store::{DEFAULT_TENANT_ID, Sealed, StoreError};

on_both! {
    greetings_are_counted_and_the_last_one_is_known,
    what_came_of_a_greeting_is_kept_with_its_audit_entry,
    offered_secrets_wait_in_the_order_they_came_and_a_flood_cannot_push_them_out,
    offers_made_at_once_never_exceed_the_limit,
    withdrawn_offers_are_gone_and_others_stay,
    old_offers_are_forgotten,
    a_value_seen_with_other_content_is_a_replay_and_with_the_same_is_not,
    of_many_at_once_only_one_content_gets_a_value,
    a_value_whose_time_is_over_counts_as_new,
}

async fn vendor(db: &Db, tenant: TenantId, slug: &str) -> VendorId {
    let vendor = Vendor {
        id: id(VendorId::new),
        tenant_id: tenant,
        slug: slug.parse().unwrap(),
        preset: "notion".into(),
        options: BTreeMap::new(),
        enabled: true,
        max_body: None,
        policy: VendorPolicy::default(),
        created_at: NOW,
    };
    db.add_vendor(&vendor, None, &audit("vendor.add")).await.unwrap();
    vendor.id
}

fn offer(vendor: VendorId, at: Timestamp) -> OfferedSecret {
    OfferedSecret { id: id(OfferId::new), vendor_id: vendor, request_id: id(RequestId::new), offered_at: at }
}

async fn greetings_are_counted_and_the_last_one_is_known(db: Db) {
    let vendor = vendor(&db, DEFAULT_TENANT_ID, "v").await;
    assert_eq!(db.connection(vendor).await.unwrap(), Connection::default());
    db.note_greetings(vendor, 1, NOW).await.unwrap();
    db.note_greetings(vendor, 3, NOW.plus(SECOND)).await.unwrap();
    let known = db.connection(vendor).await.unwrap();
    assert_eq!((known.greetings, known.greeted_at), (4, Some(NOW.plus(SECOND))));
    assert_eq!(known.follow_up, None);
}

async fn what_came_of_a_greeting_is_kept_with_its_audit_entry(db: Db) {
    let vendor = vendor(&db, DEFAULT_TENANT_ID, "v").await;
    let failed = FollowUp { at: NOW, ok: false, words: "503 from the vendor".into() };
    db.note_follow_up(vendor, &failed, &audit("vendor.confirm")).await.unwrap();
    db.note_greetings(vendor, 1, NOW).await.unwrap();
    assert_eq!(db.connection(vendor).await.unwrap().follow_up, Some(failed));
    let good = FollowUp { at: NOW.plus(SECOND), ok: true, words: "confirmed".into() };
    db.note_follow_up(vendor, &good, &audit("vendor.confirm")).await.unwrap();
    let known = db.connection(vendor).await.unwrap();
    assert_eq!((known.follow_up, known.greetings), (Some(good), 1));
    let log = db.audit_log(None, NOW.plus(1), 10).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "vendor.confirm").count(), 2);
}

async fn offered_secrets_wait_in_the_order_they_came_and_a_flood_cannot_push_them_out(db: Db) {
    let vendor = vendor(&db, DEFAULT_TENANT_ID, "v").await;
    let offers: Vec<_> = (0..3).map(|n| offer(vendor, NOW.plus(n))).collect();
    for (n, offer) in (0_u8..).zip(&offers) {
        let kept = db.offer_secret(offer, &Sealed(vec![n]), 2).await.unwrap();
        assert_eq!(kept, n < 2);
    }
    let waiting = db.offers(vendor, NOW).await.unwrap();
    assert_eq!(waiting, [(offers[0].clone(), Sealed(vec![0])), (offers[1].clone(), Sealed(vec![1]))]);
    assert_eq!(db.offers(vendor, NOW.plus(1)).await.unwrap().len(), 1);
}

async fn offers_made_at_once_never_exceed_the_limit(db: Db) {
    let vendor = vendor(&db, DEFAULT_TENANT_ID, "v").await;
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, offer) = (db.clone(), offer(vendor, NOW));
        senders.spawn(async move { db.offer_secret(&offer, &Sealed(vec![1]), 3).await.unwrap() });
    }
    let kept = senders.join_all().await.into_iter().filter(|kept| *kept).count();
    assert_eq!((kept, db.offers(vendor, NOW).await.unwrap().len()), (3, 3));
}

async fn withdrawn_offers_are_gone_and_others_stay(db: Db) {
    let other = other_tenant(&db).await;
    let (mine, theirs) = (vendor(&db, DEFAULT_TENANT_ID, "v").await, vendor(&db, other, "v").await);
    for vendor in [mine, theirs] {
        db.offer_secret(&offer(vendor, NOW), &Sealed(vec![1]), 5).await.unwrap();
    }
    let offering = async |scope| db.offering(scope, NOW).await.unwrap();
    assert_eq!((offering(None).await, offering(Some(other)).await), (2, 1));
    db.withdraw_offers(mine, &audit("vendor.offer.dismiss")).await.unwrap();
    assert_eq!(
        (db.offers(mine, NOW).await.unwrap().len(), db.offers(theirs, NOW).await.unwrap().len()),
        (0, 1)
    );
    assert_eq!((offering(None).await, offering(Some(DEFAULT_TENANT_ID)).await), (1, 0));
    let again = db.withdraw_offers(mine, &audit("vendor.offer.dismiss")).await;
    assert!(matches!(again, Err(StoreError::NotFound)));
}

async fn old_offers_are_forgotten(db: Db) {
    let vendor = vendor(&db, DEFAULT_TENANT_ID, "v").await;
    db.offer_secret(&offer(vendor, NOW), &Sealed(vec![1]), 5).await.unwrap();
    db.offer_secret(&offer(vendor, NOW.plus(2)), &Sealed(vec![2]), 5).await.unwrap();
    assert_eq!(db.forget_offers(NOW.plus(1)).await.unwrap(), 1);
    assert_eq!(db.offers(vendor, Timestamp(0)).await.unwrap()[0].1, Sealed(vec![2]));
}

async fn a_value_seen_with_other_content_is_a_replay_and_with_the_same_is_not(db: Db) {
    let (one, two) = (id(VendorId::new), id(VendorId::new));
    let end = NOW.plus(SECOND);
    let see = async |vendor, value, content| {
        db.see_once(vendor, &[value; 32], &[content; 32], NOW, end).await.unwrap()
    };
    assert!(see(one, 1, 1).await);
    assert!(see(one, 1, 1).await);
    assert!(!see(one, 1, 2).await);
    assert!(see(one, 2, 2).await);
    assert!(see(two, 1, 2).await);
    assert!(!see(one, 1, 2).await);
}

async fn of_many_at_once_only_one_content_gets_a_value(db: Db) {
    let vendor = id(VendorId::new);
    let mut senders = tokio::task::JoinSet::new();
    for content in 0..8 {
        let db = db.clone();
        senders.spawn(async move {
            db.see_once(vendor, &[1; 32], &[content; 32], NOW, NOW.plus(SECOND)).await.unwrap()
        });
    }
    assert_eq!(senders.join_all().await.into_iter().filter(|new| *new).count(), 1);
}

async fn a_value_whose_time_is_over_counts_as_new(db: Db) {
    let vendor = id(VendorId::new);
    let end = NOW.plus(SECOND);
    assert!(db.see_once(vendor, &[1; 32], &[1; 32], NOW, end).await.unwrap());
    assert!(!db.see_once(vendor, &[1; 32], &[2; 32], end.plus(-1), end.plus(SECOND)).await.unwrap());
    assert!(db.see_once(vendor, &[1; 32], &[2; 32], end, end.plus(SECOND)).await.unwrap());
    assert_eq!(db.forget_seen(end).await.unwrap(), 0);
    assert_eq!(db.forget_seen(end.plus(SECOND)).await.unwrap(), 1);
    assert!(db.see_once(vendor, &[1; 32], &[3; 32], NOW, end).await.unwrap());
}
