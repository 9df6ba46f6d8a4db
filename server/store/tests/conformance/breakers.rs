//! What circuit breakers decide by: thresholds that are set, calls counted by several nodes.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{
    breaker::BreakerKey,
    calls::CallBucket,
    id::{DestinationId, JobId, NodeId, ProviderId},
    thresholds::{Chosen, Guarded, SetThresholds, Threshold, Thresholds},
    time::{MINUTE, SECOND, Timestamp},
};
use store::DEFAULT_TENANT_ID;

on_both! {
    thresholds_are_part_of_the_configuration_until_none_is_set,
    a_bucket_is_read_back_as_it_was_written_and_written_over_by_its_own_node_alone,
    the_calls_of_some_breakers_are_read_by_breaker_and_time,
    the_calls_of_a_provider_are_no_calls_of_its_models,
    failures_of_three_nodes_add_up_to_those_of_one,
    buckets_are_forgotten_when_they_are_old,
}

async fn thresholds_are_part_of_the_configuration_until_none_is_set(db: Db) {
    let all = SetThresholds {
        of: Guarded::Installation,
        tenant_id: None,
        chosen: Chosen::from([(Threshold::FailureRate, 30), (Threshold::MinCalls, 50)]),
    };
    let own = SetThresholds {
        of: Guarded::Provider(id(ProviderId::new)),
        tenant_id: Some(DEFAULT_TENANT_ID),
        chosen: Chosen::from([(Threshold::SlowAfter, 90)]),
    };
    let before = db.config_version().await.unwrap();
    db.set_thresholds(&all, &audit("breaker.thresholds")).await.unwrap();
    db.set_thresholds(&own, &audit("breaker.thresholds")).await.unwrap();
    assert!(db.config_version().await.unwrap() > before);
    let mut read = db.load_config().await.unwrap().thresholds;
    read.sort_by_key(|set| set.of);
    assert_eq!(read, [all.clone(), own.clone()]);

    let other = SetThresholds { chosen: Chosen::from([(Threshold::Wait, 5)]), ..own.clone() };
    db.set_thresholds(&other, &audit("breaker.thresholds")).await.unwrap();
    db.set_thresholds(&SetThresholds { chosen: Chosen::new(), ..all }, &audit("breaker.thresholds"))
        .await
        .unwrap();
    assert_eq!(db.load_config().await.unwrap().thresholds, [other]);
    assert_eq!(db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap().len(), 4);
}

fn blog() -> BreakerKey {
    BreakerKey::Destination(id(DestinationId::new))
}

fn bucket(key: &BreakerKey, begins_at: Timestamp) -> CallBucket {
    CallBucket::new(key.clone(), 0, id(NodeId::new), begins_at)
}

async fn a_bucket_is_read_back_as_it_was_written_and_written_over_by_its_own_node_alone(db: Db) {
    let model = BreakerKey::Model(id(ProviderId::new), "vendor/large-2".into());
    let mut one = bucket(&model, NOW);
    one.went_wrong(id(JobId::new), "503 with a \0 in it", Some(NOW.plus(MINUTE)), NOW.plus(1));
    db.count_calls(std::slice::from_ref(&one)).await.unwrap();
    one.went_well(true, NOW.plus(2));
    let two = CallBucket { node_id: id(NodeId::new), ..bucket(&model, NOW) };
    db.count_calls(&[one.clone(), two.clone()]).await.unwrap();
    one.words = "503 with a \u{fffd} in it".into();
    let mut read = db.calls_since(Some(&[model]), NOW.plus(-1)).await.unwrap();
    read.sort_by_key(|bucket| bucket.calls);
    assert_eq!(read, [two, one]);
    db.count_calls(&[]).await.unwrap();
}

async fn the_calls_of_some_breakers_are_read_by_breaker_and_time(db: Db) {
    let (one, two) = (blog(), blog());
    let many: Vec<CallBucket> = (0..500).map(|n| bucket(&one, NOW.plus(n))).collect();
    db.count_calls(&many).await.unwrap();
    db.count_calls(&[bucket(&two, NOW), CallBucket { revision: 3, ..bucket(&two, NOW) }]).await.unwrap();
    let read = db.calls_since(Some(std::slice::from_ref(&one)), NOW.plus(449)).await.unwrap();
    assert_eq!(read, many[450..]);
    assert_eq!(db.calls_since(Some(&[one, two.clone()]), NOW.plus(-1)).await.unwrap().len(), 502);
    assert_eq!(db.calls_since(None, NOW.plus(-1)).await.unwrap().len(), 502);
    let mut revisions: Vec<i64> =
        db.calls_since(Some(&[two]), NOW.plus(-1)).await.unwrap().iter().map(|one| one.revision).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, [0, 3]);
    assert!(db.calls_since(Some(&[]), NOW.plus(-1)).await.unwrap().is_empty());
}

async fn the_calls_of_a_provider_are_no_calls_of_its_models(db: Db) {
    let writer = id(ProviderId::new);
    let whole = bucket(&BreakerKey::Provider(writer), NOW);
    let model = bucket(&BreakerKey::Model(writer, "large-2".into()), NOW);
    db.count_calls(&[whole.clone(), model.clone()]).await.unwrap();
    for one in [whole, model] {
        assert_eq!(db.calls_since(Some(std::slice::from_ref(&one.key)), NOW.plus(-1)).await.unwrap(), [one]);
    }
}

async fn failures_of_three_nodes_add_up_to_those_of_one(db: Db) {
    let key = blog();
    let usual = Thresholds::of(false, &[], 30 * SECOND);
    let mut nodes = [bucket(&key, NOW), bucket(&key, NOW), bucket(&key, NOW)];
    for n in 0..5 {
        let read = db.calls_since(Some(std::slice::from_ref(&key)), NOW.plus(-MINUTE)).await.unwrap();
        assert_eq!(domain::calls::judge(&read, 0, &usual, NOW.plus(SECOND)), None, "after {n}");
        nodes[n % 3].went_wrong(id(JobId::new), "503 from blog", None, NOW.plus(SECOND));
        db.count_calls(std::slice::from_ref(&nodes[n % 3])).await.unwrap();
    }
    let read = db.calls_since(Some(&[key]), NOW.plus(-MINUTE)).await.unwrap();
    let cause = domain::calls::judge(&read, 0, &usual, NOW.plus(SECOND)).unwrap();
    assert_eq!(cause.why, "5 jobs in a row failed, the last with: 503 from blog");
}

async fn buckets_are_forgotten_when_they_are_old(db: Db) {
    let key = blog();
    db.count_calls(&[bucket(&key, NOW), bucket(&key, NOW.plus(1))]).await.unwrap();
    assert_eq!(db.forget_calls(NOW.plus(1)).await.unwrap(), 1);
    assert_eq!(db.calls_since(None, Timestamp(0)).await.unwrap().len(), 1);
}
