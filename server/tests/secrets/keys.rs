//! Replacing the master key: killed at any point it goes on, and running nodes go on meanwhile.

use crate::support::{NOON, Node, Place, admin};
use app::{
    ports::{Actor, ProvidersPort, SenderPort, TokenKeysPort},
    view::connections::NewProvider,
};
use axum::body::Bytes;
use domain::{
    connection::OfferedSecret,
    id::{OfferId, RequestId, VendorId},
    provider::ProviderKind,
    refusal::RefusedRequest,
    role::Role,
    time::{DAY, HOUR},
};
use store::{DEFAULT_TENANT_ID, NewRefused};
use tidegate::{
    clock::fresh,
    ingress::{capture::Capture, refused::KEEP},
    live::purpose,
    vault::rotate::{self, Parts, Resealed},
};

const NEW: [u8; 32] = [9; 32];
const OLD: [u8; 32] = [7; 32];

fn hex(key: [u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parts(node: &Node) -> Parts<'_> {
    Parts { store: node.base.store.as_ref(), vault: &node.base.vault, clock: &node.base.clock, actor: "cli" }
}

async fn with_key(place: &Place, key: [u8; 32]) -> anyhow::Result<Node> {
    place.open(&["--master-key", &hex(key)]).await
}

/// Five vendors, one of them rotating, and a provider: seven values.
async fn filled(place: &Place) -> Node {
    let node = with_key(place, OLD).await.unwrap();
    for n in 0..5 {
        node.add_vendor(&format!("v{n}")).await;
    }
    let vendor = node.vendor("v0");
    node.base.services.rotate_secret(&admin(), &vendor, None, 24 * HOUR, false).await.unwrap();
    let provider = NewProvider {
        slug: "model".into(),
        kind: ProviderKind::Openai,
        base_url: None,
        model: "m".into(),
        key: Some("sk-of-the-provider".into()),
    };
    node.base.services.add(&admin(), provider).await.unwrap();
    node
}

fn readable(node: &Node) -> usize {
    let snapshot = node.base.live.now();
    let secrets: usize =
        snapshot.vendors().map(|vendor| vendor.secrets_at(node.base.clock.now()).len()).sum();
    let keys = snapshot.providers().filter(|provider| provider.key.is_some()).count();
    secrets + keys
}

#[tokio::test]
async fn after_a_replacement_only_the_new_key_opens_the_database() {
    let place = Place::new();
    let node = filled(&place).await;
    let before = node.accepted("v0");
    rotate::begin(&parts(&node), &NEW).await.unwrap();
    assert_eq!(rotate::reseal(&parts(&node), 3).await.unwrap().done, 7);
    rotate::finish(&parts(&node)).await.unwrap();

    let error = with_key(&place, OLD).await.map(|_| ()).unwrap_err();
    assert!(format!("{error:#}").contains("another master key"), "{error:#}");
    let new = with_key(&place, NEW).await.unwrap();
    assert_eq!((readable(&new), new.accepted("v0")), (7, before));
    let audit = new.last_audit().await;
    assert_eq!((audit.action.as_str(), audit.detail.as_str()), ("key.rotated", "7 values sealed anew"));
}

#[tokio::test]
async fn a_replacement_killed_between_batches_goes_on_with_either_key() {
    let place = Place::new();
    let node = filled(&place).await;
    rotate::begin(&parts(&node), &NEW).await.unwrap();
    // Two batches of two, and then the process is gone.
    let rotation = node.base.store.key_rotation().await.unwrap().unwrap();
    let head = [&[2][..], rotation.data_key_id.as_bytes()].concat();
    node.base.vault.adopt(&node.base.store.data_keys().await.unwrap()).unwrap();
    for _ in 0..2 {
        let values = node.base.store.sealed_otherwise(&head, None, 2).await.unwrap();
        let again = values.into_iter().map(|value| {
            let sealed = rotate::again(&node.base.vault, &value).unwrap();
            (value, sealed)
        });
        node.base.store.reseal(&again.collect::<Vec<_>>()).await.unwrap();
    }
    drop(node);
    for key in [OLD, NEW] {
        let node = with_key(&place, key).await.unwrap();
        assert_eq!(readable(&node), 7);
        assert_eq!(node.base.store.count_sealed_otherwise(&head).await.unwrap(), 3);
    }
    let node = with_key(&place, OLD).await.unwrap();
    rotate::begin(&parts(&node), &NEW).await.unwrap();
    assert!(rotate::begin(&parts(&node), &[1; 32]).await.is_err(), "another new key meanwhile");
    assert_eq!(rotate::reseal(&parts(&node), 100).await.unwrap().done, 3);
    let node = with_key(&place, NEW).await.unwrap();
    rotate::finish(&parts(&node)).await.unwrap();
    assert_eq!(node.base.store.key_rotation().await.unwrap().unwrap().resealed, 7);
    assert_eq!(readable(&with_key(&place, NEW).await.unwrap()), 7);
    assert!(with_key(&place, OLD).await.is_err());
}

#[tokio::test]
async fn a_running_node_goes_on_during_and_after_a_replacement() {
    let place = Place::new();
    let running = filled(&place).await;
    let before = running.accepted("v1");
    let command = with_key(&place, OLD).await.unwrap();
    rotate::begin(&parts(&command), &NEW).await.unwrap();
    running.base.live.reload().await.unwrap();
    assert_eq!((readable(&running), running.accepted("v1")), (7, before.clone()));
    rotate::reseal(&parts(&command), 2).await.unwrap();
    running.base.live.reload().await.unwrap();
    assert_eq!(readable(&running), 7);
    rotate::finish(&parts(&command)).await.unwrap();
    running.base.live.reload().await.unwrap();
    assert_eq!((readable(&running), running.accepted("v1")), (7, before));
    // What it adds now can be read by those that were started with the new key.
    running.add_vendor("later").await;
    let new = with_key(&place, NEW).await.unwrap();
    assert_eq!(new.accepted("later"), running.accepted("later"));
}

#[tokio::test]
async fn a_node_that_keeps_its_key_in_a_file_follows_two_replacements_without_a_restart() {
    let place = Place::new();
    let file = place.folder.join("the.key");
    std::fs::write(&file, hex(OLD)).unwrap();
    let path = file.display().to_string();
    let running = place.open(&["--master-key-file", &path]).await.unwrap();
    running.add_vendor("acme").await;
    for (old, new) in [(OLD, NEW), (NEW, [3; 32])] {
        let command = with_key(&place, old).await.unwrap();
        rotate::begin(&parts(&command), &new).await.unwrap();
        rotate::reseal(&parts(&command), 1).await.unwrap();
        std::fs::write(&file, hex(new)).unwrap();
        rotate::finish(&parts(&command)).await.unwrap();
        running.base.live.reload().await.unwrap();
        assert_eq!(running.accepted("acme").len(), 1);
    }
}

#[tokio::test]
async fn what_a_node_sealed_with_the_key_before_is_sealed_anew_as_well() {
    let place = Place::new();
    let late = filled(&place).await;
    let command = with_key(&place, OLD).await.unwrap();
    rotate::begin(&parts(&command), &NEW).await.unwrap();
    // This node has not heard of the new data key yet.
    late.add_vendor("late").await;
    assert_eq!(rotate::reseal(&parts(&command), 100).await.unwrap().done, 8);
}

#[tokio::test]
async fn values_from_before_there_were_data_keys_are_read_and_sealed_anew() {
    let place = Place::new();
    let node = with_key(&place, OLD).await.unwrap();
    let id = node.add_vendor("acme").await;
    let accepted = node.accepted("acme");
    let old = tidegate::vault::Vault::new(&OLD).seal(&format!("vendor:{id}"), &accepted[0].1);
    let value = node.base.store.sealed_otherwise(&[], None, 10).await.unwrap();
    assert!(value.is_empty(), "no head is the beginning of everything");
    let value = node.base.store.sealed_otherwise(&[0], None, 10).await.unwrap().remove(0);
    node.base.store.reseal(&[(value, old)]).await.unwrap();
    drop(node);
    let node = with_key(&place, OLD).await.unwrap();
    assert_eq!(node.accepted("acme"), accepted);
    rotate::begin(&parts(&node), &NEW).await.unwrap();
    // The new key alone does not open it, so nothing may be forgotten yet.
    let new = with_key(&place, NEW).await.unwrap();
    assert!(rotate::reseal(&parts(&new), 100).await.unwrap_err().to_string().contains("old master key only"));
    assert_eq!(rotate::reseal(&parts(&node), 100).await.unwrap().done, 1);
    rotate::finish(&parts(&node)).await.unwrap();
    assert_eq!(with_key(&place, NEW).await.unwrap().accepted("acme"), accepted);
}

#[tokio::test]
async fn refused_requests_offered_secrets_and_the_keys_of_links_and_tokens_are_sealed_anew_as_well() {
    let place = Place::new();
    let node = with_key(&place, OLD).await.unwrap();
    let vendor = node.add_vendor("acme").await;
    let (store, vault) = (&node.base.store, &node.base.vault);
    let requests: Vec<RequestId> = (0..20).map(|_| RequestId::new(fresh())).collect();
    let body = |n: usize| Bytes::from(format!("body {n} \u{1f30a}").into_bytes());
    let captures: Vec<NewRefused> = requests
        .iter()
        .enumerate()
        .map(|(n, id)| {
            let capture = Capture::typed("/webhooks/acme", &[], body(n)).seal(vault, *id);
            NewRefused { request: refused(*id, vendor), capture: Some(capture) }
        })
        .collect();
    store.record_refused(&captures, KEEP).await.unwrap();
    let offer = OfferedSecret {
        id: OfferId::new(fresh()),
        vendor_id: vendor,
        request_id: requests[0],
        offered_at: NOON,
    };
    let offered = vault.seal(&purpose::offer(vendor), "offered-and-waiting");
    assert!(store.offer_secret(&offer, &offered, 9).await.unwrap());
    let sender: &dyn SenderPort = node.base.services.as_ref();
    let url = sender.link(&admin(), vendor).await.unwrap().url;
    let token = url.rsplit('/').next().unwrap();
    let owner = Actor { role: Role::Owner, ..admin() };
    node.base.services.replace_token_key(&owner, Some(DAY)).await.unwrap();
    let published = node.base.delivery.tokens().published().await.unwrap();

    rotate::begin(&parts(&node), &NEW).await.unwrap();
    let rotation = store.key_rotation().await.unwrap().unwrap();
    let head = [&[2][..], rotation.data_key_id.as_bytes()].concat();
    // The secret, twenty requests, the offer, the key of links, the two of tokens.
    assert_eq!(store.count_sealed_otherwise(&head).await.unwrap(), 25);
    assert_eq!(rotate::reseal(&parts(&node), 7).await.unwrap(), Resealed { done: 25, unreadable: 0 });
    assert_eq!(store.count_sealed_otherwise(&head).await.unwrap(), 0);
    rotate::finish(&parts(&node)).await.unwrap();
    for id in &requests {
        let sealed = store.refused_capture(*id).await.unwrap();
        assert!(sealed.0.starts_with(&head), "{id} is sealed with the new data key");
    }

    let new = with_key(&place, NEW).await.unwrap();
    for (n, id) in requests.iter().enumerate() {
        let sealed = new.base.store.refused_capture(*id).await.unwrap();
        assert_eq!(Capture::open(&new.base.vault, *id, &sealed).unwrap().body, body(n));
    }
    let (_, sealed) = new.base.store.offers(vendor, NOON).await.unwrap().remove(0);
    let opened = new.base.vault.unseal(&purpose::offer(vendor), &sealed).unwrap();
    assert_eq!(opened.as_str(), "offered-and-waiting");
    let sender: &dyn SenderPort = new.base.services.as_ref();
    assert_eq!(sender.page(token).await.unwrap().vendor, "acme", "links that were given out still work");
    assert_eq!(
        new.base.delivery.tokens().published().await.unwrap(),
        published,
        "sites know the keys by now"
    );
}

fn refused(id: RequestId, vendor_id: VendorId) -> RefusedRequest {
    RefusedRequest {
        id,
        tenant_id: DEFAULT_TENANT_ID,
        vendor_id,
        received_at: NOON,
        status: 401,
        reason: "signature_mismatch".into(),
        detail: String::new(),
        headers: vec![],
        body_len: 6,
        method: "POST".into(),
        path: "/webhooks/acme".into(),
        client: "192.0.2.7".into(),
        finding: None,
        captured: false,
        rechecked: None,
        accepted: None,
    }
}
