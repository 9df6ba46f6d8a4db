//! The queue: claiming, leases and finishing.

use crate::support::{Db, NOW, attempt, delta, id, job, on_both};
use domain::{
    id::{JobId, NodeId},
    job::{Job, JobKind, JobResult, JobState, Usage},
    outcome::{AttemptOutcome, ErrorClass},
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
    a_node_that_lost_its_lease_can_finish_nothing,
    only_the_lost_ones_of_a_batch_are_left_out,
    a_try_reported_twice_is_kept_once,
    a_finish_that_fails_halfway_leaves_nothing_behind,
    a_lease_is_extended_for_the_jobs_still_held,
    a_job_given_back_is_offered_again_with_its_try_uncounted,
    a_job_whose_lease_expired_is_offered_again,
    a_job_whose_lease_expired_at_its_last_try_is_a_dead_letter,
    two_nodes_that_recover_at_once_recover_each_job_once,
    nodes_that_finish_extend_and_recover_at_once_do_not_block_each_other,
}

const LEASE: Timestamp = Timestamp(NOW.0 + 60 * SECOND);

/// Adds `jobs` and claims all of them for a new node.
async fn running(db: &Db, jobs: &[Job]) -> (NodeId, Vec<Job>) {
    let node = id(NodeId::new);
    db.add_jobs(jobs).await.unwrap();
    (node, db.claim(node, 1_000, NOW, LEASE).await.unwrap())
}

fn succeeded(job: &Job, then: Vec<Job>) -> Finished {
    let result = JobResult { text: Some("Short.".into()), ..JobResult::default() };
    Finished { attempt: attempt(job, AttemptOutcome::Succeeded), next: Next::Succeeded { result, then } }
}

fn retry(job: &Job, at: Timestamp) -> Finished {
    let next = Next::Retry { at, reason: "the far side was busy".into(), class: ErrorClass::Server };
    let mut attempt = attempt(job, AttemptOutcome::Retry);
    attempt.error_class = Some(ErrorClass::Server);
    attempt.status = Some(503);
    attempt.next_run_at = Some(at);
    Finished { attempt, next }
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
        next: Next::Held { reason: "the monthly budget is spent".into() },
    };
    assert_eq!(db.finish(&[held], NOW, &[]).await.unwrap(), [true]);
    let resting = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((resting.state, resting.attempt, resting.finished_at), (JobState::Held, 0, None));
    assert_eq!(resting.reason.as_deref(), Some("the monthly budget is spent"));

    db.retry(None, resting.id, 3, NOW, &crate::support::audit("job.retry")).await.unwrap();
    let again = db.claim(node, 1, NOW, LEASE).await.unwrap();
    assert_eq!(db.finish(&[succeeded(&again[0], vec![])], NOW, &[]).await.unwrap(), [true]);
    assert_eq!(db.attempts(&[resting.id]).await.unwrap().len(), 1);
}

async fn a_node_that_lost_its_lease_can_finish_nothing(db: Db) {
    let (first, claimed) = running(&db, &[job()]).await;
    db.recover_expired(LEASE, 10).await.unwrap();
    let mut follow_up = job();
    follow_up.next_run_at = NOW.plus(3_600 * SECOND);
    let late = succeeded(&claimed[0], vec![follow_up.clone()]);

    // While it waits again, while another node runs it, and while this very node runs it a second time.
    assert_eq!(db.finish(std::slice::from_ref(&late), LEASE, &[]).await.unwrap(), [false]);
    let second = id(NodeId::new);
    let taken = db.claim(second, 1, LEASE, LEASE.plus(SECOND)).await.unwrap();
    assert_eq!(db.finish(std::slice::from_ref(&late), LEASE, &[]).await.unwrap(), [false]);
    db.finish(&[retry(&taken[0], LEASE)], LEASE, &[]).await.unwrap();
    let third = db.claim(first, 1, LEASE, LEASE.plus(SECOND)).await.unwrap();
    assert_eq!((third[0].node_id, third[0].attempt), (Some(first), 3));
    assert_eq!(db.finish(&[late], LEASE, &[]).await.unwrap(), [false]);

    assert_eq!(db.job(None, claimed[0].id).await.unwrap(), third[0], "nothing of it was written");
    assert!(db.results(&[claimed[0].id]).await.unwrap().is_empty());
    assert!(matches!(db.job(None, follow_up.id).await, Err(StoreError::NotFound)));
    let outcomes: Vec<_> =
        db.attempts(&[claimed[0].id]).await.unwrap().iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Lost, AttemptOutcome::Retry]);
}

async fn only_the_lost_ones_of_a_batch_are_left_out(db: Db) {
    let (node, claimed) = running(&db, &[job(), job(), job()]).await;
    db.give_back(node, &[claimed[1].id], NOW).await.unwrap();
    let unknown = Job { id: id(JobId::new), ..claimed[0].clone() };
    let batch: Vec<_> = [&claimed[2], &claimed[1], &unknown, &claimed[0]]
        .into_iter()
        .map(|job| succeeded(job, vec![]))
        .collect();
    assert_eq!(db.finish(&batch, NOW, &[]).await.unwrap(), [true, false, false, true]);
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    assert_eq!(db.attempts(&ids).await.unwrap().len(), 2);
    assert_eq!(db.results(&ids).await.unwrap().len(), 2);
}

async fn a_try_reported_twice_is_kept_once(db: Db) {
    let (_, claimed) = running(&db, &[job()]).await;
    let next = job();
    let batch = [succeeded(&claimed[0], vec![next.clone()]), succeeded(&claimed[0], vec![next])];
    assert_eq!(db.finish(&batch, NOW, &[]).await.unwrap(), [true, false]);
    assert_eq!(db.attempts(&[claimed[0].id]).await.unwrap().len(), 1);
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

async fn a_lease_is_extended_for_the_jobs_still_held(db: Db) {
    let (node, claimed) = running(&db, &[job(), job(), job()]).await;
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    db.finish(&[succeeded(&claimed[1], vec![])], NOW, &[]).await.unwrap();
    let until = LEASE.plus(SECOND);

    assert_eq!(db.extend_leases(id(NodeId::new), &ids, until).await.unwrap(), ids, "not the holder");
    assert_eq!(db.extend_leases(node, &ids, until).await.unwrap(), [ids[1]]);
    assert_eq!(db.job(None, ids[0]).await.unwrap().lease_until, Some(until));
    assert!(db.recover_expired(LEASE, 10).await.unwrap().is_empty());
    assert_eq!(db.recover_expired(until, 10).await.unwrap().len(), 2);
    assert_eq!(db.extend_leases(node, &ids, until).await.unwrap(), ids);
}

async fn a_job_given_back_is_offered_again_with_its_try_uncounted(db: Db) {
    let waiting = job();
    let (node, claimed) = running(&db, std::slice::from_ref(&waiting)).await;
    db.give_back(id(NodeId::new), &[waiting.id], NOW).await.unwrap();
    assert_eq!(db.job(None, waiting.id).await.unwrap(), claimed[0], "only its holder gives a job back");
    db.give_back(node, &[waiting.id], NOW).await.unwrap();
    assert_eq!(db.job(None, waiting.id).await.unwrap(), waiting);
    assert_eq!(db.claim(node, 1, NOW, LEASE).await.unwrap()[0].attempt, 1);
    assert!(db.attempts(&[waiting.id]).await.unwrap().is_empty());
}

async fn a_job_whose_lease_expired_is_offered_again(db: Db) {
    let (node, claimed) = running(&db, &[job(), job()]).await;
    assert!(db.recover_expired(LEASE.plus(-1), 10).await.unwrap().is_empty());
    assert_eq!(db.recover_expired(LEASE, 1).await.unwrap().len(), 1);
    assert_eq!(db.recover_expired(LEASE, 1).await.unwrap().len(), 1);

    let waiting = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((waiting.state, waiting.attempt, waiting.next_run_at), (JobState::Pending, 1, LEASE));
    assert_eq!((waiting.node_id, waiting.lease_until, waiting.finished_at), (None, None, None));
    assert_eq!(waiting.error_class, Some(ErrorClass::LeaseExpired));
    let lost = &db.attempts(&[claimed[0].id]).await.unwrap()[0];
    assert_eq!((lost.number, lost.node_id, lost.outcome), (1, node, AttemptOutcome::Lost));
    assert_eq!((lost.started_at, lost.finished_at, lost.next_run_at), (NOW, LEASE, Some(LEASE)));
    assert_eq!(db.claim(node, 10, LEASE, LEASE.plus(1)).await.unwrap()[0].attempt, 2);
}

async fn a_job_whose_lease_expired_at_its_last_try_is_a_dead_letter(db: Db) {
    let (_, claimed) = running(&db, &[Job { max_attempts: 1, ..job() }]).await;
    db.recover_expired(LEASE, 10).await.unwrap();
    let dead = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((dead.state, dead.finished_at), (JobState::Deadletter, Some(LEASE)));
    assert!(dead.reason.is_some());
    assert_eq!(db.attempts(&[dead.id]).await.unwrap()[0].next_run_at, None);
    assert!(db.claim(id(NodeId::new), 1, LEASE, LEASE).await.unwrap().is_empty());
}

async fn two_nodes_that_recover_at_once_recover_each_job_once(db: Db) {
    let jobs: Vec<_> = (0..100).map(|_| job()).collect();
    let (_, claimed) = running(&db, &jobs).await;
    let (one, two) = tokio::join!(db.recover_expired(LEASE, 60), db.recover_expired(LEASE, 60));
    let rest = db.recover_expired(LEASE, 100).await.unwrap();
    let recovered = one.unwrap().len() + two.unwrap().len() + rest.len();
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    assert_eq!((recovered, db.attempts(&ids).await.unwrap().len()), (100, 100));
}

async fn nodes_that_finish_extend_and_recover_at_once_do_not_block_each_other(db: Db) {
    let jobs: Vec<_> = (0..400).map(|_| job()).collect();
    let (node, claimed) = running(&db, &jobs).await;
    let mut work = tokio::task::JoinSet::new();
    for (n, piece) in claimed.chunks(50).enumerate() {
        let (mut batch, mut ids): (Vec<_>, Vec<_>) =
            piece.iter().map(|job| (succeeded(job, vec![]), job.id)).unzip();
        // Everybody names the jobs in an order of their own, and all overlap.
        ids.extend(claimed.iter().map(|job| job.id));
        batch.rotate_left(n);
        ids.rotate_left(n * 31);
        let db = db.clone();
        work.spawn(async move {
            db.extend_leases(node, &ids, LEASE.plus(1)).await.unwrap();
            let recovered = db.recover_expired(LEASE.plus(1), 20).await.unwrap();
            let held = db.finish(&batch, NOW, &[delta(node, "done", 50)]).await.unwrap();
            (recovered.len(), held.into_iter().filter(|held| *held).count())
        });
    }
    let (recovered, held): (Vec<_>, Vec<_>) = work.join_all().await.into_iter().unzip();
    let (recovered, held): (usize, usize) = (recovered.iter().sum(), held.iter().sum());
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    assert_eq!(db.results(&ids).await.unwrap().len(), held);
    assert_eq!(db.attempts(&ids).await.unwrap().len(), held + recovered, "every job ended once");
}
