//! Posts about one subject: the newest event wins, whatever the order its jobs run in.

use crate::{
    receiver::{Receiver, Reply},
    support::{World, admin, now},
};
use app::ports::JobsPort;
use domain::{
    destination::DestinationKind,
    job::{JobKind, JobState},
    time::{HOUR, MINUTE},
};
use serde_json::json;
use std::time::Duration;

/// A WordPress without our plugin.
async fn wordpress() -> Receiver {
    Receiver::start(|seen| match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", _) => Reply::json(&json!([])),
        (_, "/wp-json/wp/v2/posts") => {
            Reply { after: Duration::from_millis(150), ..Reply::json(&json!({"id": 7})) }
        }
        _ => Reply { status: 404, ..Reply::json(&json!({"code": "rest_no_route"})) },
    })
    .await
}

fn posts(receiver: &Receiver) -> Vec<String> {
    let made = receiver.seen().into_iter().filter(|seen| seen.path == "/wp-json/wp/v2/posts");
    made.map(|seen| seen.json()["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_older_event_is_not_published_over_a_newer_one_and_says_so() {
    let receiver = wordpress().await;
    let world = World::begin().await;
    let blog = world.destination("blog", DestinationKind::Wordpress, &receiver.url, None).await;
    world.add_rule(world.rule(JobKind::Publish, blog)).await;
    let noon = now();
    let (newer, first) = world.event(Some("order-1"), noon, &json!("new")).await;
    world.until(first, JobState::Succeeded).await;
    let (_, late) = world.event(Some("order-1"), noon.plus(-HOUR), &json!("old")).await;
    let (_, other) = world.event(Some("order-2"), noon.plus(-HOUR), &json!("other")).await;
    world.until(late, JobState::Succeeded).await;
    world.until(other, JobState::Succeeded).await;

    let result = world.base.store.results(&[late]).await.unwrap().remove(0).1;
    assert_eq!((result.superseded_by, result.post_change.as_deref()), (Some(newer), Some("superseded")));
    let posted = posts(&receiver);
    assert_eq!(posted.len(), 2);
    assert!(posted.iter().all(|text| !text.contains("old")), "{posted:?}");
    let story = world.base.services.story(&admin(), late).await.unwrap();
    let told = app::view::telling::steps(&story, true);
    assert!(told.iter().any(|step| step.detail.contains(&newer.short())), "{told:?}");
    world.end().await;
}

#[tokio::test]
async fn of_events_published_at_the_same_moment_the_newest_is_the_last_that_arrives() {
    let receiver = wordpress().await;
    let world = World::begin().await;
    let blog = world.destination("blog", DestinationKind::Wordpress, &receiver.url, None).await;
    world.add_rule(world.rule(JobKind::Publish, blog)).await;
    let noon = now();
    let mut jobs = Vec::new();
    for n in [3, 1, 4, 2, 0] {
        jobs.push(world.event(Some("order-1"), noon.plus(n * MINUTE), &json!(format!("at {n}"))).await.1);
    }
    for job in jobs {
        world.until(job, JobState::Succeeded).await;
    }
    assert_eq!(receiver.most_at_once(), 1, "one at a time");
    let posted = posts(&receiver);
    assert!(posted.last().unwrap().contains("at 4"), "{posted:?}");
    let order: Vec<&String> = posted.iter().collect();
    assert!(order.is_sorted(), "{posted:?}");
    world.end().await;
}
