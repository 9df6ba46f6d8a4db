//! Counters, nodes, and the schema itself.

use crate::{
    support::{Db, NOW, delta, event, id, job, on_both, other_tenant},
    work::{running, succeeded},
};
use domain::{
    id::{NodeId, VendorId},
    time::{MINUTE, SECOND, Timestamp},
};
use store::{CounterDelta, CounterRow, DEFAULT_TENANT_ID, Node, OpenOptions, Schema, StoreError, open};

on_both! {
    migrations_run_twice_change_nothing,
    a_schema_that_is_missing_or_behind_fails_the_ping,
    a_migration_that_was_applied_in_another_form_fails_the_ping,
    a_schema_newer_than_the_program_is_told_and_used,
    what_was_recorded_is_there_after_a_restart,
    counters_add_up_over_nodes_and_tenants,
    counters_are_read_by_name_without_reading_the_others,
    counters_added_to_at_once_lose_nothing,
    old_counters_are_forgotten,
    a_node_is_seen_while_its_heart_beats,
    running_jobs_are_counted_by_the_node_that_runs_them,
}

async fn migrations_run_twice_change_nothing(db: Db) {
    let before = db.load_config().await.unwrap();
    db.migrate().await.unwrap();
    db.ping().await.unwrap();
    assert_eq!(db.load_config().await.unwrap().tenants, before.tenants);
}

async fn a_schema_that_is_missing_or_behind_fails_the_ping(db: Db) {
    db.ping().await.unwrap();
    assert_eq!(db.schema().await.unwrap(), Schema::default());
    // One in the middle: the newest alone says nothing.
    db.tamper("delete from _sqlx_migrations where version = 7").await;
    assert!(matches!(db.ping().await, Err(StoreError::SchemaBehind { missing }) if missing == [7]));
    db.tamper("delete from _sqlx_migrations where version > 1").await;
    assert!(matches!(db.ping().await, Err(StoreError::SchemaBehind { missing }) if missing[0] == 2));
    db.tamper("drop table _sqlx_migrations").await;
    let error = db.ping().await.unwrap_err();
    assert!(matches!(&error, StoreError::SchemaBehind { missing } if missing[..2] == [1, 2]));
    assert!(error.to_string().contains("run the migrations"), "{error}");
}

async fn a_migration_that_was_applied_in_another_form_fails_the_ping(db: Db) {
    db.tamper("update _sqlx_migrations set checksum = (select checksum from _sqlx_migrations where version = 2) where version = 7")
        .await;
    let error = db.ping().await.unwrap_err();
    assert!(matches!(&error, StoreError::SchemaDiffers { versions } if versions == &[7]));
    assert!(error.is_outage() && error.to_string().contains("has migration 7 in another form"), "{error}");
    assert!(db.migrate().await.is_err(), "no migration can mend that");
}

async fn a_schema_newer_than_the_program_is_told_and_used(db: Db) {
    db.tamper("update _sqlx_migrations set version = version + 9000 where version = 1").await;
    db.tamper(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         select version - 9000, description, success, checksum, execution_time from _sqlx_migrations where version > 9000",
    )
    .await;
    db.ping().await.unwrap();
    let schema = db.schema().await.unwrap();
    assert_eq!(schema, Schema { newer: vec![9001], ..Schema::default() });
    assert!(schema.newer_words().unwrap().contains("does not know migration 9001"));
    db.migrate().await.unwrap();
}

async fn what_was_recorded_is_there_after_a_restart(db: Db) {
    let new = event(id(VendorId::new), "evt-1", "body", 1);
    db.record(std::slice::from_ref(&new), &[]).await.unwrap();
    db.close().await;
    let reopened = open(&db.url, &OpenOptions::default()).await.unwrap();
    reopened.ping().await.unwrap();
    assert_eq!(reopened.event(new.event.id).await.unwrap(), new.event);
    reopened.close().await;
}

async fn counters_add_up_over_nodes_and_tenants(db: Db) {
    let other = other_tenant(&db).await;
    let (one, two) = (id(NodeId::new), id(NodeId::new));
    let minute = delta(one, "", 0).minute;
    let next = minute.plus(MINUTE);
    db.count(&[delta(one, "accepted", 2), delta(one, "refused", 1), delta(one, "accepted", 3)])
        .await
        .unwrap();
    db.count(&[delta(two, "accepted", 10)]).await.unwrap();
    db.count(&[CounterDelta { tenant_id: other, ..delta(one, "accepted", 100) }]).await.unwrap();
    db.count(&[CounterDelta { minute: next, ..delta(one, "accepted", 7) }]).await.unwrap();

    let row = |minute, name: &str, value| CounterRow { minute, name: name.into(), value };
    let mine = [row(minute, "accepted", 15), row(minute, "refused", 1), row(next, "accepted", 7)];
    assert_eq!(db.counters(Some(DEFAULT_TENANT_ID), minute).await.unwrap(), mine);
    assert_eq!(db.counters(None, minute).await.unwrap()[0], row(minute, "accepted", 115));
    assert_eq!(db.counters(None, next).await.unwrap(), [row(next, "accepted", 7)]);
}

async fn counters_are_read_by_name_without_reading_the_others(db: Db) {
    let other = other_tenant(&db).await;
    let (one, two) = (id(NodeId::new), id(NodeId::new));
    let minute = delta(one, "", 0).minute;
    let next = minute.plus(MINUTE);
    db.count(&[delta(one, "secret:a:1", 2), delta(two, "secret:a:1", 3), delta(one, "secret:a:2", 1)])
        .await
        .unwrap();
    db.count(&[
        CounterDelta { tenant_id: other, ..delta(one, "secret:a:1", 100) },
        CounterDelta { minute: next, ..delta(one, "secret:a:1", 7) },
        delta(one, "accepted", 50),
    ])
    .await
    .unwrap();

    let row = |minute, name: &str, value| CounterRow { minute, name: name.into(), value };
    let names = ["secret:a:1".to_owned(), "secret:a:2".to_owned(), "secret:a:3".to_owned()];
    let found = db.counters_named(DEFAULT_TENANT_ID, &names, minute).await.unwrap();
    assert_eq!(
        found,
        [row(minute, "secret:a:1", 5), row(minute, "secret:a:2", 1), row(next, "secret:a:1", 7)]
    );
    assert_eq!(db.counters_named(DEFAULT_TENANT_ID, &names, next).await.unwrap(), found[2..]);
    assert_eq!(db.counters_named(DEFAULT_TENANT_ID, &[], minute).await.unwrap(), []);
    assert_eq!(db.last_counted(DEFAULT_TENANT_ID, "secret:a:1").await.unwrap(), Some(next));
    assert_eq!(db.last_counted(other, "secret:a:1").await.unwrap(), Some(minute));
    assert_eq!(db.last_counted(DEFAULT_TENANT_ID, "secret:a:3").await.unwrap(), None);
}

async fn counters_added_to_at_once_lose_nothing(db: Db) {
    let node = id(NodeId::new);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        let db = db.clone();
        tasks.spawn(async move {
            let mut both = [delta(node, "a", 1), delta(node, "b", 1)];
            both.rotate_left(n % 2);
            db.count(&both).await.unwrap();
        });
    }
    tasks.join_all().await;
    let values: Vec<_> = db.counters(None, Timestamp(0)).await.unwrap().iter().map(|row| row.value).collect();
    assert_eq!(values, [20, 20]);
}

async fn old_counters_are_forgotten(db: Db) {
    let now = delta(id(NodeId::new), "accepted", 1);
    let old = CounterDelta { minute: now.minute.plus(-MINUTE), ..now.clone() };
    db.count(&[now.clone(), old]).await.unwrap();
    assert_eq!(db.forget_counters(now.minute).await.unwrap(), 1);
    assert_eq!(db.counters(None, Timestamp(0)).await.unwrap().len(), 1);
}

async fn a_node_is_seen_while_its_heart_beats(db: Db) {
    let node = |started_at| Node {
        id: id(NodeId::new),
        host: "host".into(),
        roles: "ingress,worker".into(),
        version: "0.1.0".into(),
        started_at,
        heartbeat_at: started_at,
    };
    let (mut first, second) = (node(NOW), node(NOW.plus(1)));
    db.heartbeat(&first).await.unwrap();
    db.heartbeat(&second).await.unwrap();
    first.heartbeat_at = NOW.plus(SECOND);
    db.heartbeat(&first).await.unwrap();
    assert_eq!(db.nodes(NOW).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(db.nodes(NOW.plus(2)).await.unwrap(), std::slice::from_ref(&first));
    db.remove_node(first.id).await.unwrap();
    assert_eq!(db.nodes(NOW).await.unwrap(), [second]);
}

async fn running_jobs_are_counted_by_the_node_that_runs_them(db: Db) {
    assert_eq!(db.running_by_node().await.unwrap(), []);
    let (first, claimed) = running(&db, &[job(), job(), job()]).await;
    let (second, _) = running(&db, &[job()]).await;
    db.add_jobs(&[job(), job()]).await.unwrap();
    let mut expected = [(first, 3), (second, 1)];
    expected.sort();
    assert_eq!(db.running_by_node().await.unwrap(), expected);
    let ended: Vec<_> = claimed.iter().map(|job| succeeded(job, vec![])).collect();
    db.finish(&ended, NOW.plus(SECOND), &[]).await.unwrap();
    assert_eq!(db.running_by_node().await.unwrap(), [(second, 1)]);
}
