//! People who sign in, their sessions, throttles and settings.

use crate::support::{Db, NOW, audit, id, on_both, other_tenant};
use domain::{
    id::UserId,
    role::Role,
    time::{DAY, MINUTE, SECOND},
    user::User,
};
use store::StoreError;

on_both! {
    an_account_is_read_back_by_id_and_e_mail,
    a_taken_e_mail_is_a_conflict,
    nobody_but_an_owner_may_be_without_a_tenant,
    the_set_up_token_of_ten_that_race_for_it_is_spent_once,
    a_set_up_token_that_is_wrong_expired_or_replaced_opens_nothing,
    a_set_up_token_opens_nothing_once_there_is_an_account,
    a_disabled_account_loses_its_sessions,
    users_of_a_tenant_are_listed_by_e_mail,
    tries_are_counted_per_key_and_window,
    a_setting_is_given_once,
    a_session_lives_until_it_expires_or_ends,
    a_session_id_that_is_taken_is_a_conflict,
    a_saved_session_replaces_the_one_before,
}

fn user(email: &str) -> User {
    User {
        id: id(UserId::new),
        email: email.into(),
        role: Role::Owner,
        tenant_id: None,
        disabled: false,
        created_at: NOW,
        last_login_at: None,
    }
}

async fn an_account_is_read_back_by_id_and_e_mail(db: Db) {
    assert!(!db.has_users().await.unwrap());
    let ada = user("ada@example.org");
    db.add_user(&ada, "$argon2id$…", &audit("user.add")).await.unwrap();
    assert!(db.has_users().await.unwrap());
    assert_eq!(db.user(ada.id).await.unwrap(), ada);
    assert_eq!(db.user_by_email("ada@example.org").await.unwrap(), (ada.clone(), "$argon2id$…".into()));
    for unknown in ["nobody@example.org", "ada@example.org\0", ""] {
        assert!(matches!(db.user_by_email(unknown).await, Err(StoreError::NotFound)));
    }
    db.touch_login(ada.id, NOW.plus(1), &audit("user.login")).await.unwrap();
    assert_eq!(db.user(ada.id).await.unwrap().last_login_at, Some(NOW.plus(1)));
}

async fn a_taken_e_mail_is_a_conflict(db: Db) {
    db.add_user(&user("ada@example.org"), "hash", &audit("user.add")).await.unwrap();
    let again = db.add_user(&user("ada@example.org"), "hash", &audit("user.add")).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
}

/// Whoever has no tenant sees all of them.
async fn nobody_but_an_owner_may_be_without_a_tenant(db: Db) {
    let admin = User { role: Role::Admin, ..user("ada@example.org") };
    assert!(db.add_user(&admin, "hash", &audit("user.add")).await.is_err());
    assert!(!db.has_users().await.unwrap());
}

async fn the_set_up_token_of_ten_that_race_for_it_is_spent_once(db: Db) {
    db.set_setup_token(b"token", NOW.plus(MINUTE)).await.unwrap();
    let mut people = tokio::task::JoinSet::new();
    for n in 0..10 {
        let db = db.clone();
        people.spawn(async move {
            let user = user(&format!("person-{n}@example.org"));
            db.spend_setup_token(b"token", &user, "hash", NOW, &audit("setup")).await
        });
    }
    let outcomes = people.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(StoreError::NotFound))));
    assert_eq!(db.users(None).await.unwrap().len(), 1);
    assert_eq!(db.audit_log(None, NOW.plus(1), 100).await.unwrap().len(), 1);
}

async fn a_set_up_token_that_is_wrong_expired_or_replaced_opens_nothing(db: Db) {
    let spend = async |token: &[u8], now| {
        db.spend_setup_token(token, &user("ada@example.org"), "hash", now, &audit("setup")).await
    };
    assert!(matches!(spend(b"none yet", NOW).await, Err(StoreError::NotFound)));
    db.set_setup_token(b"first", NOW.plus(MINUTE)).await.unwrap();
    db.set_setup_token(b"second", NOW.plus(MINUTE)).await.unwrap();
    assert!(matches!(spend(b"first", NOW).await, Err(StoreError::NotFound)));
    assert!(matches!(spend(b"second", NOW.plus(MINUTE)).await, Err(StoreError::NotFound)));
    assert!(!db.has_users().await.unwrap());
    spend(b"second", NOW.plus(MINUTE - 1)).await.unwrap();
}

async fn a_set_up_token_opens_nothing_once_there_is_an_account(db: Db) {
    db.set_setup_token(b"token", NOW.plus(MINUTE)).await.unwrap();
    db.add_user(&user("ada@example.org"), "hash", &audit("user.add")).await.unwrap();
    let spent = db.spend_setup_token(b"token", &user("eve@example.org"), "hash", NOW, &audit("setup")).await;
    assert!(matches!(spent, Err(StoreError::NotFound)));
}

async fn a_disabled_account_loses_its_sessions(db: Db) {
    let (ada, bob) = (user("ada@example.org"), user("bob@example.org"));
    for (user, session) in [(&ada, "a"), (&bob, "b")] {
        db.add_user(user, "hash", &audit("user.add")).await.unwrap();
        db.create_session(session, Some(user.id), b"data", NOW.plus(DAY)).await.unwrap();
    }
    db.set_user_disabled(ada.id, true, &audit("user.disable")).await.unwrap();
    assert!(db.user(ada.id).await.unwrap().disabled);
    assert!(db.session("a", NOW).await.unwrap().is_none());
    assert!(db.session("b", NOW).await.unwrap().is_some());
    db.set_user_disabled(ada.id, false, &audit("user.enable")).await.unwrap();
    assert!(!db.user(ada.id).await.unwrap().disabled);
    let unknown = db.set_user_disabled(id(UserId::new), true, &audit("user.disable")).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

async fn users_of_a_tenant_are_listed_by_e_mail(db: Db) {
    let other = other_tenant(&db).await;
    let of_tenant = |email| User { role: Role::Editor, tenant_id: Some(other), ..user(email) };
    for user in [of_tenant("b@example.org"), user("owner@example.org"), of_tenant("a@example.org")] {
        db.add_user(&user, "hash", &audit("user.add")).await.unwrap();
    }
    let emails = async |scope| -> Vec<String> {
        db.users(scope).await.unwrap().into_iter().map(|user| user.email).collect()
    };
    assert_eq!(emails(Some(other)).await, ["a@example.org", "b@example.org"]);
    assert_eq!(emails(None).await, ["a@example.org", "b@example.org", "owner@example.org"]);
}

async fn tries_are_counted_per_key_and_window(db: Db) {
    let next = NOW.plus(MINUTE);
    assert_eq!(db.throttle("login:ada", NOW).await.unwrap(), 1);
    assert_eq!(db.throttle("login:ada", NOW).await.unwrap(), 2);
    assert_eq!(db.throttle("login:\0", NOW).await.unwrap(), 1);
    assert_eq!(db.throttle("login:ada", next).await.unwrap(), 1);
    // A node whose clock is behind does not bring the older window back.
    assert_eq!(db.throttle("login:ada", NOW).await.unwrap(), 2);
    assert_eq!(db.throttle("login:ada", next).await.unwrap(), 3);
    // What nobody counted for a day is forgotten with the expired sessions.
    db.delete_expired_sessions(next.plus(DAY)).await.unwrap();
    assert_eq!(db.throttle("login:\0", NOW).await.unwrap(), 1);
    assert_eq!(db.throttle("login:ada", next).await.unwrap(), 4);

    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let db = db.clone();
        tries.spawn(async move { db.throttle("race", NOW).await.unwrap() });
    }
    let mut counted = tries.join_all().await;
    counted.sort_unstable();
    assert_eq!(counted, (1..=10).collect::<Vec<i64>>());
}

async fn a_setting_is_given_once(db: Db) {
    assert_eq!(db.setting("key").await.unwrap(), None);
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..8_u8 {
        let db = db.clone();
        nodes.spawn(async move { db.setting_or_insert("key", &[n]).await.unwrap() });
    }
    let given = nodes.join_all().await;
    assert!(given.iter().all(|value| *value == given[0]), "all nodes agree");
    assert_eq!(db.setting("key").await.unwrap().as_ref(), Some(&given[0]));
}

async fn a_session_lives_until_it_expires_or_ends(db: Db) {
    let until = NOW.plus(SECOND);
    db.create_session("one", None, b"\0data", until).await.unwrap();
    db.create_session("two", None, b"", until.plus(1)).await.unwrap();
    assert_eq!(db.session("one", NOW).await.unwrap(), Some((b"\0data".to_vec(), until)));
    assert_eq!(db.session("one", until).await.unwrap(), None);
    assert_eq!(db.session("no\0ne", NOW).await.unwrap(), None);
    assert_eq!(db.delete_expired_sessions(until).await.unwrap(), 1);
    db.delete_session("two").await.unwrap();
    db.delete_session("two").await.unwrap();
    assert_eq!(db.session("two", NOW).await.unwrap(), None);
}

async fn a_session_id_that_is_taken_is_a_conflict(db: Db) {
    db.create_session("one", None, b"first", NOW.plus(1)).await.unwrap();
    let again = db.create_session("one", None, b"second", NOW.plus(2)).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    assert_eq!(db.session("one", NOW).await.unwrap(), Some((b"first".to_vec(), NOW.plus(1))));
}

async fn a_saved_session_replaces_the_one_before(db: Db) {
    let ada = user("ada@example.org");
    db.add_user(&ada, "hash", &audit("user.add")).await.unwrap();
    db.save_session("one", None, b"first", NOW.plus(1)).await.unwrap();
    db.save_session("one", Some(ada.id), b"second", NOW.plus(2)).await.unwrap();
    assert_eq!(db.session("one", NOW).await.unwrap(), Some((b"second".to_vec(), NOW.plus(2))));
}
