//! Passing events and results on to an endpoint, from a stored event to its socket.

use crate::{
    receiver::{Receiver, Reply, Seen},
    support::{World, admin, now},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, DestinationPort, RevealPort, RulesPort},
    view::connections::{NewDestination, NewRule},
};
use domain::{
    destination::{DestinationKind, DestinationMethod, DestinationPart},
    id::TenantId,
    job::{JobKind, JobState},
    time::HOUR,
};
use serde_json::json;
use store::{AuditEntry, Sealed};

const HEADERS: &str = "Authorization: Bearer crm-key\nX-Tenant: north";

/// Whether a request is signed with this secret, as a receiver checks it.
fn is_signed(seen: &Seen, secret: &str) -> bool {
    let headers: Vec<(&str, &[u8])> =
        seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = signature::Request {
        method: &seen.method,
        url: "http://crm.example/in",
        headers: &headers,
        body: &seen.body,
        cert_pem: None,
    };
    let preset = signature::preset("std_webhooks").unwrap();
    signature::verify(preset, &[secret], &request, now().unix()).is_ok()
}

#[tokio::test]
async fn an_event_is_forwarded_as_its_rule_says_with_headers_key_and_signature() {
    let receiver = Receiver::start(|_| Reply::status(202)).await;
    let world = World::begin().await;
    let url = format!("{}/in", receiver.url);
    let crm = world.destination("crm", DestinationKind::Http, &url, Some(HEADERS)).await;
    let body = r#"{"title": {{ data.title }}, "kind": {{ event_type }}, "price": {{ data.price }}, "more": {{ data.more }}}"#;
    world.add_rule(NewRule { body: Some(body.into()), ..world.rule(JobKind::Forward, crm) }).await;
    let (_, id) = world.event(None, now(), &json!({"title": "Say \"hi\"\n{{ x }}", "price": 12.5})).await;
    let job = world.until(id, JobState::Succeeded).await;

    let seen = &receiver.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/in"));
    let expected = json!({"title": "Say \"hi\"\n{{ x }}", "kind": "order.paid", "price": 12.5, "more": null});
    assert_eq!(seen.json(), expected);
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!((seen.header("authorization"), seen.header("x-tenant")), ("Bearer crm-key", "north"));
    assert_eq!(seen.header("idempotency-key"), job.idempotency_key);
    assert!(is_signed(seen, world.live("crm").secret.as_ref().unwrap()));
    world.end().await;
}

#[tokio::test]
async fn without_a_template_the_event_goes_on_byte_for_byte_under_its_own_key_at_every_try() {
    let receiver = Receiver::start(|_| Reply::status(503)).await;
    let world = World::begin().await;
    let crm = world.destination("crm", DestinationKind::Http, &receiver.url, None).await;
    let rule =
        NewRule { max_attempts: Some(2), deadline_s: Some(7_200), ..world.rule(JobKind::Forward, crm) };
    world.add_rule(rule).await;
    let event = json!({"b": 1, "a": [1.50, "é"]});
    let (_, id) = world.event(None, now(), &event).await;
    let job = world.until(id, JobState::Deadletter).await;
    assert_eq!((job.attempt, job.max_attempts), (2, 2), "the rule's number of tries");
    assert_eq!(job.deadline().since(job.created_at), 2 * HOUR, "the time the rule gives it");
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, event.to_string().into_bytes());
    assert_eq!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
    world.end().await;
}

#[tokio::test]
async fn what_a_model_wrote_is_forwarded_when_the_rule_has_a_body() {
    let receiver = Receiver::start(|seen| match seen.path.as_str() {
        "/v1/chat/completions" => Reply::json(&json!({
            "model": "small-1-0711", "choices": [{"message": {"content": "Two\n\"lines\"."}}],
        })),
        _ => Reply::status(200),
    })
    .await;
    let world = World::begin().await;
    let provider = world.provider(&receiver).await;
    let url = format!("{}/in", receiver.url);
    let crm = world.destination("crm", DestinationKind::Http, &url, None).await;
    let body = r#"{"summary": {{ result.text }}, "by": {{ result.model }}, "of": {{ data.n }}}"#;
    let rule = NewRule {
        provider_id: Some(provider),
        body: Some(body.into()),
        ..world.rule(JobKind::Generate, crm)
    };
    world.add_rule(rule).await;
    let (_, id) = world.event(None, now(), &json!({"n": 7})).await;
    world.until(id, JobState::Succeeded).await;
    let next = world.base.store.children(id).await.unwrap().remove(0);
    assert_eq!(next.kind, JobKind::Forward);
    world.until(next.id, JobState::Succeeded).await;
    let seen = receiver.seen();
    assert_eq!(seen[1].json(), json!({"summary": "Two\n\"lines\".", "by": "small-1-0711", "of": 7}));
    world.end().await;
}

#[tokio::test]
async fn a_put_endpoint_that_takes_text_gets_text() {
    let receiver = Receiver::start(|_| Reply::status(200)).await;
    let world = World::begin().await;
    let new = NewDestination {
        slug: "sheet".into(),
        kind: DestinationKind::Http,
        url: receiver.url.clone(),
        auth: None,
        user: None,
        password: None,
        method: Some(DestinationMethod::Put),
        headers: Some("Content-Type: text/csv".into()),
    };
    world.base.services.create_destination(&admin(), new).await.unwrap();
    let sheet = world.live("sheet").destination.id;
    let body = "id,total\n{{ data.id }},{{ data.total }}";
    world.add_rule(NewRule { body: Some(body.into()), ..world.rule(JobKind::Forward, sheet) }).await;
    let (_, id) = world.event(None, now(), &json!({"id": "o-1", "total": 5})).await;
    world.until(id, JobState::Succeeded).await;
    let seen = &receiver.seen()[0];
    assert_eq!((seen.method.as_str(), seen.header("content-type")), ("PUT", "text/csv"));
    assert_eq!(seen.body, b"id,total\no-1,5");
    world.end().await;
}

#[tokio::test]
async fn a_rule_whose_body_cannot_be_sent_is_refused_when_it_is_saved() {
    let world = World::begin().await;
    let services = world.base.services.as_ref();
    let crm = world.destination("crm", DestinationKind::Http, "http://127.0.0.1:9/", None).await;
    let blog = world.destination("blog", DestinationKind::Wordpress, "http://127.0.0.1:9", None).await;
    let with = |body: &str, rule: NewRule| NewRule { body: Some(body.into()), ..rule };
    for (rule, field, reason) in [
        (
            with("{\"a\": \"{{ data.a }}\"}", world.rule(JobKind::Forward, crm)),
            Field::Body,
            Reason::BadTemplate,
        ),
        (with("{{ data.a }", world.rule(JobKind::Forward, crm)), Field::Body, Reason::BadTemplate),
        (with("{{ data }}", world.rule(JobKind::Publish, blog)), Field::Body, Reason::DoesNotFit),
        (with("{{ data }}", world.rule(JobKind::Callback, crm)), Field::Body, Reason::DoesNotFit),
        (world.rule(JobKind::Forward, blog), Field::Destination, Reason::DoesNotFit),
        (
            NewRule { destination_id: None, ..world.rule(JobKind::Forward, crm) },
            Field::Destination,
            Reason::Missing,
        ),
        (
            NewRule { max_attempts: Some(51), ..world.rule(JobKind::Forward, crm) },
            Field::Tries,
            Reason::Malformed,
        ),
        (
            NewRule { deadline_s: Some(59), ..world.rule(JobKind::Forward, crm) },
            Field::Deadline,
            Reason::Malformed,
        ),
        (
            NewRule { deadline_s: Some(2_592_001), ..world.rule(JobKind::Forward, crm) },
            Field::Deadline,
            Reason::Malformed,
        ),
    ] {
        let added = RulesPort::add(services, &admin(), rule.clone()).await;
        assert_eq!(added, Err(AppError::invalid(field, reason)), "{rule:?}");
    }
    world.add_rule(with("{{ data }}", world.rule(JobKind::Forward, crm))).await;
    world.end().await;
}

#[tokio::test]
async fn while_an_old_secret_retires_both_sign_and_then_the_new_one_alone() {
    let receiver = Receiver::start(|_| Reply::status(200)).await;
    let world = World::begin().await;
    let crm = world.destination("crm", DestinationKind::Http, &receiver.url, None).await;
    world.add_rule(world.rule(JobKind::Callback, crm)).await;
    let old = world.live("crm").secret.clone().unwrap();
    let services = &world.base.services;
    let shown = services.rotate_destination(&admin(), &world.live("crm"), None, HOUR).await.unwrap();
    let new = shown.secret.unwrap();
    // The worker sees the change as another process does, by looking.
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let (_, id) = world.event(None, now(), &json!({})).await;
    world.until(id, JobState::Succeeded).await;
    let seen = receiver.seen().remove(0);
    assert_eq!(seen.header("webhook-signature").split(' ').count(), 2);
    assert!(is_signed(&seen, &new) && is_signed(&seen, &old));
    assert!(!world.audit("destination.rotate").await[0].detail.contains(&new));

    let given = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned();
    let shown =
        services.rotate_destination(&admin(), &world.live("crm"), Some(given.clone()), 0).await.unwrap();
    assert_eq!(shown.secret, None, "a secret somebody brought needs no showing");
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let (_, id) = world.event(None, now(), &json!({})).await;
    world.until(id, JobState::Succeeded).await;
    let seen = receiver.seen().remove(1);
    assert!(is_signed(&seen, &given) && !is_signed(&seen, &new) && !is_signed(&seen, &old));
    world.end().await;
}

#[tokio::test]
async fn an_old_secret_is_ended_before_its_time_unless_it_is_the_only_one_that_signs() {
    let world = World::begin().await;
    let crm = world.destination("crm", DestinationKind::Http, "http://127.0.0.1:9/", None).await;
    let services = world.base.services.as_ref();
    let end = async |who: Actor, why: &str| services.end_old_secret(&who, crm, why.to_owned()).await;
    let ended = Err(AppError::invalid(Field::OldSecret, Reason::Ended));
    assert_eq!(end(admin(), "it leaked").await, ended, "none retires");

    services.replace_signing_secret(&admin(), crm, None, 2 * HOUR).await.unwrap();
    let stranger = Actor { tenant: Some(TenantId::new(uuid::Uuid::from_u128(9))), ..admin() };
    assert_eq!(end(stranger, "it leaked").await, Err(AppError::NotFound));
    assert_eq!(end(admin(), &"x".repeat(201)).await, Err(AppError::invalid(Field::Why, Reason::TooLong)));
    let in_use = world.live("crm").secret.clone();
    assert_eq!(world.live("crm").signing(now()).len(), 2);
    end(admin(), "it leaked").await.unwrap();
    assert_eq!((world.live("crm").secret.clone(), world.live("crm").retiring.is_none()), (in_use, true));
    assert_eq!(end(admin(), "it leaked").await, ended, "it ends once");
    let told = world.audit("destination.revoke").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail, "the old one ended before its time: it leaked");

    // The one in use cannot be read any more, and only the one before can sign.
    let purpose = tidegate::live::purpose::part(crm, DestinationPart::Retiring);
    let old = world.base.vault.seal(&purpose, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let (unreadable, until) = (Sealed(vec![1, 2, 3]), now().plus(HOUR));
    let store = &world.base.store;
    let entry = AuditEntry { id: tidegate::clock::fresh(), ..told[0].clone() };
    store.rotate_destination(crm, &unreadable, Some((&old, until)), now(), &entry).await.unwrap();
    world.base.live.reload().await.unwrap();
    assert_eq!(world.live("crm").signing(now()).len(), 1);
    let only = Err(AppError::invalid(Field::OldSecret, Reason::OnlyOne));
    assert_eq!(end(admin(), "it leaked").await, only);
    assert_eq!(world.live("crm").signing(now()).len(), 1);
    world.end().await;
}

#[tokio::test]
async fn the_page_replaces_a_signing_secret_as_the_command_does_and_nobody_elses() {
    let world = World::begin().await;
    let crm = world.destination("crm", DestinationKind::Http, "http://127.0.0.1:9/", None).await;
    let blog = world.destination("blog", DestinationKind::Wordpress, "http://127.0.0.1:9", None).await;
    let services = world.base.services.as_ref();
    let before = services.destination_now(&admin(), crm).await.unwrap();
    assert_eq!((before.secret_readable, before.row.old_secret_until), (Some(true), None));

    let handle = services.replace_signing_secret(&admin(), crm, None, 2 * HOUR).await.unwrap();
    let shown = services.reveal_once(&admin(), &handle).await.unwrap();
    assert_eq!(shown.secret.as_deref(), world.live("crm").secret.as_ref().map(|secret| secret.as_str()));
    assert!(services.reveal_once(&admin(), &handle).await.is_err(), "shown once");
    let after = services.destination_now(&admin(), crm).await.unwrap();
    assert!(after.row.old_secret_until.is_some_and(|until| until > after.now.plus(HOUR)));

    let unfit = services.replace_signing_secret(&admin(), blog, None, HOUR).await;
    assert_eq!(unfit, Err(AppError::invalid(Field::Kind, Reason::DoesNotFit)));
    let long = services.replace_signing_secret(&admin(), crm, None, 8 * 24 * HOUR).await;
    assert_eq!(long, Err(AppError::invalid(Field::Overlap, Reason::TooLong)));
    let stranger = Actor { tenant: Some(TenantId::new(uuid::Uuid::from_u128(9))), ..admin() };
    assert_eq!(services.destination_head(&stranger, crm).await, Err(AppError::NotFound));
    assert_eq!(services.destination_now(&stranger, crm).await, Err(AppError::NotFound));
    let theirs = services.replace_signing_secret(&stranger, crm, None, HOUR).await;
    assert_eq!(theirs, Err(AppError::NotFound));
    world.end().await;
}
