//! Posts to a site that is shown signed tokens instead of a password.

use crate::{
    receiver::{Receiver, Reply, Seen},
    support::{World, admin, by_token, now},
};
use app::{
    error::{AppError, Field, Reason},
    view::connections::NewDestination,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    destination::{DestinationAuth, DestinationKind},
    job::{JobKind, JobState},
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

fn made(_: &Seen) -> Reply {
    Reply { status: 201, ..Reply::json(&json!({"post_id": 7, "created": true})) }
}

fn refused(status: u16, code: &str) -> Reply {
    Reply { status, ..Reply::json(&json!({"code": code, "message": "No.", "data": {"status": status}})) }
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Head and claims of the token a request came with, when a key of the set signed it.
fn token(seen: &Seen, set: &Value) -> (Value, Value) {
    let text = seen.header("authorization").strip_prefix("Bearer ").unwrap();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let [head, claims] = [head, claims].map(|part| serde_json::from_slice::<Value>(&bytes(part)).unwrap());
    let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).unwrap();
    let point = [&[4][..], &bytes(key["x"].as_str().unwrap()), &bytes(key["y"].as_str().unwrap())].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &bytes(signature)).unwrap();
    (head, claims)
}

#[tokio::test]
async fn each_call_carries_a_fresh_token_for_that_site_and_no_password() {
    let receiver = Receiver::start(made).await;
    let world = World::begin().await;
    let blog = world.token_destination("blog", &format!("{}/", receiver.url)).await;
    world.add_rule(world.rule(JobKind::Publish, blog)).await;
    for subject in ["a", "b"] {
        let (_, job) = world.event(Some(subject), now(), &json!("text")).await;
        world.until(job, JobState::Succeeded).await;
    }

    let set = world.base.delivery.tokens().published().await.unwrap();
    let seen = receiver.seen();
    let mut ids = Vec::new();
    for request in &seen {
        let (head, claims) = token(request, &set);
        assert_eq!((&head["alg"], &head["typ"]), (&json!("ES256"), &json!("JWT")));
        assert_eq!(claims["aud"], receiver.url.as_str(), "the site's address without a slash at its end");
        assert_eq!(claims["iss"], world.base.delivery.tokens().issuer());
        let (from, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert_eq!(until - from, 60);
        assert!((now().unix() - from).abs() < 30);
        assert!(request.header("idempotency-key").starts_with("job_"));
        ids.push(claims["jti"].clone());
    }
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    world.end().await;
}

#[tokio::test]
async fn a_site_that_does_not_know_the_key_yet_is_asked_again() {
    let calls = AtomicUsize::new(0);
    let receiver = Receiver::start(move |seen| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => refused(401, "tidegate_unknown_key"),
        _ => made(seen),
    })
    .await;
    let world = World::begin().await;
    let blog = world.token_destination("blog", &receiver.url).await;
    world.add_rule(world.rule(JobKind::Publish, blog)).await;
    let (_, job) = world.event(None, now(), &json!("text")).await;
    assert_eq!(world.until(job, JobState::Succeeded).await.attempt, 2);
    world.end().await;
}

#[tokio::test]
async fn a_wordpress_without_the_plugin_takes_no_tokens_and_the_failure_says_so() {
    let receiver = Receiver::start(|_| refused(404, "rest_no_route")).await;
    let world = World::begin().await;
    let blog = world.token_destination("blog", &receiver.url).await;
    world.add_rule(world.rule(JobKind::Publish, blog)).await;
    let (_, job) = world.event(None, now(), &json!("text")).await;
    let failed = world.until(job, JobState::Failed).await;
    let reason = failed.reason.unwrap();
    assert!(reason.contains("plugin is not active there"), "{reason}");
    assert_eq!(receiver.seen().len(), 1, "WordPress' own route is not tried");
    let report = world.base.services.try_destination(&world.live("blog")).await;
    assert!(!report.ok && report.words.contains("plugin is not active there"), "{}", report.words);
    world.end().await;
}

#[tokio::test]
async fn a_destination_by_token_has_nothing_that_does_not_go_with_it() {
    let world = World::begin().await;
    let usual = || by_token("blog", "http://127.0.0.1:9");
    let add = async |new: NewDestination| world.base.services.create_destination(&admin(), new).await.err();
    for (new, field) in [
        (NewDestination { password: Some("abcd efgh".into()), ..usual() }, Field::Password),
        (NewDestination { user: Some("tidegate".into()), ..usual() }, Field::User),
        (NewDestination { kind: DestinationKind::Http, ..usual() }, Field::Auth),
        (NewDestination { auth: Some(DestinationAuth::Signature), ..usual() }, Field::Auth),
    ] {
        assert_eq!(add(new).await, Some(AppError::invalid(field, Reason::DoesNotFit)));
    }
    assert_eq!(add(usual()).await, None);
    let live = world.live("blog");
    assert!(!live.destination.has_secret && live.secret.is_none());
    assert_eq!(world.audit("destination.add").await[0].detail, "http://127.0.0.1:9, by signed tokens");
    world.end().await;
}
