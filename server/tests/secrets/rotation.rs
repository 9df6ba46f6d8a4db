//! A version in use does not end by mistake.

use crate::support::{Node, Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, RotationPort},
};
use domain::{
    id::TenantId,
    secret::SecretState,
    time::{DAY, HOUR, MINUTE},
};

async fn rotate(node: &Node, overlap: i64, force: bool) -> Result<i32, AppError> {
    let vendor = node.vendor("acme");
    node.base.services.rotate_secret(&admin(), &vendor, None, overlap, force).await.map(|made| made.version)
}

async fn revoke(node: &Node, version: i32, force: bool) -> Result<(), AppError> {
    let vendor = node.vendor("acme");
    node.base.services.revoke_secret(&admin(), &vendor, version, force).await
}

async fn overlap(node: &Node, version: i32, micros: i64, force: bool) -> Result<(), AppError> {
    let vendor = node.vendor("acme");
    node.base.services.set_secret_overlap(&admin(), &vendor, version, micros, force).await
}

#[tokio::test]
async fn both_secrets_are_accepted_until_the_overlap_is_over() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    node.add_vendor("acme").await;
    assert_eq!(rotate(&node, 24 * HOUR, false).await, Ok(2));
    let versions = |node: &Node| node.accepted("acme").into_iter().map(|one| one.0).collect::<Vec<_>>();
    assert_eq!(versions(&node), [2, 1]);
    place.clock.advance(24 * HOUR - 1);
    assert_eq!(versions(&node), [2, 1]);
    place.clock.advance(1);
    assert_eq!(versions(&node), [2]);
    for too_long in [7 * DAY + 1, -1] {
        let refused = rotate(&node, too_long, true).await;
        assert_eq!(refused, Err(AppError::invalid(Field::Overlap, Reason::TooLong)));
    }
}

#[tokio::test]
async fn a_version_that_requests_still_match_ends_only_when_forced() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let id = node.add_vendor("acme").await;
    node.matched(id, 1, 200, 10 * MINUTE).await;
    node.matched(id, 1, 14, 0).await;
    node.matched(id, 1, 1_000, 2 * HOUR).await;
    let in_use = AppError::StillUsed { matches: 214 };
    assert_eq!(rotate(&node, 0, false).await, Err(in_use));
    assert_eq!(rotate(&node, HOUR - 1, false).await, Err(in_use));
    assert_eq!(rotate(&node, 24 * HOUR, false).await, Ok(2));

    assert_eq!(revoke(&node, 1, false).await, Err(in_use));
    assert_eq!(overlap(&node, 1, 0, false).await, Err(in_use));
    assert_eq!(overlap(&node, 1, 7 * DAY, false).await, Ok(()));
    assert_eq!(overlap(&node, 1, 2 * HOUR, false).await, Ok(()));
    assert_eq!(node.accepted("acme").len(), 2);
    assert_eq!(revoke(&node, 1, true).await, Ok(()));
    assert_eq!(node.accepted("acme").len(), 1);
    let audit = node.last_audit().await;
    assert_eq!((audit.action.as_str(), audit.target.as_str()), ("vendor.revoke", "acme"));
    assert_eq!(audit.detail, "version 1, forced although 214 requests matched it in the last hour");
    let ended = Err(AppError::invalid(Field::Version, Reason::Ended));
    assert_eq!(revoke(&node, 1, true).await, ended);
    assert_eq!(overlap(&node, 1, HOUR, true).await, ended);
    assert_eq!(revoke(&node, 9, true).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn a_version_that_was_quiet_for_an_hour_ends_without_force() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let id = node.add_vendor("acme").await;
    node.matched(id, 1, 5, 0).await;
    rotate(&node, 24 * HOUR, false).await.unwrap();
    place.clock.advance(HOUR + MINUTE);
    assert_eq!(revoke(&node, 1, false).await, Ok(()));
}

#[tokio::test]
async fn the_only_version_that_is_accepted_ends_only_when_forced() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    node.add_vendor("acme").await;
    assert_eq!(revoke(&node, 1, false).await, Err(AppError::OnlySecret));
    let active = AppError::invalid(Field::Version, Reason::DoesNotFit);
    assert_eq!(overlap(&node, 1, HOUR, true).await, Err(active));
    assert_eq!(revoke(&node, 1, true).await, Ok(()));
    assert!(node.accepted("acme").is_empty());
}

#[tokio::test]
async fn the_panel_tells_when_and_how_often_each_version_was_matched() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let id = node.add_vendor("acme").await;
    node.matched(id, 1, 7, 3 * DAY).await;
    rotate(&node, 24 * HOUR, false).await.unwrap();
    node.matched(id, 2, 3, 90 * MINUTE).await;
    node.matched(id, 2, 4, MINUTE).await;
    let secrets = node.base.services.secrets(&admin(), id).await.unwrap();
    let [new, old] = &secrets.versions[..] else { panic!("{secrets:?}") };
    assert_eq!((new.version, new.state, new.last_hour), (2, SecretState::Active, 4));
    assert_eq!(new.last_match_at, Some(secrets.now.plus(-MINUTE)));
    assert_eq!((new.per_hour[23], new.per_hour[22]), (4, 3));
    assert_eq!(
        (old.state, old.last_hour, old.until),
        (SecretState::Retiring, 0, Some(secrets.now.plus(DAY)))
    );
    assert_eq!(old.last_match_at, Some(secrets.now.plus(-3 * DAY)));
}

#[tokio::test]
async fn another_tenant_sees_and_changes_nothing() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let id = node.add_vendor("acme").await;
    let stranger = Actor { tenant: Some(TenantId::new(uuid::Uuid::from_u128(9))), ..admin() };
    let services = &node.base.services;
    assert_eq!(services.secrets(&stranger, id).await, Err(AppError::NotFound));
    assert_eq!(services.rotate(&stranger, id, None, DAY, true).await, Err(AppError::NotFound));
    assert_eq!(services.revoke(&stranger, id, 1, true).await, Err(AppError::NotFound));
    assert_eq!(services.set_overlap(&stranger, id, 1, DAY, true).await, Err(AppError::NotFound));
    assert_eq!(services.set_quiet_hours(&stranger, id, Some(6)).await, Err(AppError::NotFound));
    assert_eq!(node.accepted("acme").len(), 1);
}
