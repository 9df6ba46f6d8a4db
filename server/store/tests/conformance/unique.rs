//! Work that is not done twice.

use crate::support::{Db, NOW, audit, event, id, job, on_both, other_tenant};
use domain::{
    id::{EventId, JobId, VendorId},
    job::{Job, JobState},
    time::{DAY, MINUTE},
};
use std::collections::HashSet;
use store::{AddedOnce, DEFAULT_TENANT_ID, NewEvent, UniqueKey};

on_both! {
    the_same_work_within_its_window_starts_one_job_and_the_others_say_which,
    the_same_work_in_one_batch_starts_one_job,
    work_whose_window_is_over_is_done_again,
    the_window_that_is_asked_for_now_decides,
    work_that_failed_or_was_cancelled_is_done_again,
    a_job_that_is_gone_does_nobodys_work,
    other_jobs_of_the_same_event_are_made,
    a_repeated_event_neither_asks_nor_tells,
    of_many_at_once_one_makes_the_job,
    a_job_is_added_once_by_any_of_its_keys,
    a_job_that_is_not_added_leaves_no_key_behind,
    of_many_who_add_a_job_once_at_once_one_does,
    keys_are_forgotten_after_their_window,
    what_is_known_of_repeated_work_goes_with_its_event,
}

fn key(name: &str) -> UniqueKey {
    let mut key = [0; 32];
    key[..name.len()].copy_from_slice(name.as_bytes());
    UniqueKey { key, window: MINUTE, even_if_failed: false }
}

/// An event of its own whose one job does the work `name`, `after` the beginning.
fn asks(name: &str, after: i64) -> NewEvent {
    let mut new = event(id(VendorId::new), "evt", "body", 1);
    new.event.received_at = NOW.plus(after);
    new.jobs[0].created_at = NOW.plus(after);
    new.unique = vec![(new.jobs[0].id, key(name))];
    new
}

async fn record(db: &Db, new: &NewEvent) {
    let recorded = db.record(std::slice::from_ref(new), &[]).await.unwrap();
    assert!(recorded[0].id == new.event.id && !recorded[0].duplicate, "the event itself is always kept");
}

async fn started(db: &Db, new: &NewEvent) -> Vec<JobId> {
    db.jobs_of_event(new.event.id).await.unwrap().into_iter().map(|job| job.id).collect()
}

/// Asserts that `new` started its own job.
async fn made(db: &Db, new: &NewEvent) {
    assert_eq!(started(db, new).await, [new.jobs[0].id]);
    assert_eq!(db.done_already(new.event.id).await.unwrap(), []);
}

/// Asserts that `new` started nothing, because that job does it.
async fn done_by(db: &Db, new: &NewEvent, job: JobId) {
    assert_eq!(started(db, new).await, []);
    assert_eq!(db.done_already(new.event.id).await.unwrap(), [job]);
}

async fn the_same_work_within_its_window_starts_one_job_and_the_others_say_which(db: Db) {
    let (first, second, other, last) = (asks("a", 0), asks("a", 5), asks("b", 5), asks("a", MINUTE));
    for new in [&first, &second, &other, &last] {
        record(&db, new).await;
    }
    made(&db, &first).await;
    made(&db, &other).await;
    let job = first.jobs[0].id;
    for again in [&second, &last] {
        done_by(&db, again, job).await;
        assert_eq!(db.event_payload(again.event.id).await.unwrap(), again.payload, "nothing is lost");
    }
    assert_eq!(db.asked_again(job, 9).await.unwrap(), [second.event.id, last.event.id]);
    assert_eq!(db.asked_again(job, 1).await.unwrap(), [second.event.id]);
    assert_eq!(db.asked_again(other.jobs[0].id, 9).await.unwrap(), []);
}

async fn the_same_work_in_one_batch_starts_one_job(db: Db) {
    let mut batch: Vec<NewEvent> = (0..5).map(|n| asks("a", n)).collect();
    batch.push(asks("b", 0));
    db.record(&batch, &[]).await.unwrap();
    made(&db, &batch[5]).await;
    let mut jobs = HashSet::new();
    let mut done = HashSet::new();
    for new in &batch[..5] {
        jobs.extend(started(&db, new).await);
        done.extend(db.done_already(new.event.id).await.unwrap());
    }
    assert_eq!(jobs.len(), 1);
    assert_eq!(done, jobs);
}

async fn work_whose_window_is_over_is_done_again(db: Db) {
    let (first, second, third) = (asks("a", 0), asks("a", MINUTE + 1), asks("a", 2 * MINUTE));
    for new in [&first, &second, &third] {
        record(&db, new).await;
    }
    made(&db, &first).await;
    made(&db, &second).await;
    done_by(&db, &third, second.jobs[0].id).await;
}

async fn the_window_that_is_asked_for_now_decides(db: Db) {
    let first = asks("a", 0);
    record(&db, &first).await;
    let mut longer = asks("a", 9 * MINUTE);
    longer.unique[0].1.window = 10 * MINUTE;
    record(&db, &longer).await;
    done_by(&db, &longer, first.jobs[0].id).await;
    let mut shorter = asks("a", 5);
    shorter.unique[0].1.window = 4;
    record(&db, &shorter).await;
    made(&db, &shorter).await;
}

async fn work_that_failed_or_was_cancelled_is_done_again(db: Db) {
    for state in JobState::ALL {
        let mut first = asks(state.as_str(), 0);
        first.jobs[0].state = *state;
        let second = asks(state.as_str(), 5);
        record(&db, &first).await;
        record(&db, &second).await;
        match state {
            JobState::Failed | JobState::Deadletter | JobState::Cancelled => {
                made(&db, &second).await;
                let third = asks(state.as_str(), 6);
                record(&db, &third).await;
                done_by(&db, &third, second.jobs[0].id).await;
            }
            _ => done_by(&db, &second, first.jobs[0].id).await,
        }
    }
}

async fn a_job_that_is_gone_does_nobodys_work(db: Db) {
    let mut first = asks("a", 0);
    first.jobs[0].state = JobState::Succeeded;
    record(&db, &first).await;
    assert_eq!(db.forget_events(DEFAULT_TENANT_ID, NOW.plus(1), 9).await.unwrap().events, 1);
    let second = asks("a", 5);
    record(&db, &second).await;
    made(&db, &second).await;
}

async fn other_jobs_of_the_same_event_are_made(db: Db) {
    record(&db, &asks("a", 0)).await;
    let mut second = event(id(VendorId::new), "evt", "body", 3);
    second.unique = vec![(second.jobs[1].id, key("a")), (second.jobs[2].id, key("b"))];
    record(&db, &second).await;
    let mut both = [second.jobs[0].id, second.jobs[2].id];
    both.sort();
    let mut started = started(&db, &second).await;
    started.sort();
    assert_eq!(started, both);
    assert_eq!(db.done_already(second.event.id).await.unwrap().len(), 1);
}

async fn a_repeated_event_neither_asks_nor_tells(db: Db) {
    let first = asks("a", 0);
    record(&db, &first).await;
    let mut again = asks("a", 5);
    again.event.vendor_id = first.event.vendor_id;
    let recorded = db.record(std::slice::from_ref(&again), &[]).await.unwrap();
    assert!(recorded[0].duplicate);
    made(&db, &first).await;
    assert_eq!(db.asked_again(first.jobs[0].id, 9).await.unwrap(), []);
}

async fn of_many_at_once_one_makes_the_job(db: Db) {
    let mut senders = tokio::task::JoinSet::new();
    for n in 0..24_i64 {
        let db = db.clone();
        senders.spawn(async move {
            // In both orders: two that lock the same keys must not wait for each other for ever.
            let mut batch = vec![asks("a", n), asks("b", n), asks("c", n)];
            if n % 2 == 1 {
                batch.reverse();
            }
            db.record(&batch, &[]).await.unwrap();
            batch
        });
    }
    let events: Vec<NewEvent> = senders.join_all().await.into_iter().flatten().collect();
    let (mut jobs, mut done) = (HashSet::new(), HashSet::new());
    for new in &events {
        let (own, other) = (started(&db, new).await, db.done_already(new.event.id).await.unwrap());
        assert_eq!(own.len() + other.len(), 1, "each is done once or told by whom");
        jobs.extend(own);
        done.extend(other);
    }
    assert_eq!(jobs.len(), 3);
    assert_eq!(done, jobs, "what stands for the others was made");
}

async fn a_job_is_added_once_by_any_of_its_keys(db: Db) {
    let (by_id, by_input) = (UniqueKey { even_if_failed: true, window: DAY, ..key("id") }, key("input"));
    let first = Job { state: JobState::Failed, ..job() };
    assert_eq!(db.add_job_once(&first, &[by_id, by_input], None).await.unwrap(), AddedOnce::Added);
    let again = db.add_job_once(&job(), &[by_id], Some(&audit("job.add"))).await.unwrap();
    assert_eq!(again, AddedOnce::Already(first.id), "the same request, although its job failed");
    assert!(db.audit_log(None, NOW.plus(1), 9).await.unwrap().is_empty(), "nothing was done");
    let second = job();
    let added = db.add_job_once(&second, &[key("other"), by_input], Some(&audit("job.add"))).await.unwrap();
    assert_eq!(added, AddedOnce::Added, "the same input, whose job failed");
    assert_eq!(db.audit_log(None, NOW.plus(1), 9).await.unwrap().len(), 1);
    let third = db.add_job_once(&job(), &[key("fourth"), by_input], None).await.unwrap();
    assert_eq!(third, AddedOnce::Already(second.id));
    let none = job();
    assert_eq!(db.add_job_once(&none, &[], None).await.unwrap(), AddedOnce::Added, "a job without a key");
    assert_eq!(db.job(None, none.id).await.unwrap(), none);
}

async fn a_job_that_is_not_added_leaves_no_key_behind(db: Db) {
    let (first, second) = (job(), job());
    db.add_job_once(&first, &[key("a")], None).await.unwrap();
    let refused = db.add_job_once(&job(), &[key("a"), key("b")], None).await.unwrap();
    assert_eq!(refused, AddedOnce::Already(first.id));
    assert_eq!(db.add_job_once(&second, &[key("b")], None).await.unwrap(), AddedOnce::Added);
    // The same in a batch, where what else is in it is kept.
    let mut both = asks("a", 0);
    both.unique.push((both.jobs[0].id, key("c")));
    record(&db, &both).await;
    done_by(&db, &both, first.id).await;
    let third = asks("c", 0);
    record(&db, &third).await;
    made(&db, &third).await;
}

async fn of_many_who_add_a_job_once_at_once_one_does(db: Db) {
    let mut callers = tokio::task::JoinSet::new();
    for n in 0..24 {
        let db = db.clone();
        callers.spawn(async move {
            let job = job();
            let mut keys = vec![key("a"), key("b")];
            if n % 2 == 1 {
                keys.reverse();
            }
            match db.add_job_once(&job, &keys, None).await.unwrap() {
                AddedOnce::Added => (job.id, true),
                AddedOnce::Already(other) => (other, false),
            }
        });
    }
    let answers = callers.join_all().await;
    assert_eq!(answers.iter().filter(|(_, added)| *added).count(), 1);
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0), "all are told the same job");
    assert_eq!(db.job(None, answers[0].0).await.unwrap().id, answers[0].0);
}

async fn keys_are_forgotten_after_their_window(db: Db) {
    record(&db, &asks("a", 0)).await;
    record(&db, &asks("b", 30)).await;
    record(&db, &asks("c", 30)).await;
    assert_eq!(db.forget_unique(NOW.plus(MINUTE), 9).await.unwrap(), 0);
    assert_eq!(db.forget_unique(NOW.plus(MINUTE + 1), 9).await.unwrap(), 1);
    assert_eq!(db.forget_unique(NOW.plus(DAY), 1).await.unwrap(), 1);
    assert_eq!(db.forget_unique(NOW.plus(DAY), 9).await.unwrap(), 1);
}

async fn what_is_known_of_repeated_work_goes_with_its_event(db: Db) {
    other_tenant(&db).await;
    let (first, mut second) = (asks("a", 0), asks("a", 5));
    second.event.received_at = NOW.plus(-DAY);
    record(&db, &first).await;
    record(&db, &second).await;
    let job = first.jobs[0].id;
    done_by(&db, &second, job).await;
    assert_eq!(db.forget_events(DEFAULT_TENANT_ID, NOW.plus(-1), 9).await.unwrap().events, 1);
    assert_eq!(db.done_already(second.event.id).await.unwrap(), []);
    assert_eq!(db.asked_again(job, 9).await.unwrap(), Vec::<EventId>::new());
}
