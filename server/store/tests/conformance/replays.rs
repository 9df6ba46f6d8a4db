//! Replays, step by step.

use crate::support::{Db, NOW, audit, event, id, on_both, other_tenant};
use domain::{
    id::{ReplayId, VendorId},
    replay::{Replay, ReplayLink, ReplayState},
    selection::{EventCursor, Selection},
};
use store::{DEFAULT_TENANT_ID, NewEvent, StoreError};

on_both! {
    a_replay_is_read_back_as_it_was_added,
    a_step_writes_its_copies_and_moves_the_replay_on,
    copies_are_no_versions_of_what_they_copy,
    of_two_that_take_the_same_step_one_writes_it,
    a_step_that_fails_leaves_the_replay_where_it_was,
    an_ended_replay_takes_no_step,
    only_a_running_replay_can_be_ended_and_only_by_its_tenant,
    the_replay_whose_step_is_due_first_comes_first,
}

fn replay() -> Replay {
    Replay {
        id: id(ReplayId::new),
        tenant_id: DEFAULT_TENANT_ID,
        actor: "ada@example.org".into(),
        selection: Selection { event_type: Some("batch.*".into()), ..Selection::default() },
        per_second: 10,
        state: ReplayState::Running,
        total: 2,
        done: 0,
        skipped: 0,
        at: None,
        next_step_at: NOW,
        created_at: NOW,
        finished_at: None,
    }
}

/// A copy of an event that starts one job.
fn copy(of: &NewEvent, replay: &Replay) -> (NewEvent, ReplayLink) {
    let mut new = event(of.event.vendor_id, &of.event.external_id, "body", 1);
    new.body_hash = [7; 32];
    new.body_hash[..16].copy_from_slice(new.event.id.uuid().as_bytes());
    let link = ReplayLink { event_id: new.event.id, origin_id: of.event.id, replay_id: replay.id };
    (new, link)
}

async fn begun(db: &Db) -> (Replay, NewEvent) {
    let origin = event(id(VendorId::new), "evt-1", "body", 0);
    db.record(std::slice::from_ref(&origin), &[]).await.unwrap();
    let replay = replay();
    db.add_replay(&replay, &audit("replay.start")).await.unwrap();
    (replay, origin)
}

fn after(replay: &Replay, origin: &NewEvent) -> Replay {
    let at = EventCursor { received_at: origin.event.received_at, id: origin.event.id };
    Replay { done: 1, at: Some(at), next_step_at: NOW.plus(5), ..replay.clone() }
}

async fn a_replay_is_read_back_as_it_was_added(db: Db) {
    let (replay, _) = begun(&db).await;
    assert_eq!(db.replay(Some(DEFAULT_TENANT_ID), replay.id).await.unwrap(), replay);
    assert_eq!(db.replays(None, 9).await.unwrap(), std::slice::from_ref(&replay));
    let other = other_tenant(&db).await;
    assert!(matches!(db.replay(Some(other), replay.id).await, Err(StoreError::NotFound)));
    assert!(db.replays(Some(other), 9).await.unwrap().is_empty());
    assert_eq!(db.audit_log(None, NOW.plus(1), 9).await.unwrap().len(), 2);
}

async fn a_step_writes_its_copies_and_moves_the_replay_on(db: Db) {
    let (replay, origin) = begun(&db).await;
    let (new, link) = copy(&origin, &replay);
    let after = after(&replay, &origin);
    assert!(db.step_replay(&replay, &after, &[(new.clone(), link)]).await.unwrap());

    assert_eq!(db.replay(None, replay.id).await.unwrap(), after);
    assert_eq!(db.event(new.event.id).await.unwrap(), new.event);
    assert_eq!(db.event_payload(new.event.id).await.unwrap(), new.payload);
    assert_eq!(db.jobs_of_event(new.event.id).await.unwrap(), new.jobs);
    assert_eq!(db.copies_of(origin.event.id, 9).await.unwrap(), [link]);
}

async fn copies_are_no_versions_of_what_they_copy(db: Db) {
    let (replay, origin) = begun(&db).await;
    let mut second = event(origin.event.vendor_id, "evt-1", "another body", 0);
    second.event.received_at = NOW.plus(3);
    db.record(std::slice::from_ref(&second), &[]).await.unwrap();
    let (new, link) = copy(&origin, &replay);
    assert!(db.step_replay(&replay, &after(&replay, &origin), &[(new.clone(), link)]).await.unwrap());

    for of in [&origin, &second, &new] {
        let versions = db.event_versions(&of.event, 9).await.unwrap();
        let ids: Vec<_> = versions.iter().map(|version| version.id).collect();
        assert_eq!(ids, [origin.event.id, second.event.id]);
    }
}

async fn of_two_that_take_the_same_step_one_writes_it(db: Db) {
    let (replay, origin) = begun(&db).await;
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let (db, replay, after, copy) =
            (db.clone(), replay.clone(), after(&replay, &origin), copy(&origin, &replay));
        takers.spawn(async move { db.step_replay(&replay, &after, &[copy]).await.unwrap() });
    }
    assert_eq!(takers.join_all().await.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(db.copies_of(origin.event.id, 9).await.unwrap().len(), 1);
}

async fn a_step_that_fails_leaves_the_replay_where_it_was(db: Db) {
    let (replay, origin) = begun(&db).await;
    let (mut taken, link) = copy(&origin, &replay);
    // The key of an event that is there: it would be lost as a repetition.
    (taken.body_hash, taken.event.external_id) = (origin.body_hash, origin.event.external_id.clone());
    let step = db.step_replay(&replay, &after(&replay, &origin), &[(taken, link)]).await;
    assert!(matches!(step, Err(StoreError::Conflict)));
    assert_eq!(db.replay(None, replay.id).await.unwrap(), replay);
    assert!(db.copies_of(origin.event.id, 9).await.unwrap().is_empty());
}

async fn an_ended_replay_takes_no_step(db: Db) {
    let (replay, origin) = begun(&db).await;
    let ended = Replay { state: ReplayState::Done, finished_at: Some(NOW), ..replay.clone() };
    assert!(db.step_replay(&replay, &ended, &[]).await.unwrap());
    assert!(!db.step_replay(&replay, &after(&replay, &origin), &[copy(&origin, &replay)]).await.unwrap());
    assert!(db.next_replay().await.unwrap().is_none());
}

async fn only_a_running_replay_can_be_ended_and_only_by_its_tenant(db: Db) {
    let (replay, _) = begun(&db).await;
    let other = other_tenant(&db).await;
    let end = async |scope| db.cancel_replay(scope, replay.id, NOW.plus(1), &audit("replay.cancel")).await;
    assert!(matches!(end(Some(other)).await, Err(StoreError::Conflict)));
    end(Some(DEFAULT_TENANT_ID)).await.unwrap();
    let ended = db.replay(None, replay.id).await.unwrap();
    assert_eq!((ended.state, ended.finished_at), (ReplayState::Cancelled, Some(NOW.plus(1))));
    assert!(matches!(end(None).await, Err(StoreError::Conflict)));
}

async fn the_replay_whose_step_is_due_first_comes_first(db: Db) {
    assert!(db.next_replay().await.unwrap().is_none());
    let (late, early) = (Replay { next_step_at: NOW.plus(9), ..replay() }, replay());
    for replay in [&late, &early] {
        db.add_replay(replay, &audit("replay.start")).await.unwrap();
    }
    assert_eq!(db.next_replay().await.unwrap().map(|replay| replay.id), Some(early.id));
}
