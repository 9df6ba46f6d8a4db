//! Webhooks under keys that the vendors publish.

use super::support::{Authority, Hosts, NOON, World};
use super::vendors::{
    Hook, ed25519, ed25519_set, fal, gemini, p256, pairs, paypal, plaid, plaid_key, rsa_set, sns,
};
use domain::time::MINUTE;

const FAL: (&str, &str) = ("rest.fal.ai", "/.well-known/jwks.json");
const GOOGLE: (&str, &str) = ("generativelanguage.googleapis.com", "/.well-known/jwks.json");
const PLAID: (&str, &str) = ("production.plaid.com", "/webhook_verification_key/get");
const PAYPAL: (&str, &str) = ("api.paypal.com", "/v1/notifications/certs/CERT-1");
const SNS: (&str, &str) = ("sns.eu-central-1.amazonaws.com", "/SimpleNotificationService-1.pem");
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:orders";

fn url(at: (&str, &str)) -> String {
    format!("https://{}{}", at.0, at.1)
}

impl World {
    async fn send(&self, slug: &str, hook: &Hook) -> (u16, String) {
        let answer = self.post(slug, &pairs(hook), &hook.1).await;
        (answer.status, answer.word)
    }
}

fn word(status: u16, word: &str) -> (u16, String) {
    (status, word.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_with_a_published_key_set_needs_no_secret() {
    let (old, new) = (ed25519(1), ed25519(2));
    let world = World::begin(&[("fal", "fal", None)], |hosts, _| {
        hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&old));
    })
    .await;
    let at = NOON.unix();
    assert_eq!(world.send("fal", &fal(&old, "r1", at)).await, word(202, "accepted"));
    assert_eq!(world.send("fal", &fal(&old, "r1", at)).await, word(200, "duplicate"));
    let mut tampered = fal(&old, "r2", at);
    tampered.1[2] ^= 1;
    assert_eq!(world.send("fal", &tampered).await.0, 401);
    assert_eq!(world.send("fal", &fal(&new, "r3", at)).await, word(401, "signature_mismatch"));
    // Requests of this vendor name no key: a signature that fits none asks for a newer set, once a minute.
    world.hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&new));
    assert_eq!(world.send("fal", &fal(&new, "r3", at)).await, word(401, "signature_mismatch"));
    world.clock.advance(MINUTE);
    assert_eq!(world.send("fal", &fal(&new, "r3", at + 60)).await, word(202, "accepted"));
    assert_eq!(world.send("fal", &fal(&old, "r4", at + 60)).await, word(401, "signature_mismatch"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_vendors_keys_cannot_be_had_it_is_told_to_come_back_and_not_that_it_is_false() {
    let broken = |hosts: &Hosts, _: &Authority| hosts.answer(FAL.0, FAL.1, 500, "");
    let world = World::begin(&[("fal", "fal", None)], broken).await;
    let pair = ed25519(1);
    let hook = fal(&pair, "r1", NOON.unix() + 120);
    let answer = world.post("fal", &pairs(&hook), &hook.1).await;
    assert_eq!(answer.said(), (503, "keys_unavailable"));
    let seconds = answer.retry_after.unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    for useless in ["", "[]", r#"{"keys":[]}"#, &format!("\"{}\"", "x".repeat(70_000))] {
        world.hosts.answer(FAL.0, FAL.1, 200, useless);
        world.clock.advance(MINUTE);
        assert_eq!(
            world.send("fal", &fal(&pair, "r1", NOON.unix() + 180)).await,
            word(503, "keys_unavailable")
        );
    }
    world.hosts.answer(FAL.0, FAL.1, 200, ed25519_set(&pair));
    world.clock.advance(MINUTE);
    assert_eq!(world.send("fal", &fal(&pair, "r1", NOON.unix() + 360)).await, word(202, "accepted"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_names_an_unknown_key_makes_the_set_be_fetched_again_once_a_minute() {
    let first = |hosts: &Hosts, _: &Authority| hosts.answer(GOOGLE.0, GOOGLE.1, 200, rsa_set("k1"));
    let world = World::begin(&[("gemini", "gemini_dynamic", None)], first).await;
    let audience = format!("{}/webhooks/gemini", world.url);
    assert_eq!(world.send("gemini", &gemini("k1", &audience, "e1")).await, word(202, "accepted"));
    let elsewhere = gemini("k1", "https://somebody.else/", "e2");
    assert_eq!(world.send("gemini", &elsewhere).await, word(401, "audience_mismatch"));
    assert_eq!(world.send("gemini", &gemini("k2", &audience, "e3")).await, word(401, "unknown_key"));
    let before = world.hosts.asked(GOOGLE.0, GOOGLE.1).len();
    world.hosts.answer(GOOGLE.0, GOOGLE.1, 200, rsa_set("k2"));
    world.clock.advance(MINUTE);
    assert_eq!(world.send("gemini", &gemini("k2", &audience, "e3")).await, word(202, "accepted"));
    for n in 0..5 {
        let kid = format!("bogus{n}");
        assert_eq!(world.send("gemini", &gemini(&kid, &audience, "e4")).await, word(401, "unknown_key"));
    }
    assert_eq!(world.hosts.asked(GOOGLE.0, GOOGLE.1).len(), before + 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_given_to_the_account_only_is_asked_for_with_its_credentials_once() {
    let world = World::begin(&[("plaid", "plaid", Some("5f0c1a2b3c4d:0123456789abcdef"))], |_, _| {}).await;
    let pair = p256();
    world.hosts.answer(PLAID.0, PLAID.1, 200, plaid_key(&pair, "k1"));
    assert_eq!(world.send("plaid", &plaid(&pair, "k1", "i1")).await, word(202, "accepted"));
    assert_eq!(world.send("plaid", &plaid(&pair, "k1", "i2")).await, word(202, "accepted"));
    let asked = world.hosts.asked(PLAID.0, PLAID.1);
    assert_eq!(asked.len(), 1);
    let question: serde_json::Value = serde_json::from_str(&asked[0]).unwrap();
    let expected =
        serde_json::json!({"client_id": "5f0c1a2b3c4d", "secret": "0123456789abcdef", "key_id": "k1"});
    assert_eq!(question, expected);
    // The server answers with another key than the one asked for.
    assert_eq!(world.send("plaid", &plaid(&pair, "k2", "i3")).await, word(503, "keys_unavailable"));
    assert_eq!(world.send("plaid", &plaid(&p256(), "k1", "i4")).await, word(401, "signature_mismatch"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_counts_with_a_chain_to_a_trusted_root_for_the_vendors_name() {
    let world =
        World::begin(&[("paypal", "paypal", Some("WH-1")), ("later", "paypal", None)], |_, _| {}).await;
    let name = "messageverificationcerts.paypal.com";
    let leaf = world.authority.signing(name, None).pem();
    let whole = format!("{leaf}{}", world.authority.between.pem());
    world.hosts.answer(PAYPAL.0, PAYPAL.1, 200, whole.clone());
    assert_eq!(world.send("paypal", &paypal("WH-1", &url(PAYPAL), "e1")).await, word(202, "accepted"));
    assert_eq!(world.send("paypal", &paypal("WH-1", &url(PAYPAL), "e2")).await, word(202, "accepted"));
    assert_eq!(world.hosts.asked(PAYPAL.0, PAYPAL.1).len(), 1);
    assert_eq!(
        world.send("paypal", &paypal("WH-2", &url(PAYPAL), "e3")).await,
        word(401, "signature_mismatch")
    );
    let count = world.hosts.count();
    let elsewhere = paypal("WH-1", "https://api.paypal.com.evil.test/c", "e4");
    assert_eq!(world.send("paypal", &elsewhere).await, word(401, "certificate_not_allowed"));
    assert_eq!(world.send("later", &paypal("WH-1", &url(PAYPAL), "e5")).await, word(401, "no_secret"));
    assert_eq!(world.hosts.count(), count);
    let stranger = Authority::new("Stranger");
    let foreign = format!("{}{}", stranger.signing(name, None).pem(), stranger.between.pem());
    let other_name = world.authority.signing("www.paypal.com", None).pem() + &world.authority.between.pem();
    for (n, bad) in [leaf, foreign, other_name, "nothing".to_owned()].into_iter().enumerate() {
        let path = format!("/v1/notifications/certs/CERT-BAD-{n}");
        world.hosts.answer(PAYPAL.0, &path, 200, bad);
        let hook = paypal("WH-1", &url((PAYPAL.0, &path)), "e6");
        assert_eq!(world.send("paypal", &hook).await, word(503, "keys_unavailable"), "{n}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_confirmed_by_one_request_and_shown_as_connected() {
    let world = World::begin(&[("sns", "aws_sns", Some(TOPIC))], |_, _| {}).await;
    // Amazon publishes the certificate alone; its issuer's is fetched from where it says.
    let leaf =
        world.authority.signing("sns.amazonaws.com", Some("http://crt.r2m01.amazontrust.com/r2m01.cer"));
    world.hosts.answer(SNS.0, SNS.1, 200, leaf.pem());
    let path = "/?Action=ConfirmSubscription&TopicArn=x&Token=t";
    world.hosts.answer(SNS.0, path, 200, "<ConfirmSubscriptionResponse/>");
    let link = url((SNS.0, path));
    let greeting = sns(TOPIC, &url(SNS), "m0", Some(&link));
    assert_eq!(world.send("sns", &greeting).await.0, 200);
    world
        .until("the confirmation is noted", || async {
            world.connection("sns").await.connection.follow_up.is_some()
        })
        .await;
    let view = world.connection("sns").await;
    assert!(view.connection.follow_up.unwrap().ok);
    assert_eq!((view.connection.greetings, view.stage), (1, app::view::greeting::Stage::Greeted));
    assert_eq!(world.hosts.asked(SNS.0, path).len(), 1);
    let confirmed: Vec<_> =
        world.audit().await.into_iter().filter(|entry| entry.action == "vendor.confirm").collect();
    assert_eq!(confirmed.len(), 1);

    assert_eq!(world.send("sns", &sns(TOPIC, &url(SNS), "m1", None)).await, word(200, "accepted"));
    let count = world.hosts.count();
    let foreign = sns("arn:aws:sns:eu-central-1:210987654321:orders", &url(SNS), "m2", Some(&link));
    assert_eq!(world.send("sns", &foreign).await, word(401, "audience_mismatch"));
    let elsewhere = sns(TOPIC, &url(SNS), "m3", Some("https://evil.test/?Action=ConfirmSubscription"));
    assert_ne!(world.send("sns", &elsewhere).await.0, 401);
    assert_eq!(world.hosts.count(), count);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmation_that_fails_is_shown_with_what_the_vendor_said() {
    let world = World::begin(&[("sns", "aws_sns", Some(TOPIC))], |_, _| {}).await;
    let leaf =
        world.authority.signing("sns.amazonaws.com", Some("http://crt.r2m01.amazontrust.com/r2m01.cer"));
    world.hosts.answer(SNS.0, SNS.1, 200, leaf.pem());
    let link = url((SNS.0, "/?Action=ConfirmSubscription&Token=gone"));
    assert_eq!(world.send("sns", &sns(TOPIC, &url(SNS), "m0", Some(&link))).await.0, 200);
    world
        .until("the failure is noted", || async {
            world.connection("sns").await.connection.follow_up.is_some()
        })
        .await;
    let view = world.connection("sns").await;
    assert_eq!(view.stage, app::view::greeting::Stage::Unconfirmed);
    assert!(view.connection.follow_up.unwrap().words.contains("404"));
    world.end().await;
}
