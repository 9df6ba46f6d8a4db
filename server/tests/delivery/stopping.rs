//! What becomes of jobs whose calls take longer than a process that is asked to stop can wait.

use crate::{
    receiver::{Receiver, Reply},
    support::{World, now},
};
use app::view::connections::NewRule;
use domain::{
    destination::DestinationKind,
    job::{JobKind, JobState},
    outcome::AttemptOutcome,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_job_that_outlasts_the_grace_period_is_due_again_at_once_and_its_last_try_is_no_dead_letter() {
    let receiver = Receiver::start(|_| Reply { after: Duration::from_secs(600), ..Reply::status(200) }).await;
    // Leases that end long after the test.
    let mut world = World::begin_with(&["--grace-seconds", "0", "--lease-seconds", "3600"]).await;
    let slow = world.destination("slow", DestinationKind::Http, &receiver.url, None).await;
    world.add_rule(NewRule { max_attempts: Some(1), ..world.rule(JobKind::Forward, slow) }).await;
    let (_, id) = world.event(None, now(), &json!({})).await;
    // The call is under way when the process is asked to stop.
    for _ in 0..400 {
        if !receiver.seen().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(world.job(id).await.state, JobState::Running);
    world.stop().await;

    let job = world.job(id).await;
    assert_eq!((job.state, job.attempt, job.node_id, job.lease_until), (JobState::Pending, 1, None, None));
    assert!(job.next_run_at <= now(), "due at once, not when its lease ends");
    let tries = world.base.store.attempts(&[id]).await.unwrap();
    let told: Vec<_> = tries.iter().map(|attempt| (attempt.number, attempt.outcome)).collect();
    // A try that was lost would count towards parking it as one that brings its nodes down.
    assert_eq!(told, [(1, AttemptOutcome::Retry)]);
    assert!(job.reason.unwrap().contains("was stopped"));
    world.end().await;
}
