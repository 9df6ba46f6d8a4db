//! Leases: who may still change a job, and what becomes of one whose node went away.

use crate::{
    support::{Db, NOW, audit, delta, id, job, on_both, parked},
    work::{LEASE, retry, running, succeeded},
};
use domain::{
    holder::Holder,
    id::{JobId, NodeId},
    job::{Job, JobState},
    outcome::{AttemptOutcome, ErrorClass},
    time::{HOUR, SECOND},
};
use store::{JobChange, StoreError};

on_both! {
    a_node_that_lost_its_lease_can_finish_nothing,
    only_the_lost_ones_of_a_batch_are_left_out,
    a_lease_is_extended_for_the_jobs_still_held,
    a_job_given_back_is_offered_again_with_its_try_uncounted,
    a_job_whose_lease_expired_is_offered_again,
    a_job_whose_lease_expired_at_its_last_try_is_a_dead_letter,
    a_job_whose_node_went_away_twice_is_parked_and_not_run_again_by_itself,
    a_node_whose_clock_jumped_takes_no_job_of_a_living_node_when_it_judges_leases_by_the_shared_clock,
    a_job_taken_over_wrongly_is_finished_once_and_asks_with_the_same_key,
    the_database_s_clock_is_the_same_for_everybody_and_goes_on,
    two_nodes_that_recover_at_once_recover_each_job_once,
    nodes_that_finish_extend_and_recover_at_once_do_not_block_each_other,
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

async fn a_job_whose_node_went_away_twice_is_parked_and_not_run_again_by_itself(db: Db) {
    let (node, claimed) = running(&db, &[Job { max_attempts: 5, ..job() }]).await;
    let one = claimed[0].id;
    db.recover_expired(LEASE, 10).await.unwrap();
    let second = LEASE.plus(SECOND);
    db.claim(node, 1, LEASE, second).await.unwrap();
    db.recover_expired(second, 10).await.unwrap();

    let parked = db.job(None, one).await.unwrap();
    assert_eq!((parked.state, parked.attempt, parked.finished_at), (JobState::Held, 2, None));
    assert_eq!(parked.reason.as_deref(), Some("its node died twice while it ran"));
    assert_eq!((parked.node_id, parked.lease_until), (None, None));
    assert_eq!(db.holders().await.unwrap(), [Holder::Poison]);
    let log = db.audit_log(None, NOW.plus(1), 9).await.unwrap();
    let told: Vec<_> = log.iter().filter(|entry| entry.action == "job.park").collect();
    assert_eq!(told.len(), 1, "and noted once");
    assert_eq!(
        (told[0].target.clone(), told[0].detail.as_str()),
        (one.to_string(), "its node died twice while it ran")
    );
    let tries = db.attempts(&[one]).await.unwrap();
    let told: Vec<_> = tries.iter().map(|attempt| (attempt.outcome, attempt.next_run_at)).collect();
    assert_eq!(told, [(AttemptOutcome::Lost, Some(LEASE)), (AttemptOutcome::Lost, None)]);
    assert!(db.claim(node, 1, second.plus(SECOND), second.plus(SECOND)).await.unwrap().is_empty());

    // A person may give it another try; should that end its node, too, it is parked again.
    let again = second.plus(SECOND);
    db.change_jobs(None, &[one], &JobChange::Release, second, &audit("job.release")).await.unwrap();
    assert_eq!(db.claim(node, 1, second, again).await.unwrap()[0].attempt, 3);
    db.recover_expired(again, 10).await.unwrap();
    assert_eq!(db.job(None, one).await.unwrap().state, JobState::Held);
}

async fn a_node_whose_clock_jumped_takes_no_job_of_a_living_node_when_it_judges_leases_by_the_shared_clock(
    db: Db,
) {
    let (_, claimed) = running(&db, &[job()]).await;
    let shared = LEASE.plus(-SECOND);
    for jump in [HOUR, -HOUR] {
        assert!(db.recover_over(shared, NOW.plus(jump), 10, &parked).await.unwrap().is_empty());
    }
    assert_eq!(db.job(None, claimed[0].id).await.unwrap(), claimed[0]);
    // When its node went away it is due at once by the clock of those that claim, whatever the other one shows.
    assert_eq!(db.recover_over(LEASE, NOW, 10, &parked).await.unwrap(), [claimed[0].id]);
    assert_eq!(db.job(None, claimed[0].id).await.unwrap().next_run_at, NOW);
}

async fn a_job_taken_over_wrongly_is_finished_once_and_asks_with_the_same_key(db: Db) {
    let (first, claimed) = running(&db, &[job()]).await;
    let jumped = LEASE.plus(HOUR);
    db.recover_expired(jumped, 10).await.unwrap();
    let again = db.claim(id(NodeId::new), 1, jumped, jumped.plus(SECOND)).await.unwrap();
    assert_eq!(again[0].idempotency_key, claimed[0].idempotency_key);
    // The first node learns at its next round that the job is not its own any more, and stops it.
    assert_eq!(db.extend_leases(first, &[claimed[0].id], LEASE.plus(SECOND)).await.unwrap(), [claimed[0].id]);
    assert_eq!(db.finish(&[succeeded(&claimed[0], vec![])], LEASE, &[]).await.unwrap(), [false]);
    assert_eq!(db.finish(&[succeeded(&again[0], vec![])], jumped, &[]).await.unwrap(), [true]);
    let outcomes: Vec<_> =
        db.attempts(&[claimed[0].id]).await.unwrap().iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Lost, AttemptOutcome::Succeeded]);
}

async fn the_database_s_clock_is_the_same_for_everybody_and_goes_on(db: Db) {
    let first = db.time().await.unwrap();
    let second = db.time().await.unwrap();
    assert!(second >= first && second.since(first) < 60 * SECOND);
    let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!((second.0 - here.as_micros() as i64).abs() < 60 * SECOND, "this machine's, in these tests");
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
