//! Secrets that vendors hand over, vendors whose secret comes later, and values that count once.

use super::support::{NOON, World, admin};
use app::{error::AppError, view::greeting::Stage};
use domain::id::OfferId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

fn hmac_hex(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

const OFFERED: &str = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";

async fn notion(world: &World, secret: &str, id: &str) -> (u16, String) {
    let body = format!(r#"{{"id":"{id}","type":"page.created","entity":{{"id":"p"}}}}"#);
    let signature = format!("sha256={}", hmac_hex(secret, &body));
    let answer = world.post("notion", &[("x-notion-signature", &signature)], body.as_bytes()).await;
    (answer.status, answer.word)
}

async fn offer(world: &World, secret: &str) {
    let body = format!(r#"{{"verification_token":"{secret}"}}"#);
    assert_eq!(world.post("notion", &[], body.as_bytes()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_handed_over_counts_only_after_an_admin_accepted_it() {
    let world = World::begin(&[("notion", "notion", None)], |_, _| {}).await;
    assert_eq!(notion(&world, OFFERED, "e0").await, (401, "no_secret".to_owned()));
    assert_eq!(world.connection("notion").await.stage, Stage::NeedsSecret);
    offer(&world, OFFERED).await;
    offer(&world, OFFERED).await;
    world
        .until("both are noted", || async { world.connection("notion").await.connection.greetings == 2 })
        .await;
    let offers = world.connection("notion").await.offers;
    assert_eq!(offers.len(), 1, "the same secret is offered once");
    assert_eq!(offers[0].ending.as_deref(), Some("7yBl"));
    assert_eq!(notion(&world, OFFERED, "e0").await, (401, "no_secret".to_owned()));

    let services = &world.base().services;
    let unknown =
        services.accept_offered(&admin(), world.vendor("notion"), OfferId::new(uuid::Uuid::nil())).await;
    assert!(matches!(unknown, Err(AppError::NotFound)));
    let shown = services.accept_offered(&admin(), world.vendor("notion"), offers[0].id).await.unwrap();
    assert_eq!(shown.secret.as_deref(), Some(OFFERED));
    world.until("the server knows it", || async { notion(&world, OFFERED, "e1").await.0 == 202 }).await;
    assert!(world.connection("notion").await.offers.is_empty());
    let log = world.audit().await;
    let accepted = log.iter().find(|entry| entry.action == "vendor.offer.accept").unwrap();
    assert!(!log.iter().any(|entry| entry.detail.contains(OFFERED)));
    assert_eq!(accepted.actor, "ada@example.org");
    // What is in use is not offered again.
    offer(&world, OFFERED).await;
    world.until("it is noted", || async { world.connection("notion").await.connection.greetings == 3 }).await;
    assert!(world.connection("notion").await.offers.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_offers_neither_grows_nor_pushes_out_the_first_and_can_be_dismissed() {
    let world = World::begin(&[("notion", "notion", None)], |_, _| {}).await;
    offer(&world, OFFERED).await;
    world.until("it waits", || async { world.connection("notion").await.offers.len() == 1 }).await;
    for n in 0..20 {
        offer(&world, &format!("secret_of_somebody_else_{n:020}")).await;
    }
    world
        .until("all are noted", || async { world.connection("notion").await.connection.greetings == 21 })
        .await;
    let offers = world.connection("notion").await.offers;
    assert_eq!((offers.len(), offers[0].ending.as_deref()), (5, Some("7yBl")));
    world.base().services.dismiss_offered(&admin(), world.vendor("notion")).await.unwrap();
    assert!(world.connection("notion").await.offers.is_empty());
    let log = world.audit().await;
    let dismissed: Vec<_> = log.iter().filter(|entry| entry.action == "vendor.offer.dismiss").collect();
    assert_eq!((dismissed.len(), dismissed[0].actor.as_str()), (1, "ada@example.org"));
    let again = world.base().services.dismiss_offered(&admin(), world.vendor("notion")).await;
    assert!(matches!(again, Err(AppError::NotFound)));
    assert_eq!(world.audit().await.len(), log.len(), "nothing was done");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_tenant_was_offered_is_not_found() {
    let world = World::begin(&[("notion", "notion", None)], |_, _| {}).await;
    let mut stranger = admin();
    stranger.tenant = Some(domain::id::TenantId::new(uuid::Uuid::from_u128(9)));
    let (services, vendor) = (&world.base().services, world.vendor("notion"));
    assert!(matches!(services.connection_of(&stranger, vendor).await, Err(AppError::NotFound)));
    assert!(matches!(services.dismiss_offered(&stranger, vendor).await, Err(AppError::NotFound)));
    let offer = OfferId::new(uuid::Uuid::nil());
    assert!(matches!(services.accept_offered(&stranger, vendor, offer).await, Err(AppError::NotFound)));
    world.end().await;
}

fn mailgun(secret: &str, token: &str, event: &str) -> String {
    let at = NOON.unix();
    let signature = hmac_hex(secret, &format!("{at}{token}"));
    format!(
        r#"{{"signature":{{"timestamp":"{at}","token":"{token}","signature":"{signature}"}},"event-data":{{"id":"{event}","event":"delivered"}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_token_carries_one_event_and_its_repetitions_and_no_other() {
    let secret = "0123456789abcdef0123456789abcdef";
    let world = World::begin(&[("mailgun", "mailgun", Some(secret))], |_, _| {}).await;
    let post = async |body: String| {
        let answer = world.post("mailgun", &[], body.as_bytes()).await;
        (answer.status, answer.word)
    };
    let said = |status: u16, word: &str| (status, word.to_owned());
    assert_eq!(post(mailgun(secret, "t1", "a")).await, said(200, "accepted"));
    assert_eq!(post(mailgun(secret, "t1", "a")).await, said(200, "duplicate"));
    assert_eq!(post(mailgun(secret, "t1", "b")).await, said(401, "replayed"));
    assert_eq!(post(mailgun(secret, "t2", "b")).await, said(200, "accepted"));
    let vendor = world.vendor("mailgun");
    let kept = || async {
        let refused = world
            .base()
            .store
            .refused(None, &domain::place::RefusedFilter { vendor_id: Some(vendor), reason: None }, None, 9)
            .await
            .unwrap();
        refused.iter().any(|request| request.reason == "replayed")
    };
    world.until("the refusal is kept", kept).await;
    world.end().await;
}
