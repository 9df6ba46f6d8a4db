//! Several posts in one call to a site whose plugin takes them, whatever becomes of the call.

use crate::{
    receiver::{Receiver, Reply, Seen},
    support::{World, admin, now},
};
use app::{ports::FlowPort, view::connections::NewRule};
use domain::{
    breaker::{BreakerKey, BreakerMode},
    destination::DestinationKind,
    id::{DestinationId, JobId},
    job::{JobKind, JobState},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const ONE: &str = "/wp-json/tidegate/v1/ingest";
const MANY: &str = "/wp-json/tidegate/v1/ingest/batch";

/// A site with the plugin: posts by external id, and the keys it saw for each.
#[derive(Default)]
struct Site {
    posts: Mutex<HashMap<String, (usize, Vec<String>)>>,
    made: AtomicUsize,
}

impl Site {
    /// Takes one post, as the plugin does.
    fn take(&self, key: &str, fields: &Value) -> Value {
        let mut posts = self.posts.lock().unwrap();
        let external_id = fields["external_id"].as_str().unwrap().to_owned();
        let known = posts.get(&external_id).map(|(_, keys)| keys.iter().any(|seen| seen == key));
        let post = posts
            .entry(external_id)
            .or_insert_with(|| (self.made.fetch_add(1, Ordering::SeqCst) + 1, vec![]));
        post.1.push(key.to_owned());
        match known {
            None => json!({"status": 201, "idempotency_key": key, "post_id": post.0, "created": true}),
            Some(true) => {
                json!({"status": 200, "idempotency_key": key, "post_id": post.0, "unchanged": true})
            }
            Some(false) => json!({"status": 200, "idempotency_key": key, "post_id": post.0, "updated": true}),
        }
    }

    fn items(&self, seen: &Seen) -> Vec<Value> {
        let items = seen.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| self.take(item["idempotency_key"].as_str().unwrap(), item)).collect()
    }

    /// Answers a call that brings one post.
    fn one(&self, seen: &Seen) -> Reply {
        alone(&self.take(seen.header("idempotency-key"), &seen.json()))
    }

    fn count(&self) -> usize {
        self.posts.lock().unwrap().len()
    }
}

/// What is answered to one post, as a call that brings nothing else is answered.
fn alone(item: &Value) -> Reply {
    let mut reply = offering(Reply::json(item));
    reply.status = item["status"].as_u64().unwrap() as u16;
    if let Some(seconds) = item["retry_after"].as_u64() {
        reply.headers.push(("retry-after", seconds.to_string()));
    }
    reply
}

fn offering(mut reply: Reply) -> Reply {
    reply.headers.push(("tidegate-batch", "50".to_owned()));
    reply
}

/// A receiver that answers calls with several posts as `many` says and takes its time for each call.
async fn wordpress(many: impl Fn(&Site, &Seen) -> Reply + Send + Sync + 'static) -> (Receiver, Arc<Site>) {
    let site = Arc::new(Site::default());
    let its = site.clone();
    let receiver = Receiver::start(move |seen| {
        let reply = match seen.path.as_str() {
            ONE => its.one(seen),
            MANY => many(&its, seen),
            _ => Reply::status(404),
        };
        Reply { after: Duration::from_millis(60), ..reply }
    });
    (receiver.await, site)
}

fn whole(site: &Site, seen: &Seen) -> Reply {
    offering(Reply::json(&json!({"items": site.items(seen)})))
}

/// A worker, the site as a destination, and one post that taught the worker what the site offers.
async fn taught(receiver: &Receiver) -> World {
    taught_with(receiver, None).await.0
}

/// The same under a rule that gives so many tries.
async fn taught_with(receiver: &Receiver, max_attempts: Option<i32>) -> (World, DestinationId) {
    let world = World::begin().await;
    let blog = world.destination("blog", DestinationKind::Wordpress, &receiver.url, None).await;
    world.add_rule(NewRule { max_attempts, ..world.rule(JobKind::Publish, blog) }).await;
    let (_, first) = world.event(Some("first"), now(), &json!("first")).await;
    world.until(first, JobState::Succeeded).await;
    (world, blog)
}

fn calls(receiver: &Receiver, path: &str) -> Vec<Seen> {
    receiver.seen().into_iter().filter(|seen| seen.path == path).collect()
}

/// The keys of the posts a call brought.
fn keys(seen: &Seen) -> Vec<String> {
    let items = seen.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["idempotency_key"].as_str().unwrap().to_owned()).collect()
}

async fn all_succeed(world: &World, jobs: &[JobId]) {
    for job in jobs {
        world.until(*job, JobState::Succeeded).await;
    }
}

#[tokio::test]
async fn posts_that_are_ready_while_a_call_is_under_way_go_together_in_the_next_one() {
    let (receiver, site) = wordpress(whole).await;
    let world = taught(&receiver).await;
    let jobs = world.events(40).await;
    all_succeed(&world, &jobs).await;

    let (alone, together) = (calls(&receiver, ONE), calls(&receiver, MANY));
    assert_eq!(site.count(), 41);
    assert!(alone.len() + together.len() <= 12, "{} and {}", alone.len(), together.len());
    assert_eq!(receiver.most_at_once(), 1, "a batch is one call");
    let keys: Vec<String> = together
        .iter()
        .flat_map(keys)
        .chain(alone.iter().map(|seen| seen.header("idempotency-key").to_owned()))
        .collect();
    for job in &jobs {
        let key = world.job(*job).await.idempotency_key;
        assert_eq!(keys.iter().filter(|sent| **sent == key).count(), 1, "each key is its job's own");
    }
    let results = world.base.store.results(&jobs).await.unwrap();
    let posts: std::collections::HashSet<_> = results.iter().map(|(_, result)| result.post_id).collect();
    assert_eq!(posts.len(), 40, "each job knows its own post");
    world.end().await;
}

#[tokio::test]
async fn a_site_that_offers_nothing_gets_single_calls() {
    let site = Arc::new(Site::default());
    let its = site.clone();
    let receiver = Receiver::start(move |seen| {
        let reply = its.one(seen);
        Reply { headers: Vec::new(), after: Duration::from_millis(30), ..reply }
    })
    .await;
    let world = taught(&receiver).await;
    let jobs = world.events(12).await;
    all_succeed(&world, &jobs).await;
    assert_eq!((calls(&receiver, ONE).len(), calls(&receiver, MANY).len()), (13, 0));
    world.end().await;
}

#[tokio::test]
async fn an_answer_that_is_garbled_short_mixed_up_or_half_loses_nothing_and_doubles_nothing() {
    let turn = AtomicUsize::new(0);
    let (receiver, site) = wordpress(move |site, seen| {
        let items = site.items(seen);
        let answer = |items: &[Value]| offering(Reply::json(&json!({"items": items})));
        match turn.fetch_add(1, Ordering::SeqCst) % 6 {
            0 => Reply { body: b"<html>Everything is fine</html>".to_vec(), ..answer(&items) },
            1 => answer(&items[..items.len() / 2]),
            2 => answer(&items.iter().rev().cloned().collect::<Vec<_>>()),
            3 => {
                let reply = answer(&items);
                Reply { body: reply.body[..reply.body.len() / 2].to_vec(), ..reply }
            }
            4 => offering(Reply::json(&json!({"items": {"0": items[0]}}))),
            _ => Reply::status(502),
        }
    })
    .await;
    let world = taught(&receiver).await;
    let jobs = world.events(60).await;
    all_succeed(&world, &jobs).await;

    assert!(calls(&receiver, MANY).len() >= 3, "the test is one only if things went wrong");
    assert_eq!(site.count(), 61);
    for job in &jobs {
        let key = world.job(*job).await.idempotency_key;
        let posts = site.posts.lock().unwrap();
        let of_it: Vec<_> = posts.values().filter(|(_, keys)| keys.contains(&key)).collect();
        assert_eq!(of_it.len(), 1);
        assert!(of_it[0].1.iter().all(|seen| *seen == key), "every try carried the same key");
    }
    world.end().await;
}

#[tokio::test]
async fn each_post_of_a_call_ends_as_the_site_says_of_it() {
    let site = Site::default();
    let item = move |key: &str, fields: &Value| match fields["external_id"].as_str().unwrap() {
        id if id.contains(":order-3:") => {
            json!({"status": 403, "idempotency_key": key, "code": "tidegate_forbidden"})
        }
        id if id.contains(":order-4:") => {
            json!({"status": 409, "idempotency_key": key, "code": "tidegate_busy", "retry_after": 600})
        }
        _ => site.take(key, fields),
    };
    let receiver = Receiver::start(move |seen| match (seen.path.as_str(), seen.json()) {
        (MANY, sent) => {
            let sent = sent["items"].as_array().unwrap().iter();
            let items: Vec<Value> =
                sent.map(|fields| item(fields["idempotency_key"].as_str().unwrap(), fields)).collect();
            offering(Reply::json(&json!({"items": items})))
        }
        (_, fields) => Reply {
            after: Duration::from_millis(60),
            ..alone(&item(seen.header("idempotency-key"), &fields))
        },
    })
    .await;
    let world = taught(&receiver).await;
    let jobs = world.events(12).await;
    let refused = world.until(jobs[3], JobState::Failed).await;
    assert!(refused.reason.unwrap().starts_with("403 from WordPress"));
    for (n, job) in jobs.iter().enumerate().filter(|(n, _)| ![3, 4].contains(n)) {
        assert_eq!(world.until(*job, JobState::Succeeded).await.attempt, 1, "{n}");
    }
    assert!(!calls(&receiver, MANY).is_empty());
    let busy = world.until(jobs[4], JobState::Pending).await;
    assert_eq!(busy.attempt, 1);
    assert!(busy.next_run_at.since(now()) > 500_000_000, "Retry-After of its item: {:?}", busy.next_run_at);
    world.end().await;
}

#[tokio::test]
async fn a_call_that_is_refused_whole_goes_one_by_one_in_the_same_try() {
    for status in [403, 404, 413] {
        let (receiver, site) = wordpress(move |_, _| Reply::status(status)).await;
        let world = taught(&receiver).await;
        let jobs = world.events(20).await;
        all_succeed(&world, &jobs).await;
        for job in &jobs {
            assert_eq!(world.job(*job).await.attempt, 1, "{status}");
        }
        assert_eq!(site.count(), 21);
        world.end().await;
    }
}

#[tokio::test]
async fn a_whole_call_that_fails_is_the_failure_of_each_and_their_next_tries_go_together_again() {
    let turn = AtomicUsize::new(0);
    let (receiver, site) = wordpress(move |site, seen| match turn.fetch_add(1, Ordering::SeqCst) {
        0 => Reply { headers: vec![("retry-after", "1".to_owned())], ..Reply::status(503) },
        _ => whole(site, seen),
    })
    .await;
    let world = taught(&receiver).await;
    let jobs = world.events(12).await;
    all_succeed(&world, &jobs).await;
    assert_eq!(site.count(), 13);

    let together = calls(&receiver, MANY);
    let failed = keys(&together[0]);
    assert!(failed.len() > 2);
    for job in &jobs {
        let job = world.job(*job).await;
        assert_eq!(job.attempt, if failed.contains(&job.idempotency_key) { 2 } else { 1 });
    }
    let again = together[1..].iter().map(|seen| keys(seen).iter().filter(|key| failed.contains(key)).count());
    assert!(again.max() > Some(1), "not each by itself");
    world.end().await;
}

#[tokio::test]
async fn a_post_that_breaks_every_call_it_is_part_of_keeps_no_other_from_getting_through() {
    const BREAKS: &str = ":order-5:";
    let site = Arc::new(Site::default());
    let its = site.clone();
    let receiver = Receiver::start(move |seen| {
        let broken = String::from_utf8_lossy(&seen.body).contains(BREAKS);
        let reply = match seen.path.as_str() {
            _ if broken => Reply::status(500),
            ONE => its.one(seen),
            _ => whole(&its, seen),
        };
        Reply { after: Duration::from_millis(60), ..reply }
    })
    .await;
    let (world, blog) = taught_with(&receiver, Some(8)).await;
    // What is asked here is what becomes of the others while nothing holds them.
    let key = BreakerKey::Destination(blog);
    world.base.services.set_breaker(&admin(), key, BreakerMode::ForcedClosed).await.unwrap();
    let jobs = world.events(40).await;
    let bad = jobs[5];
    for job in jobs.iter().filter(|job| **job != bad) {
        let done = world.until(*job, JobState::Succeeded).await;
        assert!(done.attempt <= 6, "alone at its sixth try at the latest: {}", done.attempt);
    }
    let dead = world.until(bad, JobState::Deadletter).await;
    assert_eq!(dead.attempt, dead.max_attempts);
    assert_eq!(site.count(), 40, "the first one and all others");
    let with_it: Vec<usize> = calls(&receiver, MANY)
        .iter()
        .map(keys)
        .filter(|keys| keys.contains(&dead.idempotency_key))
        .map(|keys| keys.len())
        .collect();
    assert!(with_it.iter().enumerate().all(|(n, posts)| *posts <= 50 >> n), "fewer and fewer: {with_it:?}");
    world.end().await;
}
