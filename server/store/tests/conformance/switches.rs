//! Pause switches and circuit breakers.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    id::{DestinationId, NodeId, ProviderId, VendorId},
    pause::{Pause, PauseTarget},
    time::SECOND,
};
use store::{DEFAULT_TENANT_ID, StoreError};

on_both! {
    a_switch_is_turned_on_once_and_off_once_and_every_node_notices,
    a_breaker_is_read_back_as_it_was_written,
    the_breakers_of_a_provider_and_of_its_models_are_kept_apart,
    of_two_nodes_that_change_a_breaker_one_succeeds_and_the_other_changes_nothing,
}

async fn a_switch_is_turned_on_once_and_off_once_and_every_node_notices(db: Db) {
    let mut version = db.config_version().await.unwrap();
    let mut grows = |now: i64| {
        let before = std::mem::replace(&mut version, now);
        now > before
    };
    let vendor = Pause {
        target: PauseTarget::Vendor(id(VendorId::new)),
        tenant_id: Some(DEFAULT_TENANT_ID),
        by: "ada@example.org".into(),
        since: NOW,
    };
    let all =
        Pause { target: PauseTarget::Everything, tenant_id: None, since: NOW.plus(1), ..vendor.clone() };
    for pause in [&vendor, &all] {
        db.pause(pause, &audit("pause.begin")).await.unwrap();
        assert!(grows(db.config_version().await.unwrap()));
    }
    assert!(matches!(db.pause(&all, &audit("pause.begin")).await, Err(StoreError::Conflict)));
    assert_eq!(db.load_config().await.unwrap().pauses, [vendor.clone(), all]);

    db.resume(PauseTarget::Everything, &audit("pause.end")).await.unwrap();
    assert!(grows(db.config_version().await.unwrap()));
    assert!(matches!(
        db.resume(PauseTarget::Everything, &audit("pause.end")).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(db.load_config().await.unwrap().pauses, [vendor]);
    assert_eq!(db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap().len(), 3);
}

fn breaker(key: BreakerKey) -> Breaker {
    Breaker {
        key,
        tenant_id: DEFAULT_TENANT_ID,
        state: BreakerState::Open,
        mode: BreakerMode::Automatic,
        reason: "5 jobs in a row failed".into(),
        changed_at: NOW,
        changed_by: "tidegate".into(),
        openings: 1,
        open_until: Some(NOW.plus(30 * SECOND)),
        probe_node: None,
        probe_until: None,
        revision: 1,
    }
}

async fn a_breaker_is_read_back_as_it_was_written(db: Db) {
    let mut open = breaker(BreakerKey::Model(id(ProviderId::new), "vendor/large-2".into()));
    let before = db.config_version().await.unwrap();
    assert!(db.change_breaker(&open, Some(&audit("breaker.open"))).await.unwrap());
    assert!(db.config_version().await.unwrap() > before);
    assert_eq!(db.load_config().await.unwrap().breakers, [open.clone()]);
    open = Breaker {
        state: BreakerState::HalfOpen,
        open_until: None,
        probe_node: Some(id(NodeId::new)),
        probe_until: Some(NOW.plus(SECOND)),
        revision: 2,
        ..open
    };
    assert!(db.change_breaker(&open, None).await.unwrap());
    assert_eq!(db.load_config().await.unwrap().breakers, [open]);
    assert_eq!(db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap().len(), 1);
}

async fn the_breakers_of_a_provider_and_of_its_models_are_kept_apart(db: Db) {
    let writer = id(ProviderId::new);
    let mut kept = vec![
        breaker(BreakerKey::Provider(writer)),
        breaker(BreakerKey::Model(writer, "large-2".into())),
        breaker(BreakerKey::Model(writer, "small-2".into())),
    ];
    for each in &kept {
        assert!(db.change_breaker(each, None).await.unwrap());
    }
    kept[0] = Breaker {
        state: BreakerState::Closed,
        reason: "closed by ada".into(),
        revision: 2,
        ..kept[0].clone()
    };
    assert!(db.change_breaker(&kept[0], None).await.unwrap());
    let mut read = db.load_config().await.unwrap().breakers;
    read.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(read, kept);
}

async fn of_two_nodes_that_change_a_breaker_one_succeeds_and_the_other_changes_nothing(db: Db) {
    let key = BreakerKey::Destination(id(DestinationId::new));
    for revision in 1..=3 {
        let mine = Breaker { revision, reason: "mine".into(), ..breaker(key.clone()) };
        let yours = Breaker { reason: "yours".into(), ..mine.clone() };
        let entry = audit("breaker.open");
        let other = audit("breaker.open");
        let (one, two) =
            tokio::join!(db.change_breaker(&mine, Some(&entry)), db.change_breaker(&yours, Some(&other)));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(one != two, "revision {revision}");
        let kept = db.load_config().await.unwrap();
        assert_eq!(kept.breakers, [if one { mine } else { yours }]);
        assert_eq!(db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap().len(), revision as usize);
    }
    let version = db.config_version().await.unwrap();
    assert!(!db.change_breaker(&breaker(key), None).await.unwrap(), "an old revision");
    assert_eq!(db.config_version().await.unwrap(), version, "what changes nothing is not noticed");
}
