//! Rules that want the same work done once in a while: what asks for it again is taken and starts nothing.

use crate::support::{Draft, Place, SECRET, admin};
use app::{
    ports::{DestinationsPort, EventsPort, RulesPort},
    view::{
        connections::{NewDestination, NewRule},
        events::EventStory,
    },
};
use domain::{
    destination::DestinationKind,
    id::EventId,
    job::JobKind,
    time::{MINUTE, SECOND},
    unique::{Unique, UniqueBy},
};
use store::DEFAULT_TENANT_ID;
use tidegate::clock::Clock as _;

async fn rule(place: &Place, pattern: &str, unique: Option<Unique>) {
    let who = admin(DEFAULT_TENANT_ID);
    let services = place.base.services.as_ref();
    let rule = NewRule {
        vendor_id: services.vendor_named(&who, "acme").unwrap().vendor.id,
        pattern: pattern.into(),
        job: JobKind::Forward,
        provider_id: None,
        destination_id: Some(services.destination_named(&who, "archive").unwrap().destination.id),
        title: None,
        prompt: None,
        body: None,
        max_tokens: None,
        max_attempts: None,
        delay_s: None,
        deadline_s: None,
        in_order: false,
        unique,
    };
    RulesPort::add(services, &who, rule).await.unwrap();
}

/// A place with a rule that wants what is the same by `by` done once in ten minutes.
async fn place(by: UniqueBy) -> Place {
    let place = Place::new().await;
    place.acme().await;
    let archive = NewDestination {
        slug: "archive".into(),
        kind: DestinationKind::Http,
        url: "https://archive.example/in".into(),
        auth: None,
        user: None,
        password: None,
        method: None,
        headers: None,
    };
    DestinationsPort::add(place.base.services.as_ref(), &admin(DEFAULT_TENANT_ID), archive).await.unwrap();
    rule(&place, "story.*", Some(Unique { for_s: 600, by })).await;
    place
}

/// A webhook with an id of its own.
fn story(body: &str) -> Draft {
    Draft::signed("std_webhooks", SECRET, "/webhooks/acme", body.as_bytes())
}

async fn told(place: &Place, answer: &crate::support::Answer) -> EventStory {
    assert_eq!(answer.status, 202, "{answer:?}");
    let id: EventId = answer.json()["id"].as_str().unwrap().parse().unwrap();
    EventsPort::event(place.base.services.as_ref(), &admin(DEFAULT_TENANT_ID), id).await.unwrap()
}

#[tokio::test]
async fn the_same_contents_start_one_job_and_later_events_say_which() {
    let place = place(UniqueBy::Input).await;
    let server = place.serve(&[]).await;
    let first =
        told(&place, &story(r#"{"type":"story.ready","id":1,"data":{"a":1,"b":2}}"#).send(&server).await)
            .await;
    let again =
        told(&place, &story(r#"{"type":"story.ready","id":2,"data":{"b":2, "a":1}}"#).send(&server).await)
            .await;
    let other =
        told(&place, &story(r#"{"type":"story.ready","id":3,"data":{"a":1,"b":3}}"#).send(&server).await)
            .await;
    let changed =
        told(&place, &story(r#"{"type":"story.changed","data":{"a":1,"b":2}}"#).send(&server).await).await;
    assert_eq!([&first, &again, &other, &changed].map(|story| story.jobs.len()), [1, 0, 1, 1]);
    let done: Vec<_> = again.done_already.iter().map(|done| done.id).collect();
    assert_eq!(done, [first.jobs[0].id]);
    assert!(
        first.done_already.is_empty() && other.done_already.is_empty() && changed.done_already.is_empty()
    );
}

#[tokio::test]
async fn many_requests_at_once_start_one_job_of_that_rule_and_all_of_another() {
    let place = place(UniqueBy::Input).await;
    rule(&place, "*.ready", None).await;
    let server = place.serve(&[]).await;
    let sent = (0..30).map(|_| story(r#"{"type":"story.ready","data":{"a":1}}"#));
    let sent: Vec<Draft> = sent.collect();
    let answers = futures::future::join_all(sent.iter().map(|draft| draft.send(&server))).await;
    let (mut jobs, mut done) = (0, std::collections::BTreeSet::new());
    for answer in &answers {
        let story = told(&place, answer).await;
        assert_eq!(story.jobs.len() + story.done_already.len(), 2);
        jobs += story.jobs.len();
        done.extend(story.done_already.iter().map(|done| done.id));
    }
    assert_eq!((jobs, done.len()), (31, 1));
}

#[tokio::test]
async fn after_the_while_the_same_is_done_again() {
    let place = place(UniqueBy::Input).await;
    let server = place.serve(&[]).await;
    let mut jobs = Vec::new();
    for pause in [0, 4 * MINUTE, 6 * MINUTE, SECOND, 10 * MINUTE, SECOND] {
        place.clock.advance(pause);
        let body = br#"{"type":"story.ready","data":{"a":1}}"#;
        // Signed now: vendors that sign the time are believed for five minutes.
        let draft = Draft::signed_at("std_webhooks", SECRET, "/webhooks/acme", body, place.clock.now());
        jobs.push(told(&place, &draft.send(&server).await).await.jobs.len());
    }
    assert_eq!(jobs, [1, 0, 0, 1, 0, 1]);
}

#[tokio::test]
async fn what_is_about_the_same_subject_is_done_once_and_what_is_about_nothing_always() {
    let place = place(UniqueBy::Subject).await;
    let server = place.serve(&[]).await;
    let mut jobs = Vec::new();
    for body in [
        r#"{"type":"story.ready","data":{"id":"s1","n":1}}"#,
        r#"{"type":"story.changed","data":{"id":"s1","n":2}}"#,
        r#"{"type":"story.ready","data":{"id":"s2","n":1}}"#,
        r#"{"type":"story.ready","data":{"n":1}}"#,
        r#"{"type":"story.ready","data":{"n":1}}"#,
    ] {
        let told = told(&place, &story(body).send(&server).await).await;
        jobs.push((told.event.subject_id.clone(), told.jobs.len()));
    }
    let jobs: Vec<_> = jobs.iter().map(|(subject, jobs)| (subject.as_deref(), *jobs)).collect();
    assert_eq!(jobs, [(Some("s1"), 1), (Some("s1"), 0), (Some("s2"), 1), (None, 1), (None, 1)]);
}
