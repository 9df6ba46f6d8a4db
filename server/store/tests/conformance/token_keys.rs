//! The keys that sign tokens follow one another.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::time::{HOUR, Timestamp};
use store::{Others, Sealed, StoreError, TOKEN_KEY, TokenKey};

on_both! {
    the_first_key_stands_in_the_settings_and_signs_before_all_others,
    no_second_key_is_added_while_one_waits_to_sign,
    of_several_that_replace_the_key_at_once_one_does,
    a_key_is_forgotten_when_its_successor_has_signed_long_enough,
    keys_that_go_are_gone_with_the_new_one,
}

fn key(created_at: Timestamp, signs_from: Timestamp) -> TokenKey {
    TokenKey { id: id(|id| id), created_at, signs_from, sealed: Sealed(b"key".to_vec()) }
}

async fn add(db: &Db, key: &TokenKey) -> Result<(), StoreError> {
    db.add_token_key(key, Others::Stay, &audit("token.rotate")).await
}

async fn the_first_key_stands_in_the_settings_and_signs_before_all_others(db: Db) {
    assert_eq!(db.token_keys().await.unwrap(), []);
    db.setting_or_insert(TOKEN_KEY, b"first").await.unwrap();
    let [second, third] = [key(NOW, NOW.plus(HOUR)), key(NOW.plus(2 * HOUR), NOW.plus(3 * HOUR))];
    add(&db, &second).await.unwrap();
    add(&db, &third).await.unwrap();
    let keys = db.token_keys().await.unwrap();
    assert_eq!((keys.len(), &*keys[0].sealed.0), (3, &b"first"[..]));
    assert_eq!(keys[1..], [second, third]);
    let log = db.audit_log(None, NOW.plus(1), 9).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "token.rotate").count(), 2);
}

async fn no_second_key_is_added_while_one_waits_to_sign(db: Db) {
    let waits = key(NOW, NOW.plus(HOUR));
    add(&db, &waits).await.unwrap();
    let early = add(&db, &key(NOW.plus(HOUR - 1), NOW.plus(2 * HOUR))).await;
    assert!(matches!(early, Err(StoreError::Conflict)), "{early:?}");
    assert_eq!(db.token_keys().await.unwrap(), [waits]);
    let log = db.audit_log(None, NOW.plus(1), 9).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "token.rotate").count(), 1);
    add(&db, &key(NOW.plus(HOUR), NOW.plus(2 * HOUR))).await.unwrap();
}

async fn of_several_that_replace_the_key_at_once_one_does(db: Db) {
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let db = db.clone();
        nodes.spawn(async move { add(&db, &key(NOW, NOW.plus(HOUR))).await.is_ok() });
    }
    assert_eq!(nodes.join_all().await.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(db.token_keys().await.unwrap().len(), 1);
}

async fn a_key_is_forgotten_when_its_successor_has_signed_long_enough(db: Db) {
    db.setting_or_insert(TOKEN_KEY, b"first").await.unwrap();
    let second = key(NOW, NOW.plus(HOUR));
    add(&db, &second).await.unwrap();
    assert_eq!(db.forget_token_keys(NOW.plus(HOUR - 1)).await.unwrap(), 0);
    assert_eq!(db.forget_token_keys(NOW.plus(HOUR)).await.unwrap(), 1);
    assert_eq!(db.setting(TOKEN_KEY).await.unwrap(), None);
    assert_eq!(db.token_keys().await.unwrap(), std::slice::from_ref(&second));

    let third = key(NOW.plus(HOUR), NOW.plus(3 * HOUR));
    add(&db, &third).await.unwrap();
    assert_eq!(db.forget_token_keys(NOW.plus(2 * HOUR)).await.unwrap(), 0, "the third does not sign yet");
    assert_eq!(db.forget_token_keys(NOW.plus(9 * HOUR)).await.unwrap(), 1);
    assert_eq!(db.token_keys().await.unwrap(), [third]);
    assert_eq!(db.forget_token_keys(NOW.plus(99 * HOUR)).await.unwrap(), 0, "the last one stays");
}

async fn keys_that_go_are_gone_with_the_new_one(db: Db) {
    db.setting_or_insert(TOKEN_KEY, b"first").await.unwrap();
    add(&db, &key(NOW, NOW.plus(HOUR))).await.unwrap();
    let new = key(NOW.plus(1), NOW.plus(1));
    db.add_token_key(&new, Others::Go, &audit("token.rotate")).await.unwrap();
    assert_eq!(db.token_keys().await.unwrap(), [new]);
    assert_eq!(db.setting(TOKEN_KEY).await.unwrap(), None);
}
