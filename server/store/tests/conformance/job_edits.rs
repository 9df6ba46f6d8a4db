//! Jobs that are made from others.

use crate::{
    support::{Db, NOW, audit, id, job, on_both, other_tenant},
    work::running,
};
use domain::{
    id::JobId,
    job::{Job, JobState},
};
use store::{DEFAULT_TENANT_ID, JobEdit, StoreError};

on_both! {
    an_edited_copy_is_added_beside_a_job_that_rests_and_leaves_it_as_it_was,
    a_job_that_does_not_rest_or_is_not_ones_own_is_not_copied,
}

async fn an_edited_copy_is_added_beside_a_job_that_rests_and_leaves_it_as_it_was(db: Db) {
    let ends = [JobState::Succeeded, JobState::Failed, JobState::Deadletter, JobState::Cancelled];
    for state in ends {
        let origin = Job { state, reason: Some("why".into()), ..job() };
        db.add_jobs(std::slice::from_ref(&origin)).await.unwrap();
        let (first, second) = (job(), job());
        let scope = Some(DEFAULT_TENANT_ID);
        db.add_edited(scope, origin.id, &first, &audit("job.edit")).await.unwrap();
        db.add_edited(None, origin.id, &second, &audit("job.edit")).await.unwrap();
        assert_eq!(db.job(None, origin.id).await.unwrap(), origin, "{state}");
        assert_eq!(db.job(None, first.id).await.unwrap(), first);
        let edit = |copy: &Job| JobEdit { job_id: copy.id, origin_id: origin.id };
        let mut both = [edit(&first), edit(&second)];
        both.sort_by_key(|edit| edit.job_id);
        assert_eq!(db.edits_of(&[origin.id]).await.unwrap(), both);
        assert_eq!(db.edits_of(&[first.id]).await.unwrap(), [edit(&first)]);
        assert_eq!(db.edits_of(&[first.id, origin.id]).await.unwrap(), both, "none of them twice");
    }
    assert_eq!(db.edits_of(&[id(JobId::new)]).await.unwrap(), []);
    assert_eq!(db.edits_of(&[]).await.unwrap(), []);
    assert_eq!(db.audit_log(None, NOW.plus(1), 20).await.unwrap().len(), 8);
}

async fn a_job_that_does_not_rest_or_is_not_ones_own_is_not_copied(db: Db) {
    let other = other_tenant(&db).await;
    let (_, ran) = running(&db, &[job()]).await;
    let waits = job();
    let held = Job { state: JobState::Held, ..job() };
    let done = Job { state: JobState::Succeeded, ..job() };
    db.add_jobs(&[waits.clone(), held.clone(), done.clone()]).await.unwrap();
    for origin in [ran[0].id, waits.id, held.id] {
        let refused = db.add_edited(None, origin, &job(), &audit("job.edit")).await;
        assert!(matches!(refused, Err(StoreError::Conflict)));
    }
    for (scope, origin) in [(Some(other), done.id), (None, id(JobId::new))] {
        let refused = db.add_edited(scope, origin, &job(), &audit("job.edit")).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
    }
    assert_eq!(db.edits_of(&[ran[0].id, waits.id, held.id, done.id]).await.unwrap(), []);
    let log = db.audit_log(None, NOW.plus(1), 9).await.unwrap();
    assert!(log.iter().all(|entry| entry.action != "job.edit"));
}
