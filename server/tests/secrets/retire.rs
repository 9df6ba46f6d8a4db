//! Old versions end by themselves.

use crate::support::{Node, Place, admin};
use app::ports::RotationPort;
use domain::{
    secret::SecretState,
    time::{HOUR, MINUTE},
};
use tidegate::worker::retire::retire;

async fn look(node: &Node) -> usize {
    retire(node.base.store.as_ref(), &node.base.live, node.base.clock.now()).await.unwrap()
}

async fn rotating(place: &Place) -> (Node, domain::id::VendorId) {
    let node = place.open(&[]).await.unwrap();
    let id = node.add_vendor("acme").await;
    let vendor = node.vendor("acme");
    node.base.services.rotate_secret(&admin(), &vendor, None, 24 * HOUR, false).await.unwrap();
    (node, id)
}

#[tokio::test]
async fn a_version_whose_time_is_over_is_revoked_and_that_is_audited() {
    let place = Place::new();
    let (node, id) = rotating(&place).await;
    place.clock.advance(24 * HOUR - 1);
    assert_eq!(look(&node).await, 0);
    place.clock.advance(1);
    assert_eq!((look(&node).await, look(&node).await), (1, 0));
    let old = node.base.store.secrets_of(id).await.unwrap().remove(1);
    assert_eq!((old.version, old.state), (1, SecretState::Revoked));
    let audit = node.last_audit().await;
    assert_eq!((audit.actor.as_str(), audit.action.as_str()), ("tidegate", "vendor.retire"));
    assert_eq!(audit.detail, "version 1: its time was over");
}

#[tokio::test]
async fn a_version_nobody_used_for_the_hours_of_the_policy_ends_before_its_time() {
    let place = Place::new();
    let (node, id) = rotating(&place).await;
    node.base.services.set_quiet_hours(&admin(), id, Some(6)).await.unwrap();
    place.clock.advance(4 * HOUR);
    node.matched(id, 1, 1, 0).await;
    place.clock.advance(6 * HOUR);
    assert_eq!(look(&node).await, 0, "a minute counts to its end");
    place.clock.advance(MINUTE);
    assert_eq!(look(&node).await, 1);
    assert_eq!(node.last_audit().await.detail, "version 1: no request matched it for 6 h");
    assert_eq!(node.accepted("acme").len(), 1);
}

#[tokio::test]
async fn without_a_policy_a_quiet_version_lives_until_its_time() {
    let place = Place::new();
    let (node, _) = rotating(&place).await;
    place.clock.advance(23 * HOUR);
    assert_eq!(look(&node).await, 0);
    assert_eq!(node.accepted("acme").len(), 2);
}
