//! Targets that are gone or switched off, and targets that take only so many calls at once.

use crate::{
    receiver::{Receiver, Reply},
    support::{World, admin, now},
};
use app::{
    ports::{DestinationsPort, OverviewPort, ProvidersPort},
    view::connections::NewRule,
};
use domain::{
    destination::DestinationKind,
    job::{JobKind, JobState},
    outcome::SwitchedOff,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_destination_that_is_gone_is_switched_off_and_its_jobs_wait_for_a_person() {
    let receiver = Receiver::start(|_| Reply::status(410)).await;
    let world = World::begin().await;
    let crm = world.destination("crm", DestinationKind::Http, &receiver.url, None).await;
    world.add_rule(world.rule(JobKind::Callback, crm)).await;
    let (_, first) = world.event(None, now(), &json!({"n": 1})).await;
    let held = world.until(first, JobState::Held).await;
    assert_eq!((held.attempt, held.reason.as_deref()), (0, Some(SwitchedOff::Destination.words())));
    assert!(world.base.store.attempts(&[first]).await.unwrap().is_empty(), "no try was used up");

    world.base.live.reload().await.unwrap();
    let row = DestinationsPort::list(world.base.services.as_ref(), &admin()).await.unwrap().rows.remove(0);
    assert!(!row.enabled && row.off_reason.as_deref().is_some_and(|why| why.contains("410")), "{row:?}");
    let entry = world.audit("destination.gone").await.remove(0);
    assert_eq!((entry.actor.as_str(), entry.target.as_str()), ("tidegate", "crm"));

    // The first page says so, and no more once somebody switched it on.
    let silent = async || {
        let overview = world.base.services.overview(&admin()).await.unwrap();
        overview.destinations.into_iter().map(|one| (one.slug, one.off_reason)).collect::<Vec<_>>()
    };
    assert_eq!(silent().await, [("crm".to_owned(), row.off_reason.clone())]);

    // A later one is not even tried.
    let (_, second) = world.event(None, now(), &json!({"n": 2})).await;
    world.until(second, JobState::Held).await;
    assert_eq!(receiver.seen().len(), 1);

    receiver.now(|_| Reply::status(200));
    world.switch(crm, true).await;
    for job in [first, second] {
        let done = world.until(job, JobState::Succeeded).await;
        assert_eq!(done.attempt, 1);
    }
    assert_eq!(world.live("crm").destination.off_reason, None);
    assert!(silent().await.is_empty());
    world.switch(crm, false).await;
    assert!(silent().await.is_empty(), "what a person switched off is as they want it");
    assert_eq!(receiver.seen().len(), 3);
    world.end().await;
}

#[tokio::test]
async fn jobs_of_a_provider_that_is_switched_off_wait_without_a_paid_call() {
    let answer = json!({"choices": [{"message": {"content": "Rain."}}]});
    let receiver = Receiver::start(move |_| Reply::json(&answer)).await;
    let world = World::begin().await;
    let provider = world.provider(&receiver).await;
    let crm = world.destination("crm", DestinationKind::Http, &receiver.url, None).await;
    let rule = world.rule(JobKind::Generate, crm);
    world.add_rule(NewRule { provider_id: Some(provider), destination_id: None, ..rule }).await;
    let services = world.base.services.as_ref();
    ProvidersPort::switch(services, &admin(), provider, false).await.unwrap();
    ProvidersPort::switch(services, &admin(), provider, false).await.unwrap();
    assert_eq!(world.audit("provider.disable").await.len(), 1, "nothing happened the second time");
    tokio::time::sleep(Duration::from_millis(900)).await;
    let (_, id) = world.event(None, now(), &json!({})).await;
    let held = world.until(id, JobState::Held).await;
    assert_eq!((held.attempt, held.reason.as_deref()), (0, Some(SwitchedOff::Provider.words())));
    assert!(receiver.seen().is_empty());
    ProvidersPort::switch(services, &admin(), provider, true).await.unwrap();
    world.until(id, JobState::Succeeded).await;
    assert_eq!(receiver.seen().len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_slow_destination_gets_four_calls_at_once_and_a_quick_one_does_not_wait_for_it() {
    let slow = Receiver::start(|_| Reply { after: Duration::from_millis(400), ..Reply::status(200) }).await;
    let quick = Receiver::start(|_| Reply::status(200)).await;
    let world = World::begin().await;
    let to_slow = world.destination("slow", DestinationKind::Http, &slow.url, None).await;
    world.add_rule(NewRule { pattern: "order.paid".into(), ..world.rule(JobKind::Callback, to_slow) }).await;
    let mut slow_jobs = Vec::new();
    for n in 0..12 {
        slow_jobs.push(world.event(None, now(), &json!({"n": n})).await.1);
    }
    let to_quick = world.destination("quick", DestinationKind::Http, &quick.url, None).await;
    world.add_rule(NewRule { pattern: "order.*".into(), ..world.rule(JobKind::Callback, to_quick) }).await;
    let mut quick_jobs = Vec::new();
    for n in 0..5 {
        let (event, _) = world.event(None, now(), &json!({"n": n})).await;
        let jobs = world.base.store.jobs_of_event(event).await.unwrap();
        quick_jobs.extend(jobs.iter().filter(|job| job.destination_id == Some(to_quick)).map(|job| job.id));
        slow_jobs.extend(jobs.iter().filter(|job| job.destination_id == Some(to_slow)).map(|job| job.id));
    }
    for job in &quick_jobs {
        world.until(*job, JobState::Succeeded).await;
    }
    assert!(slow.seen().len() < slow_jobs.len(), "the quick ones were first although they came last");
    for job in &slow_jobs {
        assert_eq!(world.until(*job, JobState::Succeeded).await.attempt, 1, "waiting used up no try");
    }
    assert_eq!(slow.most_at_once(), 4);
    assert_eq!(slow.seen().len(), slow_jobs.len());
    world.end().await;
}
