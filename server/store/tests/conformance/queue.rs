//! The queue: claiming and finishing.

use crate::{
    support::{Db, NOW, delta, id, job, on_both},
    work::{LEASE, attempt, free, retry, running, succeeded},
};
use domain::{
    holder::Holder,
    id::{JobId, NodeId},
    job::{Job, JobKind, JobState, Usage},
    outcome::{AttemptOutcome, ErrorClass},
    pause::PauseTarget,
    time::{SECOND, Timestamp},
};
use std::collections::HashSet;
use store::{Finished, Next, StoreError};

on_both! {
    a_claimed_job_runs_under_a_lease_and_its_try_is_counted,
    the_most_urgent_and_longest_due_jobs_are_claimed_first,
    a_job_that_is_not_due_or_does_not_wait_is_not_claimed,
    jobs_due_later_do_not_hide_less_urgent_ones_that_are_due,
    eight_nodes_that_claim_at_once_never_get_the_same_job,
    the_next_due_job_is_found_whatever_its_priority,
    a_finished_job_keeps_its_result_and_starts_the_next_in_one_go,
    usage_is_added_up_over_all_tries,
    a_try_that_failed_waits_for_its_next_time,
    a_job_that_failed_for_good_says_why,
    a_held_job_gets_its_try_back_and_may_run_again,
    a_try_reported_twice_is_kept_once,
    a_finish_that_fails_halfway_leaves_nothing_behind,
    a_try_that_cost_nothing_is_told_like_any_other_whether_it_was_the_first_or_not,
    tries_that_end_together_are_all_told_however_each_ended,
    a_try_that_was_held_after_it_began_does_not_make_the_next_one_older,
}

async fn a_claimed_job_runs_under_a_lease_and_its_try_is_counted(db: Db) {
    let waiting = job();
    let (node, claimed) = running(&db, std::slice::from_ref(&waiting)).await;
    let expected = Job {
        state: JobState::Running,
        attempt: 1,
        node_id: Some(node),
        lease_until: Some(LEASE),
        updated_at: NOW,
        ..waiting
    };
    assert_eq!(claimed, std::slice::from_ref(&expected));
    assert_eq!(db.job(None, expected.id).await.unwrap(), expected);
    assert!(db.claim(node, 10, NOW, LEASE).await.unwrap().is_empty());
}

async fn the_most_urgent_and_longest_due_jobs_are_claimed_first(db: Db) {
    let due = |priority, since: i64| Job { priority, next_run_at: NOW.plus(-since), ..job() };
    let jobs = [due(5, 900), due(0, 1), due(-3, 0), due(0, 2), due(5, 901), due(0, 2)];
    db.add_jobs(&jobs).await.unwrap();
    let node = id(NodeId::new);
    let mut order = Vec::new();
    while let Some(next) = db.claim(node, 1, NOW, LEASE).await.unwrap().pop() {
        order.push(next.id);
    }
    let mut expected = jobs.to_vec();
    expected.sort_by_key(|job| (job.priority, job.next_run_at, job.id));
    assert_eq!(order, expected.iter().map(|job| job.id).collect::<Vec<_>>());

    db.give_back(node, &order, NOW).await.unwrap();
    let at_once: Vec<_> = db.claim(node, 5, NOW, LEASE).await.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(at_once, order[..5]);
}

async fn a_job_that_is_not_due_or_does_not_wait_is_not_claimed(db: Db) {
    let early = Job { next_run_at: NOW.plus(1), ..job() };
    let mut jobs: Vec<_> = JobState::ALL
        .iter()
        .filter(|state| !matches!(state, JobState::Pending | JobState::Running))
        .map(|state| Job { state: *state, ..job() })
        .collect();
    jobs.push(early.clone());
    db.add_jobs(&jobs).await.unwrap();
    let node = id(NodeId::new);
    assert!(db.claim(node, 10, NOW, LEASE).await.unwrap().is_empty());
    assert!(db.claim(node, 0, NOW.plus(1), LEASE).await.unwrap().is_empty());
    assert_eq!(db.claim(node, 10, NOW.plus(1), LEASE).await.unwrap()[0].id, early.id);
}

async fn jobs_due_later_do_not_hide_less_urgent_ones_that_are_due(db: Db) {
    let mut jobs: Vec<_> = (0..50).map(|_| Job { next_run_at: NOW.plus(SECOND), ..job() }).collect();
    jobs.extend([Job { priority: 7, ..job() }, Job { priority: 9, ..job() }]);
    db.add_jobs(&jobs).await.unwrap();
    let claimed = db.claim(id(NodeId::new), 10, NOW, LEASE).await.unwrap();
    assert_eq!(claimed.iter().map(|job| job.priority).collect::<Vec<_>>(), [7, 9]);
}

async fn eight_nodes_that_claim_at_once_never_get_the_same_job(db: Db) {
    let jobs: Vec<_> = (0..300).map(|n| Job { priority: n % 3, ..job() }).collect();
    db.add_jobs(&jobs).await.unwrap();
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let db = db.clone();
        nodes.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = db.claim(id(NodeId::new), 7, NOW, LEASE).await.unwrap();
                if claimed.is_empty() {
                    break mine;
                }
                mine.extend(claimed.into_iter().map(|job| job.id));
            }
        });
    }
    let claimed: Vec<JobId> = nodes.join_all().await.into_iter().flatten().collect();
    // A row another node has locked is stepped over, so a node may end early; what is left is nobody's.
    let rest = db.claim(id(NodeId::new), 300, NOW, LEASE).await.unwrap();
    assert_eq!(claimed.len() + rest.len(), 300);
    assert_eq!(
        claimed.iter().copied().chain(rest.iter().map(|job| job.id)).collect::<HashSet<_>>().len(),
        300
    );
}

async fn the_next_due_job_is_found_whatever_its_priority(db: Db) {
    assert_eq!(db.next_due().await.unwrap(), None);
    assert_eq!(db.oldest_due(None, NOW).await.unwrap(), None);
    let due = |priority, at| Job { priority, next_run_at: NOW.plus(at), ..job() };
    db.add_jobs(&[due(0, 30), due(4, -20), due(4, 50), due(9, -10)]).await.unwrap();
    assert_eq!(db.next_due().await.unwrap(), Some(NOW.plus(-20)));
    assert_eq!(db.oldest_due(None, NOW).await.unwrap(), Some(NOW.plus(-20)));
    assert_eq!(db.oldest_due(None, NOW.plus(-21)).await.unwrap(), None);
}

async fn a_finished_job_keeps_its_result_and_starts_the_next_in_one_go(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let ran = &claimed[0];
    let publish = Job { parent_id: Some(ran.id), kind: JobKind::Publish, ..job() };
    let done = succeeded(ran, vec![publish.clone()]);
    let later = NOW.plus(SECOND);
    assert_eq!(
        db.finish(std::slice::from_ref(&done), later, &[delta(node, "done", 1)]).await.unwrap(),
        [true]
    );

    let kept = db.job(None, ran.id).await.unwrap();
    assert_eq!(
        (kept.state, kept.attempt, kept.node_id, kept.lease_until),
        (JobState::Succeeded, 1, None, None)
    );
    assert_eq!(kept.started_at, Some(done.attempt.started_at));
    assert_eq!((kept.finished_at, kept.updated_at), (Some(done.attempt.finished_at), later));
    assert_eq!((kept.model.as_deref(), kept.reason, kept.error_class), (Some("small-1"), None, None));
    let results = db.results(&[ran.id]).await.unwrap();
    assert_eq!(results[0].1.text.as_deref(), Some("Short."));
    assert_eq!(db.attempts(&[ran.id]).await.unwrap(), [done.attempt]);
    assert_eq!(db.children(ran.id).await.unwrap(), [publish]);
    assert_eq!(db.counters(None, Timestamp(0)).await.unwrap()[0].value, 1);
}

async fn usage_is_added_up_over_all_tries(db: Db) {
    let (node, mut claimed) = running(&db, &[job()]).await;
    let mut seen = Vec::new();
    for cost_micros in [None, Some(20), None, Some(3)] {
        let mut tried = retry(&claimed[0], NOW);
        tried.attempt.usage = Usage { input_tokens: 10, output_tokens: 1, cost_micros };
        db.finish(&[tried], NOW, &[]).await.unwrap();
        seen.push(db.job(None, claimed[0].id).await.unwrap().usage);
        claimed = db.claim(node, 1, NOW, LEASE).await.unwrap();
    }
    assert_eq!(
        seen.iter().map(|usage| usage.cost_micros).collect::<Vec<_>>(),
        [None, Some(20), Some(20), Some(23)]
    );
    assert_eq!((seen[3].input_tokens, seen[3].output_tokens), (40, 4));
}

async fn a_try_that_failed_waits_for_its_next_time(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let at = NOW.plus(30 * SECOND);
    let mut failed = retry(&claimed[0], at);
    failed.attempt.answer = Some("busy\0".into());
    assert_eq!(db.finish(std::slice::from_ref(&failed), NOW, &[]).await.unwrap(), [true]);

    let waiting = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((waiting.state, waiting.next_run_at, waiting.finished_at), (JobState::Pending, at, None));
    assert_eq!(waiting.reason.as_deref(), Some("the far side was busy"));
    assert_eq!(waiting.error_class, Some(ErrorClass::Server));
    assert!(db.claim(node, 1, NOW, LEASE).await.unwrap().is_empty());
    let again = db.claim(node, 1, at, LEASE).await.unwrap();
    assert_eq!(again[0].attempt, 2);
    db.finish(&[succeeded(&again[0], vec![])], at, &[]).await.unwrap();

    let story = db.attempts(&[claimed[0].id]).await.unwrap();
    assert_eq!(story.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((story[0].status, story[0].answer.as_deref()), (Some(503), Some("busy\u{fffd}")));
    let done = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!(done.started_at, Some(failed.attempt.started_at), "the first try's beginning");
}

async fn a_job_that_failed_for_good_says_why(db: Db) {
    let (_, claimed) = running(&db, &[job(), job()]).await;
    let reason = || "404: no such model".to_owned();
    let class = ErrorClass::Rejected;
    let ends = [
        Finished {
            attempt: attempt(&claimed[0], AttemptOutcome::Failed),
            next: Next::Failed { reason: reason(), class },
        },
        Finished {
            attempt: attempt(&claimed[1], AttemptOutcome::Deadletter),
            next: Next::Deadletter { reason: reason(), class },
        },
    ];
    assert_eq!(db.finish(&ends, NOW, &[]).await.unwrap(), [true, true]);
    for (job, state) in claimed.iter().zip([JobState::Failed, JobState::Deadletter]) {
        let ended = db.job(None, job.id).await.unwrap();
        assert_eq!((ended.state, ended.reason, ended.error_class), (state, Some(reason()), Some(class)));
        assert!(ended.finished_at.is_some());
    }
}

/// The held try leaves no row: its number is given again, and numbers are the key of what is kept.
async fn a_held_job_gets_its_try_back_and_may_run_again(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let held = Finished {
        attempt: attempt(&claimed[0], AttemptOutcome::Held),
        next: Next::Held {
            reason: "ada paused everything".into(),
            by: Holder::Pause(PauseTarget::Everything),
        },
    };
    assert_eq!(db.finish(&[held], NOW, &[]).await.unwrap(), [true]);
    let resting = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((resting.state, resting.attempt, resting.finished_at), (JobState::Held, 0, None));
    assert_eq!(resting.reason.as_deref(), Some("ada paused everything"));

    db.retry(None, resting.id, 3, NOW, &crate::support::audit("job.retry")).await.unwrap();
    let again = db.claim(node, 1, NOW, LEASE).await.unwrap();
    assert_eq!(db.finish(&[succeeded(&again[0], vec![])], NOW, &[]).await.unwrap(), [true]);
    assert_eq!(db.attempts(&[resting.id]).await.unwrap().len(), 1);
}

async fn a_try_reported_twice_is_kept_once(db: Db) {
    let (_, claimed) = running(&db, &[job()]).await;
    let next = job();
    let batch = [succeeded(&claimed[0], vec![next.clone()]), succeeded(&claimed[0], vec![next])];
    assert_eq!(db.finish(&batch, NOW, &[]).await.unwrap(), [true, false]);
    assert_eq!(db.attempts(&[claimed[0].id]).await.unwrap().len(), 1);
}

async fn a_try_that_cost_nothing_is_told_like_any_other_whether_it_was_the_first_or_not(db: Db) {
    let (node, claimed) = running(&db, &[job(), job()]).await;
    let failed = retry(&claimed[1], NOW);
    db.finish(std::slice::from_ref(&failed), NOW, &[]).await.unwrap();
    let again = db.claim(node, 1, NOW, LEASE).await.unwrap();
    let ends = [free(&claimed[0]), free(&again[0])];
    assert_eq!(db.finish(&ends, NOW, &[]).await.unwrap(), [true, true]);

    assert_eq!(db.attempts(&[claimed[0].id]).await.unwrap(), [ends[0].attempt.clone()]);
    assert_eq!(db.attempts(&[again[0].id]).await.unwrap(), [failed.attempt, ends[1].attempt.clone()]);
    assert_eq!(
        db.finish(&ends, NOW, &[]).await.unwrap(),
        [false, false],
        "reported again, they change nothing"
    );
    assert_eq!(db.attempts(&[claimed[0].id, again[0].id]).await.unwrap().len(), 3);
}

async fn tries_that_end_together_are_all_told_however_each_ended(db: Db) {
    let (_, claimed) = running(&db, &[job(), job(), job()]).await;
    let ends = [free(&claimed[0]), succeeded(&claimed[1], vec![]), retry(&claimed[2], NOW)];
    assert_eq!(db.finish(&ends, NOW, &[]).await.unwrap(), [true, true, true]);
    for end in ends {
        assert_eq!(db.attempts(&[end.attempt.job_id]).await.unwrap(), [end.attempt]);
    }
}

/// Its number is given again, so the number alone does not say which try began first.
async fn a_try_that_was_held_after_it_began_does_not_make_the_next_one_older(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let failed = retry(&claimed[0], NOW);
    db.finish(std::slice::from_ref(&failed), NOW, &[]).await.unwrap();
    let second = db.claim(node, 1, NOW, LEASE).await.unwrap();
    let held = Next::Held { reason: "paused".into(), by: Holder::Pause(PauseTarget::Everything) };
    db.finish(&[Finished { attempt: attempt(&second[0], AttemptOutcome::Held), next: held }], NOW, &[])
        .await
        .unwrap();
    db.retry(None, second[0].id, 3, NOW, &crate::support::audit("job.retry")).await.unwrap();
    let last = free(&db.claim(node, 1, NOW, LEASE).await.unwrap()[0]);
    db.finish(std::slice::from_ref(&last), NOW, &[]).await.unwrap();
    assert_eq!(db.attempts(&[second[0].id]).await.unwrap(), [failed.attempt, last.attempt]);
}

async fn a_finish_that_fails_halfway_leaves_nothing_behind(db: Db) {
    let (node, claimed) = running(&db, &[job(), job()]).await;
    let taken = claimed[1].clone();
    let batch = [succeeded(&claimed[0], vec![taken])];
    let outcome = db.finish(&batch, NOW, &[delta(node, "done", 1)]).await;
    assert!(matches!(outcome, Err(StoreError::Conflict)));
    assert_eq!(db.job(None, claimed[0].id).await.unwrap(), claimed[0]);
    assert!(db.results(&[claimed[0].id]).await.unwrap().is_empty());
    assert!(db.attempts(&[claimed[0].id]).await.unwrap().is_empty());
    assert!(db.counters(None, Timestamp(0)).await.unwrap().is_empty());
}
