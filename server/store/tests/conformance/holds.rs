//! Putting jobs aside and letting them go: nothing paused stands in the way of anything else, however much it is.

use crate::{
    support::{Db, NOW, id, job, on_both},
    work::LEASE,
};
use domain::{
    breaker::BreakerKey,
    holder::Holder,
    id::{DestinationId, JobId, NodeId, ProviderId},
    job::{Job, JobKind, JobState},
    pause::PauseTarget,
    queue::share,
    time::SECOND,
};

on_both! {
    the_head_of_the_queue_is_seen_in_the_order_of_claims_without_being_claimed,
    only_waiting_jobs_are_put_aside_and_they_say_what_holds_them,
    what_holds_jobs_is_named_once_however_many_there_are,
    the_oldest_held_jobs_are_let_go_first_and_not_all_at_one_instant,
    a_pause_does_not_shorten_the_time_a_failed_job_waits_anyway,
    a_hundred_thousand_paused_jobs_do_not_stand_in_the_way_of_others,
}

fn paused() -> Holder {
    Holder::Pause(PauseTarget::Destination(DestinationId::new(uuid::Uuid::from_u128(7))))
}

async fn the_head_of_the_queue_is_seen_in_the_order_of_claims_without_being_claimed(db: Db) {
    let at = |priority, at| Job { priority, next_run_at: NOW.plus(at), ..job() };
    let jobs = [at(0, -1), at(-3, 0), at(0, -2), at(0, 1), at(5, -9)];
    db.add_jobs(&jobs).await.unwrap();
    let ids = |jobs: &[Job]| jobs.iter().map(|job| job.id).collect::<Vec<_>>();
    let seen = ids(&db.due(10, NOW).await.unwrap());
    assert_eq!(seen, [jobs[1].id, jobs[2].id, jobs[0].id, jobs[4].id]);
    assert_eq!(ids(&db.due(2, NOW).await.unwrap()), seen[..2]);
    assert_eq!(ids(&db.claim(id(NodeId::new), 10, NOW, LEASE).await.unwrap()), seen);
}

async fn only_waiting_jobs_are_put_aside_and_they_say_what_holds_them(db: Db) {
    let jobs: Vec<_> = JobState::ALL.iter().map(|state| Job { state: *state, ..job() }).collect();
    db.add_jobs(&jobs).await.unwrap();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(db.hold_waiting(&ids, &paused(), "blog is paused", NOW).await.unwrap(), 1);
    let held = db.job(None, jobs[0].id).await.unwrap();
    assert_eq!(
        (held.state, held.reason.as_deref(), held.attempt),
        (JobState::Held, Some("blog is paused"), 0)
    );
    assert_eq!(db.holders().await.unwrap(), [paused()]);
    assert!(db.claim(id(NodeId::new), 10, NOW, LEASE).await.unwrap().is_empty());
}

async fn what_holds_jobs_is_named_once_however_many_there_are(db: Db) {
    assert!(db.holders().await.unwrap().is_empty());
    let writer = id(ProviderId::new);
    let provider = Holder::Breaker(BreakerKey::Provider(writer));
    let model = Holder::Breaker(BreakerKey::Model(writer, "large-2".into()));
    for holder in [&paused(), &model, &provider, &Holder::Person] {
        let jobs = [job(), job(), job()];
        db.add_jobs(&jobs).await.unwrap();
        db.hold_waiting(&jobs.map(|job| job.id), holder, "waits", NOW).await.unwrap();
    }
    let mut holders = db.holders().await.unwrap();
    holders.sort();
    assert_eq!(holders, [Holder::Person, paused(), provider, model]);
}

async fn the_oldest_held_jobs_are_let_go_first_and_not_all_at_one_instant(db: Db) {
    let jobs: Vec<_> =
        (0..5).map(|n| Job { created_at: NOW.plus(-n), next_run_at: NOW.plus(-n), ..job() }).collect();
    db.add_jobs(&jobs).await.unwrap();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    db.hold_waiting(&ids, &paused(), "waits", NOW).await.unwrap();
    assert_eq!(db.let_go(&Holder::Person, 10, NOW, 100).await.unwrap(), 0, "another's jobs stay");
    assert_eq!(db.let_go(&paused(), 3, NOW, 100).await.unwrap(), 3);
    let due: Vec<_> = db.due(10, NOW.plus(SECOND)).await.unwrap();
    let due: Vec<_> =
        due.iter().map(|job| (job.id, job.next_run_at.since(NOW), job.reason.clone())).collect();
    assert_eq!(due, [(ids[4], 0, None), (ids[3], 100, None), (ids[2], 200, None)]);
    assert_eq!(db.let_go(&paused(), 3, NOW, 100).await.unwrap(), 2);
    assert_eq!(db.let_go(&paused(), 3, NOW, 100).await.unwrap(), 0);
    assert!(db.holders().await.unwrap().is_empty());
}

async fn a_pause_does_not_shorten_the_time_a_failed_job_waits_anyway(db: Db) {
    let later = Job { next_run_at: NOW.plus(3_600 * SECOND), ..job() };
    db.add_jobs(std::slice::from_ref(&later)).await.unwrap();
    db.hold_waiting(&[later.id], &paused(), "waits", NOW).await.unwrap();
    db.let_go(&paused(), 10, NOW, 100).await.unwrap();
    assert_eq!(db.job(None, later.id).await.unwrap().next_run_at, later.next_run_at);
}

/// What a worker does when a claim brings jobs that may not run, with a backlog that is older than all other work.
async fn a_hundred_thousand_paused_jobs_do_not_stand_in_the_way_of_others(db: Db) {
    const BACKLOG: usize = 100_000;
    const HEAD: i64 = 1_000;
    let blog = id(DestinationId::new);
    let holder = Holder::Pause(PauseTarget::Destination(blog));
    let may_run = |job: &Job| job.destination_id != Some(blog);
    let waiting = || Job {
        kind: JobKind::Publish,
        destination_id: Some(blog),
        next_run_at: NOW.plus(-SECOND),
        ..job()
    };
    for _ in 0..BACKLOG / 2_000 {
        db.add_jobs(&(0..2_000).map(|_| waiting()).collect::<Vec<_>>()).await.unwrap();
    }
    let other = job();
    db.add_jobs(std::slice::from_ref(&other)).await.unwrap();

    // It stands in a queue of its own, so the first claim brings the other one.
    let node = id(NodeId::new);
    let takes = share(&db.queues().await.unwrap(), 10, NOW, i64::MIN, |_| 1);
    let claimed = db.claim_from(node, &takes, 10, &[], NOW, LEASE).await.unwrap();
    let (free, paused): (Vec<_>, Vec<_>) = claimed.into_iter().partition(may_run);
    assert_eq!(free.iter().map(|job| job.id).collect::<Vec<_>>(), [other.id]);
    let paused: Vec<JobId> = paused.iter().map(|job| job.id).collect();
    db.give_back(node, &paused, NOW).await.unwrap();

    let mut looks = 0;
    loop {
        let head: Vec<JobId> = db.due(HEAD, NOW).await.unwrap().iter().map(|job| job.id).collect();
        if head.is_empty() {
            break;
        }
        db.hold_waiting(&head, &holder, "blog is paused", NOW).await.unwrap();
        looks += 1;
    }
    assert_eq!(looks, BACKLOG / 1_000, "each paused job is touched once");

    // From here on the backlog is in nobody's sight, and is still one holder.
    assert!(db.claim(id(NodeId::new), 10, NOW, LEASE).await.unwrap().is_empty());
    assert!(db.due(10, NOW).await.unwrap().is_empty());
    assert_eq!(db.holders().await.unwrap(), std::slice::from_ref(&holder));
    assert_eq!(db.let_go(&holder, 500, NOW, 0).await.unwrap(), 500);
}
