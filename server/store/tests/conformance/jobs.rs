//! Jobs as people see them.

use crate::support::{Db, NOW, audit, id, job, on_both, other_tenant};
use domain::{
    filter::{Cursor, JobFilter},
    id::{JobId, VendorId},
    job::{Job, JobKind, JobState},
    outcome::{ErrorClass, GIVES_UP_AFTER, Verdict},
    time::Timestamp,
};
use store::{DEFAULT_TENANT_ID, StoreError};

on_both! {
    every_field_of_a_job_is_read_back_as_it_was_added,
    every_word_of_the_domain_can_be_stored,
    a_list_is_paged_newest_first_even_when_many_jobs_have_the_same_time,
    a_list_is_narrowed_by_state_kind_and_vendor,
    a_tenant_sees_its_own_jobs_only,
    states_are_counted_up_to_a_cap,
    a_resting_job_is_put_back_in_the_queue_with_more_tries,
    a_job_that_does_not_rest_cannot_be_put_back,
    a_row_that_cannot_be_read_is_an_error_and_no_panic,
}

async fn every_field_of_a_job_is_read_back_as_it_was_added(db: Db) {
    let mut full = job();
    full.reason = Some("✓ ünïcode \u{1f980}".into());
    full.error_class = Some(ErrorClass::BadAnswer);
    full.model = Some("large-2".into());
    full.usage.cost_micros = Some(i64::MAX);
    full.priority = i16::MIN;
    full.max_attempts = i32::MAX;
    full.started_at = Some(Timestamp(i64::MIN));
    full.finished_at = Some(Timestamp(i64::MAX));
    full.parent_id = Some(id(JobId::new));
    full.vendor_id = Some(id(VendorId::new));
    full.state = JobState::Failed;
    full.gives_up_at = Some(Timestamp(i64::MAX));
    db.add_jobs(std::slice::from_ref(&full)).await.unwrap();
    assert_eq!(db.job(None, full.id).await.unwrap(), full);
}

async fn every_word_of_the_domain_can_be_stored(db: Db) {
    let mut jobs: Vec<_> = JobState::ALL.iter().map(|state| Job { state: *state, ..job() }).collect();
    jobs.extend(JobKind::ALL.iter().map(|kind| Job { kind: *kind, ..job() }));
    // What is held has no class.
    let classes = ErrorClass::ALL.iter().filter(|class| class.verdict() != Verdict::Hold);
    jobs.extend(classes.map(|class| Job { error_class: Some(*class), ..job() }));
    db.add_jobs(&jobs).await.unwrap();
    for job in jobs {
        assert_eq!(db.job(None, job.id).await.unwrap(), job);
    }
}

async fn a_list_is_paged_newest_first_even_when_many_jobs_have_the_same_time(db: Db) {
    let mut jobs: Vec<_> = (0..40).map(|n| Job { created_at: NOW.plus(n / 15), ..job() }).collect();
    db.add_jobs(&jobs).await.unwrap();
    jobs.sort_by_key(|job| std::cmp::Reverse((job.created_at, job.id)));
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = db.jobs(None, &JobFilter::default(), after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(Cursor { created_at: last.created_at, id: last.id });
        seen.extend(page);
    }
    assert_eq!(seen, jobs);
}

async fn a_list_is_narrowed_by_state_kind_and_vendor(db: Db) {
    let vendors = [id(VendorId::new), id(VendorId::new)];
    let mut jobs = Vec::new();
    for state in JobState::ALL {
        for kind in JobKind::ALL {
            for vendor in vendors {
                jobs.push(Job { state: *state, kind: *kind, vendor_id: Some(vendor), ..job() });
            }
        }
    }
    db.add_jobs(&jobs).await.unwrap();
    let listed = async |filter: JobFilter| {
        let page = db.jobs(Some(DEFAULT_TENANT_ID), &filter, None, 1_000).await.unwrap();
        assert!(page.iter().all(|job| filter.state.is_none_or(|state| job.state == state)));
        assert!(page.iter().all(|job| filter.kind.is_none_or(|kind| job.kind == kind)));
        assert!(page.iter().all(|job| filter.vendor_id.is_none_or(|vendor| job.vendor_id == Some(vendor))));
        page.len()
    };
    let (states, kinds) = (JobState::ALL.len(), JobKind::ALL.len());
    assert_eq!(listed(JobFilter::default()).await, states * kinds * 2);
    for state in JobState::ALL {
        assert_eq!(listed(JobFilter { state: Some(*state), ..JobFilter::default() }).await, kinds * 2);
    }
    for kind in JobKind::ALL {
        let filter = JobFilter { kind: Some(*kind), vendor_id: Some(vendors[1]), ..JobFilter::default() };
        assert_eq!(listed(filter).await, states);
    }
}

async fn a_tenant_sees_its_own_jobs_only(db: Db) {
    let other = other_tenant(&db).await;
    let (mine, theirs) = (job(), Job { tenant_id: other, state: JobState::Failed, ..job() });
    db.add_jobs(&[mine.clone(), theirs.clone()]).await.unwrap();
    let scope = Some(DEFAULT_TENANT_ID);

    assert_eq!(db.jobs(scope, &JobFilter::default(), None, 10).await.unwrap(), [mine]);
    assert_eq!(db.jobs(None, &JobFilter::default(), None, 10).await.unwrap().len(), 2);
    assert!(matches!(db.job(scope, theirs.id).await, Err(StoreError::NotFound)));
    assert_eq!(db.job(Some(other), theirs.id).await.unwrap(), theirs);
    assert_eq!(db.oldest_due(Some(other), NOW).await.unwrap(), None);
    let retried = db.retry(scope, theirs.id, 1, NOW, &audit("job.retry")).await;
    assert!(matches!(retried, Err(StoreError::NotFound)));
    let counted = db.state_counts(scope, 10).await.unwrap();
    assert!(counted.contains(&(JobState::Pending, 1)) && counted.contains(&(JobState::Failed, 0)));
}

async fn states_are_counted_up_to_a_cap(db: Db) {
    let jobs: Vec<_> = (0..9)
        .map(|n| Job { state: if n < 2 { JobState::Held } else { JobState::Succeeded }, ..job() })
        .collect();
    db.add_jobs(&jobs).await.unwrap();
    let counted = db.state_counts(None, 5).await.unwrap();
    assert_eq!(counted.iter().map(|(state, _)| *state).collect::<Vec<_>>(), JobState::ALL);
    let of = |state| counted.iter().find(|(counted, _)| *counted == state).unwrap().1;
    assert_eq!([of(JobState::Held), of(JobState::Succeeded), of(JobState::Failed)], [2, 5, 0]);
}

async fn a_resting_job_is_put_back_in_the_queue_with_more_tries(db: Db) {
    for state in JobState::ALL.iter().filter(|state| state.may_retry()) {
        let resting = Job {
            state: *state,
            attempt: 3,
            reason: Some("gone".into()),
            error_class: Some(ErrorClass::Rejected),
            finished_at: Some(NOW),
            ..job()
        };
        db.add_jobs(std::slice::from_ref(&resting)).await.unwrap();
        let later = NOW.plus(9);
        db.retry(Some(DEFAULT_TENANT_ID), resting.id, 2, later, &audit("job.retry")).await.unwrap();
        let expected = Job {
            state: JobState::Pending,
            next_run_at: later,
            max_attempts: 5,
            reason: None,
            error_class: None,
            finished_at: None,
            updated_at: later,
            gives_up_at: Some(later.plus(GIVES_UP_AFTER)),
            ..resting
        };
        assert_eq!(db.job(None, expected.id).await.unwrap(), expected);
    }
    let log = db.audit_log(None, NOW.plus(1), 100).await.unwrap();
    assert_eq!(log.len(), JobState::ALL.iter().filter(|state| state.may_retry()).count());
}

async fn a_job_that_does_not_rest_cannot_be_put_back(db: Db) {
    for state in JobState::ALL.iter().filter(|state| !state.may_retry()) {
        let busy = Job { state: *state, ..job() };
        db.add_jobs(std::slice::from_ref(&busy)).await.unwrap();
        let retried = db.retry(None, busy.id, 1, NOW, &audit("job.retry")).await;
        assert!(matches!(retried, Err(StoreError::Conflict)), "{state}");
        assert_eq!(db.job(None, busy.id).await.unwrap(), busy);
    }
    let retried = db.retry(None, id(JobId::new), 1, NOW, &audit("job.retry")).await;
    assert!(matches!(retried, Err(StoreError::NotFound)));
    assert!(db.audit_log(None, NOW.plus(1), 100).await.unwrap().is_empty());
}

async fn a_row_that_cannot_be_read_is_an_error_and_no_panic(db: Db) {
    let odd = job();
    db.add_jobs(std::slice::from_ref(&odd)).await.unwrap();
    db.tamper("update jobs set params = '{'").await;
    assert!(matches!(db.job(None, odd.id).await, Err(StoreError::Corrupt(_))));
}
