//! What people do to jobs.

use crate::{
    support::{Db, NOW, audit, id, job, on_both, other_tenant},
    work::{LEASE, running, succeeded},
};
use domain::{
    filter::JobFilter,
    holder::Holder,
    id::{JobId, NodeId},
    job::{Job, JobKind, JobParams, JobState},
    outcome::{AttemptOutcome, GIVES_UP_AFTER},
    pause::PauseTarget,
    time::SECOND,
};
use store::{DEFAULT_TENANT_ID, JobChange};

on_both! {
    a_job_put_back_in_the_queue_has_the_time_its_rule_gives_it,
    each_change_is_for_the_states_it_fits_and_leaves_others_alone,
    a_job_cancelled_while_it_runs_keeps_the_try_and_its_node_can_write_nothing_more,
    a_job_a_person_holds_is_let_go_by_a_person_only,
    a_retried_job_has_fresh_tries_and_is_held_by_nothing,
    a_job_made_urgent_is_claimed_before_older_ones,
    a_job_given_a_later_priority_waits_for_all_others_and_is_due_when_it_was,
    jobs_of_another_tenant_are_not_changed,
    one_entry_says_how_many_jobs_were_changed_and_none_is_written_for_nothing,
    jobs_of_a_filter_are_counted_up_to_a_bound,
}

fn cancel() -> JobChange {
    JobChange::Cancel { reason: "cancelled by ada".into(), note: "cancelled by ada while it ran".into() }
}

fn hold() -> JobChange {
    JobChange::Hold { reason: "held by ada".into() }
}

async fn each_change_is_for_the_states_it_fits_and_leaves_others_alone(db: Db) {
    for change in [
        cancel(),
        hold(),
        JobChange::Release,
        JobChange::Retry { tries: 2 },
        JobChange::Prioritise(3),
        JobChange::Hurry(-1),
    ] {
        let jobs: Vec<_> = JobState::ALL
            .iter()
            .filter(|state| **state != JobState::Running)
            .map(|state| Job { state: *state, ..job() })
            .collect();
        db.add_jobs(&jobs).await.unwrap();
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let mut changed = db.change_jobs(None, &ids, &change, NOW, &audit("job.change")).await.unwrap();
        let fits = |job: &&Job| change.operation().fits(job.state);
        let mut expected: Vec<_> = jobs.iter().filter(fits).map(|job| job.id).collect();
        changed.sort();
        expected.sort();
        assert_eq!(changed, expected, "{change:?}");
        for before in &jobs {
            let after = db.job(None, before.id).await.unwrap();
            let state = match (&change, fits(&before)) {
                (_, false) => before.state,
                (JobChange::Cancel { .. }, _) => JobState::Cancelled,
                (JobChange::Hold { .. }, _) => JobState::Held,
                _ => JobState::Pending,
            };
            assert_eq!(after.state, state, "{change:?} of a {} job", before.state);
            assert_eq!(after.state == JobState::Cancelled && fits(&before), after.finished_at.is_some());
        }
    }
}

async fn a_job_cancelled_while_it_runs_keeps_the_try_and_its_node_can_write_nothing_more(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let one = claimed[0].id;
    assert_eq!(db.tries_held(node, &[one]).await.unwrap(), [(one, 1)]);
    let later = NOW.plus(SECOND);
    db.change_jobs(None, &[one], &cancel(), later, &audit("job.cancel")).await.unwrap();

    assert!(db.tries_held(node, &[one]).await.unwrap().is_empty());
    assert_eq!(db.finish(&[succeeded(&claimed[0], vec![job()])], later, &[]).await.unwrap(), [false]);
    let ended = db.job(None, one).await.unwrap();
    assert_eq!((ended.state, ended.finished_at, ended.node_id), (JobState::Cancelled, Some(later), None));
    assert_eq!(ended.reason.as_deref(), Some("cancelled by ada while it ran"));
    let tries = db.attempts(&[one]).await.unwrap();
    assert_eq!((tries.len(), tries[0].number, tries[0].outcome), (1, 1, AttemptOutcome::Failed));
    assert_eq!(tries[0].error, ended.reason);
    assert!(db.results(&[one]).await.unwrap().is_empty());
    // Put back, it goes on with the next number.
    db.change_jobs(None, &[one], &JobChange::Retry { tries: 1 }, later, &audit("job.retry")).await.unwrap();
    assert_eq!(db.claim(node, 1, later, LEASE).await.unwrap()[0].attempt, 2);
}

async fn a_job_a_person_holds_is_let_go_by_a_person_only(db: Db) {
    let waiting = job();
    db.add_jobs(std::slice::from_ref(&waiting)).await.unwrap();
    db.change_jobs(None, &[waiting.id], &hold(), NOW, &audit("job.hold")).await.unwrap();
    assert_eq!(db.holders().await.unwrap(), [Holder::Person]);
    assert_eq!(db.let_go(&Holder::Pause(PauseTarget::Everything), 9, NOW, 0).await.unwrap(), 0);
    db.change_jobs(None, &[waiting.id], &JobChange::Release, NOW, &audit("job.release")).await.unwrap();
    let let_go = db.job(None, waiting.id).await.unwrap();
    assert_eq!(let_go.deadline(), NOW.plus(GIVES_UP_AFTER), "the time it was held does not count");
    assert_eq!(Job { gives_up_at: None, ..let_go }, waiting, "otherwise as it was");
    assert!(db.holders().await.unwrap().is_empty());
}

async fn a_retried_job_has_fresh_tries_and_is_held_by_nothing(db: Db) {
    let jobs = [Job { state: JobState::Deadletter, attempt: 3, ..job() }, job()];
    db.add_jobs(&jobs).await.unwrap();
    db.change_jobs(None, &[jobs[1].id], &hold(), NOW, &audit("job.hold")).await.unwrap();
    let retry = JobChange::Retry { tries: 4 };
    db.change_jobs(None, &[jobs[0].id], &retry, NOW, &audit("job.retry")).await.unwrap();
    db.retry(None, jobs[1].id, 4, NOW, &audit("job.retry")).await.unwrap();
    let tries: Vec<_> = [db.job(None, jobs[0].id).await.unwrap(), db.job(None, jobs[1].id).await.unwrap()]
        .iter()
        .map(|job| (job.state, job.attempt, job.max_attempts))
        .collect();
    assert_eq!(tries, [(JobState::Pending, 3, 7), (JobState::Pending, 0, 4)]);
    assert!(db.holders().await.unwrap().is_empty());
}

async fn a_job_made_urgent_is_claimed_before_older_ones(db: Db) {
    let late = Job { next_run_at: NOW.plus(60 * SECOND), ..job() };
    db.add_jobs(&[job(), job(), late.clone()]).await.unwrap();
    db.change_jobs(None, &[late.id], &JobChange::Hurry(-10), NOW, &audit("job.sooner")).await.unwrap();
    assert_eq!(db.claim(id(NodeId::new), 1, NOW, LEASE).await.unwrap()[0].id, late.id);
}

async fn a_job_given_a_later_priority_waits_for_all_others_and_is_due_when_it_was(db: Db) {
    let (first, second) = (job(), Job { next_run_at: NOW.plus(1), ..job() });
    let waits = Job { next_run_at: NOW.plus(60 * SECOND), ..job() };
    db.add_jobs(&[first.clone(), second.clone(), waits.clone()]).await.unwrap();
    let later = JobChange::Prioritise(10);
    db.change_jobs(None, &[first.id, waits.id], &later, NOW, &audit("job.prioritise")).await.unwrap();
    let stored = db.job(None, waits.id).await.unwrap();
    assert_eq!((stored.priority, stored.next_run_at), (10, waits.next_run_at));
    let claimed = db.claim(id(NodeId::new), 9, NOW.plus(1), LEASE).await.unwrap();
    let ids: Vec<_> = claimed.iter().map(|job| job.id).collect();
    assert_eq!(ids, [second.id, first.id]);
}

async fn jobs_of_another_tenant_are_not_changed(db: Db) {
    let other = other_tenant(&db).await;
    let theirs = Job { tenant_id: other, ..job() };
    let mine = job();
    db.add_jobs(&[theirs.clone(), mine.clone()]).await.unwrap();
    let ids = [theirs.id, mine.id];
    let scope = Some(DEFAULT_TENANT_ID);
    assert_eq!(db.change_jobs(scope, &ids, &cancel(), NOW, &audit("job.cancel")).await.unwrap(), [mine.id]);
    assert_eq!(db.job(None, theirs.id).await.unwrap(), theirs);
    assert_eq!(db.count_jobs(scope, &JobFilter::default(), 10).await.unwrap(), 1);
    assert_eq!(db.count_jobs(None, &JobFilter::default(), 10).await.unwrap(), 2);
}

async fn one_entry_says_how_many_jobs_were_changed_and_none_is_written_for_nothing(db: Db) {
    let jobs = [job(), job(), Job { state: JobState::Succeeded, ..job() }];
    db.add_jobs(&jobs).await.unwrap();
    let ids = jobs.map(|job| job.id);
    db.change_jobs(None, &ids, &cancel(), NOW, &audit("job.cancel")).await.unwrap();
    assert!(db.change_jobs(None, &ids, &cancel(), NOW, &audit("job.cancel")).await.unwrap().is_empty());
    let log = db.audit_log(None, NOW.plus(SECOND), 10).await.unwrap();
    assert_eq!(log.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>(), ["2 jobs: detail"]);
}

async fn jobs_of_a_filter_are_counted_up_to_a_bound(db: Db) {
    let held = |kind| Job { kind, state: JobState::Held, ..job() };
    db.add_jobs(&[held(JobKind::Publish), held(JobKind::Publish), held(JobKind::Callback), job()])
        .await
        .unwrap();
    let of = |state, kind| JobFilter { state: Some(state), kind, ..JobFilter::default() };
    for (filter, cap, count) in [
        (of(JobState::Held, None), 10, 3),
        (of(JobState::Held, None), 2, 2),
        (of(JobState::Held, Some(JobKind::Publish)), 10, 2),
        (of(JobState::Running, None), 10, 0),
    ] {
        assert_eq!(db.count_jobs(Some(DEFAULT_TENANT_ID), &filter, cap).await.unwrap(), count, "{filter:?}");
    }
}

async fn a_job_put_back_in_the_queue_has_the_time_its_rule_gives_it(db: Db) {
    let hurried = JobParams {
        deadline_s: Some(7_200),
        prompt: Some("a\0b \"deadline_s\":9".into()),
        ..JobParams::default()
    };
    for (params, time) in [(hurried, 7_200 * SECOND), (JobParams::default(), GIVES_UP_AFTER)] {
        let held = Job { state: JobState::Held, params, ..job() };
        let failed = Job { state: JobState::Failed, id: id(JobId::new), ..held.clone() };
        let dead = Job { state: JobState::Deadletter, id: id(JobId::new), ..held.clone() };
        db.add_jobs(&[held.clone(), failed.clone(), dead.clone()]).await.unwrap();
        let later = NOW.plus(SECOND);
        db.change_jobs(None, &[held.id], &JobChange::Release, later, &audit("job.release")).await.unwrap();
        let again = JobChange::Retry { tries: 3 };
        db.change_jobs(None, &[failed.id], &again, later, &audit("job.retry")).await.unwrap();
        db.retry(None, dead.id, 3, later, &audit("job.retry")).await.unwrap();
        for one in [held.id, failed.id, dead.id] {
            let job = db.job(None, one).await.unwrap();
            assert_eq!((job.state, job.deadline()), (JobState::Pending, later.plus(time)));
        }
    }
}
