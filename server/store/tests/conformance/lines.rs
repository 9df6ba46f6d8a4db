//! Lines: jobs about one subject that run one after the other.

use crate::{
    support::{Db, NOW, id, job, on_both},
    work::{LEASE, attempt, running, succeeded},
};
use domain::{
    holder::Holder,
    id::{EventId, NodeId, RuleId},
    job::{Job, JobParams, JobState},
    outcome::{AttemptOutcome, ErrorClass},
};
use store::{Finished, Next};

on_both! {
    of_a_line_only_the_first_may_run_and_other_subjects_do_not_wait,
    the_end_of_a_job_lets_the_next_of_its_line_go,
    what_goes_on_from_a_job_keeps_its_place_before_the_next_event,
    a_dead_letter_stops_nobody_and_a_job_that_is_tried_again_does,
    a_line_whose_first_was_cancelled_moves_up,
}

fn about(subject: &str, rule: RuleId) -> Job {
    Job {
        event_id: Some(id(EventId::new)),
        rule_id: Some(rule),
        subject_id: Some(subject.into()),
        params: JobParams { in_order: true, ..JobParams::default() },
        ..job()
    }
}

/// Claims all that is due; those that are not first in their line are put aside as a worker does it.
async fn work(db: &Db) -> (NodeId, Vec<Job>) {
    let node = id(NodeId::new);
    let mut first = Vec::new();
    for job in db.claim(node, 100, NOW, LEASE).await.unwrap() {
        if db.is_first_in_line(&job).await.unwrap() {
            first.push(job);
            continue;
        }
        let next = Next::Held { reason: "waits".into(), by: Holder::Line };
        let held = Finished { attempt: attempt(&job, AttemptOutcome::Held), next };
        assert_eq!(db.finish(&[held], NOW, &[]).await.unwrap(), [true]);
    }
    (node, first)
}

async fn state(db: &Db, job: &Job) -> JobState {
    db.job(None, job.id).await.unwrap().state
}

async fn of_a_line_only_the_first_may_run_and_other_subjects_do_not_wait(db: Db) {
    let (rule, other_rule) = (id(RuleId::new), id(RuleId::new));
    let jobs = [
        about("a", rule),
        about("a", rule),
        about("b", rule),
        about("a", other_rule),
        Job { subject_id: None, ..about("a", rule) },
        Job { params: JobParams::default(), ..about("a", rule) },
    ];
    db.add_jobs(&jobs).await.unwrap();
    let (_, first) = work(&db).await;
    let mut first: Vec<_> = first.iter().map(|job| job.id).collect();
    first.sort_unstable();
    assert_eq!(first, [jobs[0].id, jobs[2].id, jobs[3].id, jobs[4].id, jobs[5].id]);
    assert_eq!(state(&db, &jobs[1]).await, JobState::Held);
    assert!(!db.is_first_in_line(&jobs[1]).await.unwrap());
    assert_eq!(db.move_lines_up(NOW, 10).await.unwrap(), 0, "the first still runs");
}

async fn the_end_of_a_job_lets_the_next_of_its_line_go(db: Db) {
    let rule = id(RuleId::new);
    let jobs = [about("a", rule), about("a", rule), about("a", rule)];
    db.add_jobs(&jobs).await.unwrap();
    for expected in &jobs {
        let (_, first) = work(&db).await;
        assert_eq!(first.iter().map(|job| job.id).collect::<Vec<_>>(), [expected.id]);
        db.finish(&[succeeded(&first[0], Vec::new())], NOW, &[]).await.unwrap();
    }
    let last = db.job(None, jobs[2].id).await.unwrap();
    assert_eq!((last.state, last.attempt), (JobState::Succeeded, 1), "waiting took no try");
}

async fn what_goes_on_from_a_job_keeps_its_place_before_the_next_event(db: Db) {
    let rule = id(RuleId::new);
    let (one, two) = (about("a", rule), about("a", rule));
    db.add_jobs(&[one.clone(), two.clone()]).await.unwrap();
    let (_, first) = work(&db).await;
    let then = Job { event_id: one.event_id, parent_id: Some(one.id), ..about("a", rule) };
    db.finish(&[succeeded(&first[0], vec![then.clone()])], NOW, &[]).await.unwrap();
    assert_eq!(state(&db, &two).await, JobState::Held);
    let (_, first) = work(&db).await;
    assert_eq!(first[0].id, then.id);
    db.finish(&[succeeded(&first[0], Vec::new())], NOW, &[]).await.unwrap();
    assert_eq!(state(&db, &two).await, JobState::Pending);
}

async fn a_dead_letter_stops_nobody_and_a_job_that_is_tried_again_does(db: Db) {
    let rule = id(RuleId::new);
    let jobs = [about("a", rule), about("a", rule)];
    db.add_jobs(&jobs).await.unwrap();
    let (_, first) = work(&db).await;
    let again = crate::work::retry(&first[0], NOW);
    db.finish(&[again], NOW, &[]).await.unwrap();
    assert_eq!(state(&db, &jobs[1]).await, JobState::Held);
    let (_, first) = work(&db).await;
    let next = Next::Deadletter { reason: "the last try failed".into(), class: ErrorClass::Server };
    let dead = Finished { attempt: attempt(&first[0], AttemptOutcome::Deadletter), next };
    db.finish(&[dead], NOW, &[]).await.unwrap();
    let (_, first) = work(&db).await;
    assert_eq!(first[0].id, jobs[1].id);
}

async fn a_line_whose_first_was_cancelled_moves_up(db: Db) {
    let rule = id(RuleId::new);
    let jobs = [about("a", rule), about("a", rule), about("a", rule)];
    let (_, claimed) = running(&db, &jobs[..1]).await;
    db.add_jobs(&jobs[1..]).await.unwrap();
    work(&db).await;
    let cancel = store::JobChange::Cancel { reason: "not wanted".into(), note: "stopped".into() };
    let audit = crate::support::audit("job.cancel");
    db.change_jobs(None, &[claimed[0].id], &cancel, NOW, &audit).await.unwrap();
    assert_eq!(db.move_lines_up(NOW, 10).await.unwrap(), 1);
    assert_eq!(state(&db, &jobs[1]).await, JobState::Pending);
    assert_eq!(state(&db, &jobs[2]).await, JobState::Held);
}
