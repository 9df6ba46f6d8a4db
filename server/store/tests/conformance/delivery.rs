//! Targets that are switched off, secrets that overlap, jobs that wait for their turn.

use crate::{
    config::{destination, provider},
    support::{Db, NOW, audit, id, job, on_both},
    work::{LEASE, attempt, retry, running, succeeded},
};
use domain::{
    destination::{Destination, DestinationPart},
    holder::Holder,
    id::{DestinationId, EventId, JobId, NodeId},
    job::{Job, JobKind, JobState},
    outcome::{AttemptOutcome, GIVES_UP_AFTER, SwitchedOff},
    time::{MINUTE, SECOND, Timestamp},
};
use store::{DEFAULT_TENANT_ID, Finished, Next, Publishing, Sealed, SealedPart, StoreError, SubjectTurn};

on_both! {
    a_destination_that_is_switched_off_says_why_until_it_is_switched_on,
    switching_a_target_on_brings_back_exactly_the_jobs_it_held,
    a_job_held_while_its_target_was_switched_on_is_found_later,
    headers_are_loaded_as_they_were_added,
    an_old_signing_secret_retires_and_is_forgotten_at_its_end,
    an_old_signing_secret_can_be_ended_before_its_time,
    a_job_that_is_put_off_keeps_its_try,
    only_the_node_that_holds_a_job_can_put_it_off,
    an_older_event_is_superseded_once_a_newer_one_was_published,
    one_job_at_a_time_publishes_a_subject,
    a_try_that_failed_gives_its_turn_back,
    the_turn_of_a_node_that_went_away_ends,
    subjects_are_forgotten_by_age,
}

async fn added(db: &Db) -> Destination {
    let new = Destination { enabled: true, ..destination(DEFAULT_TENANT_ID, true) };
    db.add_destination(&new, Some(&Sealed(vec![1])), None, &audit("destination.add")).await.unwrap();
    new
}

async fn loaded(db: &Db) -> Destination {
    db.load_config().await.unwrap().destinations.remove(0).0
}

async fn held(db: &Db, by: Holder, change: impl Fn(&mut Job)) -> Job {
    let mut waiting = job();
    change(&mut waiting);
    db.add_jobs(std::slice::from_ref(&waiting)).await.unwrap();
    assert_eq!(db.hold_waiting(&[waiting.id], &by, "held", NOW).await.unwrap(), 1);
    waiting
}

async fn a_destination_that_is_switched_off_says_why_until_it_is_switched_on(db: Db) {
    let new = added(&db).await;
    let before = db.config_version().await.unwrap();
    let why = Some("410 from blog");
    db.switch_destination(new.id, false, why, NOW, &audit("destination.gone")).await.unwrap();
    let off = loaded(&db).await;
    assert_eq!((off.enabled, off.off_reason.as_deref()), (false, why));
    assert!(db.config_version().await.unwrap() > before);

    let again = db.switch_destination(new.id, false, None, NOW, &audit("again")).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "it is off already");
    assert_eq!(loaded(&db).await.off_reason.as_deref(), why);

    db.switch_destination(new.id, true, None, NOW, &audit("destination.enable")).await.unwrap();
    assert_eq!(loaded(&db).await, new);
    let actions: Vec<_> = db.audit_log(None, NOW.plus(1), 9).await.unwrap();
    assert!(actions.iter().any(|entry| entry.action == "destination.gone"));
    assert!(!actions.iter().any(|entry| entry.action == "again"));
}

async fn switching_a_target_on_brings_back_exactly_the_jobs_it_held(db: Db) {
    let there = added(&db).await;
    let asked = provider(DEFAULT_TENANT_ID, false);
    db.add_provider(&asked, None, &audit("provider.add")).await.unwrap();
    db.switch_destination(there.id, false, None, NOW, &audit("off")).await.unwrap();
    db.switch_provider(asked.id, false, NOW, &audit("off")).await.unwrap();
    let other = id(DestinationId::new);
    let destination = Holder::Off(SwitchedOff::Destination);
    let jobs = [
        held(&db, destination.clone(), |job| job.destination_id = Some(there.id)).await,
        held(&db, destination, |job| job.destination_id = Some(other)).await,
        held(&db, Holder::Person, |job| job.destination_id = Some(there.id)).await,
        // Generates for this destination, and waits for its provider.
        held(&db, Holder::Off(SwitchedOff::Provider), |job| {
            (job.destination_id, job.provider_id) = (Some(there.id), Some(asked.id));
        })
        .await,
    ];
    let later = NOW.plus(9);
    let states = async || {
        let mut states = Vec::new();
        for job in &jobs {
            states.push(db.job(None, job.id).await.unwrap().state);
        }
        states
    };
    let (back, rests) = (JobState::Pending, JobState::Held);
    db.switch_destination(there.id, true, None, later, &audit("on")).await.unwrap();
    assert_eq!(states().await, [back, rests, rests, rests]);
    db.switch_provider(asked.id, true, later, &audit("on")).await.unwrap();
    assert_eq!(states().await, [back, rests, rests, back]);

    let job = db.job(None, jobs[0].id).await.unwrap();
    assert_eq!((job.next_run_at, job.reason.clone(), job.attempt), (later, None, 0));
    assert_eq!(job.deadline(), later.plus(GIVES_UP_AFTER), "the time it was held does not count");
}

async fn a_job_held_while_its_target_was_switched_on_is_found_later(db: Db) {
    let on = added(&db).await;
    let destination = Holder::Off(SwitchedOff::Destination);
    let late = held(&db, destination.clone(), |job| job.destination_id = Some(on.id)).await;
    let gone = held(&db, destination, |job| job.destination_id = Some(id(DestinationId::new))).await;
    assert_eq!(db.release_switched_on(NOW, 10).await.unwrap(), 1);
    assert_eq!(db.job(None, late.id).await.unwrap().state, JobState::Pending);
    assert_eq!(db.job(None, gone.id).await.unwrap().state, JobState::Held);
    assert_eq!(db.release_switched_on(NOW, 10).await.unwrap(), 0);
}

async fn headers_are_loaded_as_they_were_added(db: Db) {
    let new = destination(DEFAULT_TENANT_ID, false);
    let headers = Sealed(vec![4, 2]);
    db.add_destination(&new, None, Some(&headers), &audit("destination.add")).await.unwrap();
    let expected = SealedPart {
        destination_id: new.id,
        part: DestinationPart::Headers,
        not_after: None,
        sealed: headers,
    };
    assert_eq!(db.load_config().await.unwrap().destination_parts, [expected]);
}

async fn an_old_signing_secret_retires_and_is_forgotten_at_its_end(db: Db) {
    let new = added(&db).await;
    let (next, old, until) = (Sealed(vec![2]), Sealed(vec![9]), NOW.plus(MINUTE));
    db.rotate_destination(new.id, &next, Some((&old, until)), NOW, &audit("destination.rotate"))
        .await
        .unwrap();
    let config = db.load_config().await.unwrap();
    assert_eq!(config.destinations[0].1, Some(next));
    let part = SealedPart {
        destination_id: new.id,
        part: DestinationPart::Retiring,
        not_after: Some(until),
        sealed: old,
    };
    assert_eq!(config.destination_parts, [part]);

    // A second one while the first retires: two sign at most.
    let (third, second) = (Sealed(vec![3]), Sealed(vec![8]));
    let rotated = db.rotate_destination(new.id, &third, Some((&second, until)), NOW, &audit("rotate")).await;
    rotated.unwrap();
    assert_eq!(db.load_config().await.unwrap().destination_parts[0].sealed, second);
    assert_eq!(db.forget_retired(until.plus(-1)).await.unwrap(), 0);
    assert_eq!(db.forget_retired(until).await.unwrap(), 1);
    assert!(db.load_config().await.unwrap().destination_parts.is_empty());

    let nobody = db.rotate_destination(id(DestinationId::new), &third, None, NOW, &audit("rotate")).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
}

async fn an_old_signing_secret_can_be_ended_before_its_time(db: Db) {
    let new = added(&db).await;
    let end = async |of, now| db.end_retiring_of_destination(of, now, &audit("destination.revoke")).await;
    assert!(matches!(end(new.id, NOW).await, Err(StoreError::NotFound)), "none retires");
    let (next, old, until) = (Sealed(vec![2]), Sealed(vec![9]), NOW.plus(MINUTE));
    let rotated = db.rotate_destination(new.id, &next, Some((&old, until)), NOW, &audit("rotate")).await;
    rotated.unwrap();
    let before = db.load_config().await.unwrap();
    assert!(matches!(end(id(DestinationId::new), NOW).await, Err(StoreError::NotFound)));
    assert!(matches!(end(new.id, until).await, Err(StoreError::NotFound)), "its time is over");
    end(new.id, until.plus(-1)).await.unwrap();
    let config = db.load_config().await.unwrap();
    assert!(config.destination_parts.is_empty());
    assert_eq!(config.destinations[0].1, Some(next), "the one in use stays");
    assert!(config.version > before.version, "nodes notice");
    assert!(matches!(end(new.id, NOW).await, Err(StoreError::NotFound)), "it ends once");
    let log = db.audit_log(None, NOW.plus(1), 99).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "destination.revoke").count(), 1);
}

async fn a_job_that_is_put_off_keeps_its_try(db: Db) {
    let (node, claimed) = running(&db, &[job()]).await;
    let (at, now) = (NOW.plus(SECOND), NOW.plus(5));
    db.put_off(node, claimed[0].id, at, now).await.unwrap();
    let waits = db.job(None, claimed[0].id).await.unwrap();
    assert_eq!((waits.state, waits.attempt, waits.next_run_at), (JobState::Pending, 0, at));
    assert_eq!((waits.node_id, waits.lease_until, waits.updated_at), (None, None, now));
    assert!(db.claim(node, 1, NOW, LEASE).await.unwrap().is_empty());
    assert_eq!(db.claim(node, 1, at, LEASE).await.unwrap()[0].attempt, 1);
    assert!(db.attempts(&[claimed[0].id]).await.unwrap().is_empty());
}

async fn only_the_node_that_holds_a_job_can_put_it_off(db: Db) {
    let (_, claimed) = running(&db, &[job()]).await;
    db.put_off(id(NodeId::new), claimed[0].id, NOW.plus(SECOND), NOW).await.unwrap();
    assert_eq!(db.job(None, claimed[0].id).await.unwrap(), claimed[0]);
}

/// A claimed job that publishes an event of `occurred_at`.
async fn publisher(db: &Db, to: DestinationId, occurred_at: Timestamp) -> (Job, Publishing) {
    let (_, mut claimed) = running(db, &[Job { kind: JobKind::Publish, ..job() }]).await;
    let job = claimed.remove(0);
    let publishing = Publishing {
        destination_id: to,
        external_id: "openai:batch-7:".into(),
        job_id: job.id,
        event_id: id(EventId::new),
        occurred_at,
    };
    (job, publishing)
}

const UNTIL: Timestamp = Timestamp(NOW.0 + 2 * MINUTE);

async fn an_older_event_is_superseded_once_a_newer_one_was_published(db: Db) {
    let to = id(DestinationId::new);
    let (newer, new) = publisher(&db, to, NOW).await;
    let (_, old) = publisher(&db, to, NOW.plus(-1)).await;
    assert_eq!(db.take_subject(&new, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
    db.finish(&[succeeded(&newer, vec![])], NOW, &[]).await.unwrap();
    let superseded = SubjectTurn::Superseded(new.event_id);
    assert_eq!(db.take_subject(&old, NOW, UNTIL).await.unwrap(), superseded);

    // Another destination knows nothing of it, and neither does another subject.
    let elsewhere = Publishing { destination_id: id(DestinationId::new), ..old.clone() };
    assert_eq!(db.take_subject(&elsewhere, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
    let other = Publishing { external_id: "openai:batch-8:".into(), ..old.clone() };
    assert_eq!(db.take_subject(&other, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);

    // The same event again is no older one; of two of the same instant the later arrival is the newer.
    let (again, repeated) = publisher(&db, to, NOW).await;
    let repeated = Publishing { event_id: new.event_id, ..repeated };
    assert_eq!(db.take_subject(&repeated, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
    db.finish(&[succeeded(&again, vec![])], NOW, &[]).await.unwrap();
    let (_, same_instant) = publisher(&db, to, NOW).await;
    assert_eq!(db.take_subject(&same_instant, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
}

async fn one_job_at_a_time_publishes_a_subject(db: Db) {
    let to = id(DestinationId::new);
    let (first_job, first) = publisher(&db, to, NOW).await;
    let (_, second) = publisher(&db, to, NOW.plus(1)).await;
    assert_eq!(db.take_subject(&first, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
    assert_eq!(db.take_subject(&second, NOW, UNTIL).await.unwrap(), SubjectTurn::Busy);
    assert_eq!(db.take_subject(&first, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours, "its own turn");
    db.finish(&[succeeded(&first_job, vec![])], NOW, &[]).await.unwrap();
    assert_eq!(db.take_subject(&second, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
}

async fn a_try_that_failed_gives_its_turn_back(db: Db) {
    let to = id(DestinationId::new);
    let (new_job, new) = publisher(&db, to, NOW).await;
    let (old_job, old) = publisher(&db, to, NOW.plus(-1)).await;
    let ends = [
        retry(&new_job, NOW.plus(SECOND)),
        Finished {
            attempt: attempt(&new_job, AttemptOutcome::Held),
            next: Next::Held {
                reason: SwitchedOff::Destination.words().into(),
                by: Holder::Off(SwitchedOff::Destination),
            },
        },
    ];
    db.take_subject(&new, NOW, UNTIL).await.unwrap();
    db.finish(&ends[..1], NOW, &[]).await.unwrap();
    // What was not published supersedes nothing.
    assert_eq!(db.take_subject(&old, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
    let held = Finished { attempt: attempt(&old_job, AttemptOutcome::Held), ..ends[1].clone() };
    db.finish(&[held], NOW, &[]).await.unwrap();
    assert_eq!(db.take_subject(&new, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
}

async fn the_turn_of_a_node_that_went_away_ends(db: Db) {
    let to = id(DestinationId::new);
    let (_, lost) = publisher(&db, to, NOW).await;
    let (_, next) = publisher(&db, to, NOW.plus(1)).await;
    db.take_subject(&lost, NOW, UNTIL).await.unwrap();
    assert_eq!(db.take_subject(&next, UNTIL.plus(-1), UNTIL).await.unwrap(), SubjectTurn::Busy);
    assert_eq!(db.take_subject(&next, UNTIL, UNTIL.plus(MINUTE)).await.unwrap(), SubjectTurn::Yours);
}

async fn subjects_are_forgotten_by_age(db: Db) {
    let to = id(DestinationId::new);
    let (newer, new) = publisher(&db, to, NOW).await;
    db.take_subject(&new, NOW, UNTIL).await.unwrap();
    assert_eq!(db.forget_subjects(NOW.plus(SECOND)).await.unwrap(), 0, "somebody publishes");
    db.finish(&[succeeded(&newer, vec![])], NOW, &[]).await.unwrap();
    assert_eq!(db.forget_subjects(NOW).await.unwrap(), 0);
    assert_eq!(db.forget_subjects(NOW.plus(SECOND)).await.unwrap(), 1);
    let old = Publishing { occurred_at: NOW.plus(-1), job_id: id(JobId::new), ..new };
    assert_eq!(db.take_subject(&old, NOW, UNTIL).await.unwrap(), SubjectTurn::Yours);
}
