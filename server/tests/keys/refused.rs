//! Checking refused requests again where the vendor publishes its keys. The process that checks is another than the one
//! that refused, with an empty memory of keys.

use super::support::{NOON, World, admin};
use super::vendors::{Hook, ed25519, ed25519_set, fal, pairs, paypal};
use app::{
    error::{AppError, Field, Reason},
    ports::RequestsPort,
    view::requests::RequestFilter,
};
use domain::{id::RequestId, place::Outcome, refusal::Recheck, time::MINUTE};

const FAL: (&str, &str) = ("rest.fal.ai", "/.well-known/jwks.json");
const PAYPAL: (&str, &str) = ("api.paypal.com", "/v1/notifications/certs/CERT-1");

impl World {
    fn requests(&self) -> &dyn RequestsPort {
        self.base().services.as_ref()
    }

    /// Sends a webhook that is refused; its id once it is listed.
    async fn refused(&self, slug: &str, hook: &Hook) -> RequestId {
        assert_eq!(self.post(slug, &pairs(hook), &hook.1).await.said(), (401, "signature_mismatch"));
        let filter = RequestFilter { outcome: Some(Outcome::Refused), ..RequestFilter::default() };
        let list = || async { self.requests().list(&admin(), &filter, None, 10).await.unwrap().rows };
        self.until("the refused request is listed", || async { !list().await.is_empty() }).await;
        list().await[0].id
    }

    async fn recheck(&self, id: RequestId) -> Recheck {
        self.requests().recheck(&admin(), id).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_a_key_that_was_published_late_is_accepted_after_the_keys_are_fetched_once() {
    let (old, new) = (ed25519(1), ed25519(2));
    let world = World::begin(&[("fal", "fal", None)], |hosts, _| {
        hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&old));
    })
    .await;
    let id = world.refused("fal", &fal(&new, "r1", NOON.unix())).await;
    let before = world.hosts.asked(FAL.0, FAL.1).len();
    let told = world.recheck(id).await;
    assert_eq!(told.code, "signature_mismatch", "{}", told.words);
    assert_eq!(world.recheck(id).await.code, "signature_mismatch");
    assert_eq!(world.hosts.asked(FAL.0, FAL.1).len(), before + 1, "the keys are kept");
    let still = world.requests().accept(&admin(), id, false).await;
    assert_eq!(still, Err(AppError::invalid(Field::Form, Reason::StillRefused)));

    world.hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&new));
    world.clock.advance(MINUTE);
    let told = world.recheck(id).await;
    assert_eq!(told.code, Recheck::VALID, "{}", told.words);
    assert!(told.words.contains("a key that the vendor publishes"), "{}", told.words);
    let event = world.requests().accept(&admin(), id, false).await.unwrap();
    let stored = world.base().store.event(event).await.unwrap();
    assert_eq!((stored.external_id.as_str(), stored.secret_version), ("r1", None));
    let entry = world.audit().await.into_iter().find(|entry| entry.action == "request.accept").unwrap();
    assert!(entry.detail.ends_with("the check passed"), "{}", entry.detail);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_keys_cannot_be_had_the_check_says_so_and_why() {
    let (old, new) = (ed25519(1), ed25519(2));
    let world = World::begin(&[("fal", "fal", None)], |hosts, _| {
        hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&old));
    })
    .await;
    let id = world.refused("fal", &fal(&new, "r1", NOON.unix())).await;
    world.hosts.answer(FAL.0, FAL.1, 500, "");
    let told = world.recheck(id).await;
    assert_eq!(told.code, "keys_unavailable");
    assert!(told.words.contains("500") && told.words.contains("Check again in"), "{}", told.words);
    let refused = world.requests().accept(&admin(), id, false).await;
    assert_eq!(refused, Err(AppError::invalid(Field::Form, Reason::KeysNotAtHand)));
    world.requests().accept(&admin(), id, true).await.unwrap();
    let entry = world.audit().await.into_iter().find(|entry| entry.action == "request.accept").unwrap();
    assert!(entry.detail.contains("unchecked"), "{}", entry.detail);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_a_certificate_is_checked_with_the_webhook_id_of_now() {
    let world = World::begin(&[("paypal", "paypal", Some("WH-1"))], |_, _| {}).await;
    let leaf = world.authority.signing("messageverificationcerts.paypal.com", None).pem();
    let whole = format!("{leaf}{}", world.authority.between.pem());
    world.hosts.answer(PAYPAL.0, PAYPAL.1, 200, whole);
    let url = format!("https://{}{}", PAYPAL.0, PAYPAL.1);
    let id = world.refused("paypal", &paypal("WH-2", &url, "e1")).await;
    assert_eq!(world.recheck(id).await.code, "signature_mismatch");
    let services = &world.base().services;
    let live = services.vendor_named(&admin(), "paypal").unwrap();
    services.rotate_secret(&admin(), &live, Some("WH-2".into()), 0, true).await.unwrap();
    let told = world.recheck(id).await;
    assert_eq!(told.code, Recheck::VALID, "{}", told.words);
    assert!(told.words.contains("version 2"), "{}", told.words);
    world.requests().accept(&admin(), id, false).await.unwrap();
    world.end().await;
}
