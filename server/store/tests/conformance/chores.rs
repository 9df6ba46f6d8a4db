//! Chores: each due time is used once over all nodes, and no node that goes away takes a chore with it.

use crate::support::{Db, NOW, audit, id, on_both};
use domain::{
    chore::{Chore, ChoreName},
    id::NodeId,
    schedule::Pace,
    time::{HOUR, MINUTE, SECOND, Timestamp},
};
use store::{ChoreEnd, ChoreHold, ChoreTaker, StoreError};

on_both! {
    chores_are_added_once_and_stay_as_they_are,
    of_twelve_takers_at_once_one_does_the_chore,
    twelve_takers_share_several_chores_and_none_is_done_twice,
    what_is_longest_due_is_taken_first_and_what_is_not_due_never,
    times_that_were_missed_are_one_run,
    a_chore_that_failed_says_why_and_how_often,
    a_dead_taker_s_chore_is_taken_over_and_the_dead_write_nothing,
    a_lease_that_is_extended_keeps_others_away,
    a_chore_that_is_given_back_is_free_at_once,
    a_chore_somebody_asks_for_is_done_once_though_it_is_off_and_its_next_time_stays,
    a_run_somebody_asked_for_outlives_the_node_that_began_it,
    a_pace_that_is_set_meanwhile_outlives_the_end_of_a_run,
    a_chore_that_was_never_added_cannot_be_changed,
    chores_of_a_newer_program_are_left_to_it,
}

const LEASE: i64 = 60 * SECOND;
const SESSIONS: ChoreName = ChoreName::Sessions;

async fn with(db: &Db, names: &[ChoreName]) {
    db.add_chores(names, NOW).await.unwrap();
}

/// The database's clock may show something else than the one chores fall due by: here it is an hour behind.
fn lease_time(now: Timestamp) -> Timestamp {
    now.plus(-HOUR)
}

async fn take(db: &Db, now: Timestamp) -> Option<Chore> {
    take_for(db, id(NodeId::new), now, None).await
}

async fn take_for(db: &Db, node: NodeId, now: Timestamp, only: Option<ChoreName>) -> Option<Chore> {
    let lease_from = lease_time(now);
    let taker = ChoreTaker { node, host: "gate-1", lease_from, lease_until: lease_from.plus(LEASE) };
    db.take_chore(taker, now, only).await.unwrap()
}

fn hold(chore: &Chore) -> ChoreHold {
    ChoreHold { name: chore.name, run: chore.run }
}

fn done(chore: &Chore, at: Timestamp, next_at: Timestamp) -> ChoreEnd {
    ChoreEnd { at, outcome: Ok(7), was_due: chore.next_at, next_at }
}

async fn chore(db: &Db, name: ChoreName) -> Chore {
    db.chores().await.unwrap().into_iter().find(|chore| chore.name == name).unwrap()
}

async fn entries(db: &Db, action: &str) -> usize {
    let log = db.audit_log(None, NOW.plus(1), 99).await.unwrap();
    log.iter().filter(|entry| entry.action == action).count()
}

async fn chores_are_added_once_and_stay_as_they_are(db: Db) {
    with(&db, ChoreName::ALL).await;
    let all = db.chores().await.unwrap();
    assert_eq!(all.len(), ChoreName::ALL.len());
    assert!(all.iter().all(|chore| chore.enabled && chore.next_at == NOW && chore.run == 0));
    assert!(all.iter().all(|chore| chore.pace == chore.name.usual_pace() && chore.last.is_none()));
    db.set_chore(SESSIONS, false, &Pace::Every(77), NOW.plus(5), &audit("chore.set")).await.unwrap();
    db.add_chores(ChoreName::ALL, NOW.plus(HOUR)).await.unwrap();
    let kept = chore(&db, SESSIONS).await;
    assert_eq!((kept.enabled, kept.pace, kept.next_at), (false, Pace::Every(77), NOW.plus(5)));
    assert_eq!(entries(&db, "chore.set").await, 1);
}

async fn of_twelve_takers_at_once_one_does_the_chore(db: Db) {
    with(&db, &[SESSIONS]).await;
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let db = db.clone();
        nodes.spawn(async move {
            let taken = take(&db, NOW).await?;
            // It ends at once: whoever comes later must find it done, not merely held.
            assert!(db.end_chore(hold(&taken), &done(&taken, NOW, NOW.plus(HOUR))).await.unwrap());
            Some(taken)
        });
    }
    let taken: Vec<_> = nodes.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let after = chore(&db, SESSIONS).await;
    assert_eq!((after.run, after.next_at, after.at_work), (1, NOW.plus(HOUR), None));
    let at_work = taken[0].at_work.clone().unwrap();
    assert_eq!((at_work.host.as_str(), at_work.since, at_work.asked_by), ("gate-1", NOW, None));
    let last = after.last.unwrap();
    assert_eq!((last.node, last.began_at, last.removed, last.error), (at_work.node, NOW, Some(7), None));
}

async fn twelve_takers_share_several_chores_and_none_is_done_twice(db: Db) {
    with(&db, ChoreName::ALL).await;
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let db = db.clone();
        nodes.spawn(async move {
            let mut mine = Vec::new();
            // A row another transaction works on is passed over, so a taker may find nothing before all are taken.
            while let Some(taken) = take(&db, NOW).await {
                mine.push(taken.name);
            }
            mine
        });
    }
    let mut taken: Vec<_> = nodes.join_all().await.into_iter().flatten().collect();
    while let Some(left) = take(&db, NOW).await {
        taken.push(left.name);
    }
    taken.sort();
    assert_eq!(taken, ChoreName::ALL);
}

async fn what_is_longest_due_is_taken_first_and_what_is_not_due_never(db: Db) {
    with(&db, &[ChoreName::Counters, SESSIONS, ChoreName::Offers]).await;
    let set = async |name, next_at| {
        db.set_chore(name, true, &Pace::Every(600), next_at, &audit("chore.set")).await.unwrap();
    };
    set(ChoreName::Counters, NOW.plus(-MINUTE)).await;
    set(ChoreName::Offers, NOW.plus(1)).await;
    assert_eq!(take(&db, NOW).await.unwrap().name, ChoreName::Counters);
    assert_eq!(take_for(&db, id(NodeId::new), NOW, Some(ChoreName::Offers)).await, None);
    assert_eq!(take(&db, NOW).await.unwrap().name, SESSIONS);
    assert_eq!(take(&db, NOW).await, None);
    assert_eq!(take(&db, NOW.plus(1)).await.unwrap().name, ChoreName::Offers);
}

async fn times_that_were_missed_are_one_run(db: Db) {
    with(&db, &[SESSIONS]).await;
    // Nobody was there for an hour of a chore that is done every ten minutes.
    let late = NOW.plus(HOUR);
    let taken = take(&db, late).await.unwrap();
    assert!(taken.is_due(late));
    assert!(db.end_chore(hold(&taken), &done(&taken, late, late.plus(10 * MINUTE))).await.unwrap());
    assert_eq!(take(&db, late).await, None);
    assert_eq!(take(&db, late.plus(10 * MINUTE - 1)).await, None);
    assert_eq!(take(&db, late.plus(10 * MINUTE)).await.unwrap().run, 2);
}

async fn a_chore_that_failed_says_why_and_how_often(db: Db) {
    with(&db, &[SESSIONS]).await;
    let mut now = NOW;
    for failures in 1..=3 {
        let taken = take(&db, now).await.unwrap();
        let next_at = now.plus(SECOND);
        let end = ChoreEnd {
            at: now.plus(5),
            outcome: Err("the database is\0 full".into()),
            was_due: taken.next_at,
            next_at,
        };
        assert!(db.end_chore(hold(&taken), &end).await.unwrap());
        let after = chore(&db, SESSIONS).await;
        assert_eq!((after.failures, after.next_at), (failures, next_at));
        let last = after.last.unwrap();
        assert_eq!(last.error.as_deref(), Some("the database is\u{fffd} full"));
        assert_eq!((last.removed, last.took()), (None, 5));
        now = next_at;
    }
    let taken = take(&db, now).await.unwrap();
    assert!(db.end_chore(hold(&taken), &done(&taken, now, now.plus(HOUR))).await.unwrap());
    let after = chore(&db, SESSIONS).await;
    assert_eq!((after.failures, after.last.unwrap().error), (0, None));
}

async fn a_dead_taker_s_chore_is_taken_over_and_the_dead_write_nothing(db: Db) {
    with(&db, &[SESSIONS]).await;
    let first = take(&db, NOW).await.unwrap();
    assert_eq!(take(&db, NOW.plus(LEASE - 1)).await, None, "its lease is not over");
    let second = take(&db, NOW.plus(LEASE)).await.unwrap();
    assert_eq!((second.name, second.run), (SESSIONS, first.run + 1));
    assert_ne!(second.at_work, first.at_work);
    // It was not dead after all, only slow.
    let late = NOW.plus(LEASE + 1);
    assert!(!db.extend_chore(hold(&first), lease_time(late).plus(LEASE)).await.unwrap());
    assert!(!db.end_chore(hold(&first), &done(&first, late, late)).await.unwrap());
    db.give_chore_back(hold(&first)).await.unwrap();
    assert_eq!(chore(&db, SESSIONS).await, second);
    assert!(db.end_chore(hold(&second), &done(&second, late, late.plus(HOUR))).await.unwrap());
    assert!(!db.end_chore(hold(&second), &done(&second, late, late)).await.unwrap(), "it has ended");
}

async fn a_lease_that_is_extended_keeps_others_away(db: Db) {
    with(&db, &[SESSIONS]).await;
    let mine = take(&db, NOW).await.unwrap();
    for step in 1..=5 {
        let now = NOW.plus(step * LEASE);
        // Just in time, each time.
        assert!(db.extend_chore(hold(&mine), lease_time(now).plus(LEASE)).await.unwrap());
        assert_eq!(take(&db, now).await, None);
    }
    assert_eq!(take(&db, NOW.plus(6 * LEASE)).await.unwrap().run, 2);
}

async fn a_chore_that_is_given_back_is_free_at_once(db: Db) {
    with(&db, &[SESSIONS]).await;
    let first = take(&db, NOW).await.unwrap();
    db.give_chore_back(hold(&first)).await.unwrap();
    let given = chore(&db, SESSIONS).await;
    assert_eq!((given.at_work, given.asked_by, given.last, given.next_at), (None, None, None, NOW));
    assert_eq!(take(&db, NOW).await.unwrap().run, 2);
}

async fn a_chore_somebody_asks_for_is_done_once_though_it_is_off_and_its_next_time_stays(db: Db) {
    with(&db, &[SESSIONS]).await;
    let next_at = NOW.plus(HOUR);
    db.set_chore(SESSIONS, false, &Pace::Every(600), next_at, &audit("chore.set")).await.unwrap();
    assert_eq!(take(&db, next_at).await, None, "it is off");
    db.ask_for_chore(SESSIONS, "ada@example.org", &audit("chore.run")).await.unwrap();
    assert_eq!(chore(&db, SESSIONS).await.asked_by.as_deref(), Some("ada@example.org"));
    let taken = take(&db, NOW).await.unwrap();
    assert!(!taken.is_due(NOW) && taken.asked_by.is_none());
    assert_eq!(taken.at_work.clone().unwrap().asked_by.as_deref(), Some("ada@example.org"));
    // Asked again while it is done: that is another run.
    db.ask_for_chore(SESSIONS, "ben@example.org", &audit("chore.run")).await.unwrap();
    assert_eq!(take(&db, NOW).await, None);
    assert!(db.end_chore(hold(&taken), &done(&taken, NOW, taken.next_at)).await.unwrap());
    let after = chore(&db, SESSIONS).await;
    assert_eq!((after.next_at, after.enabled), (next_at, false));
    assert_eq!(after.last.unwrap().asked_by.as_deref(), Some("ada@example.org"));
    let again = take(&db, NOW).await.unwrap();
    assert_eq!(again.at_work.clone().unwrap().asked_by.as_deref(), Some("ben@example.org"));
    assert!(db.end_chore(hold(&again), &done(&again, NOW, again.next_at)).await.unwrap());
    assert_eq!(take(&db, next_at).await, None);
    assert_eq!(entries(&db, "chore.run").await, 2);
}

async fn a_run_somebody_asked_for_outlives_the_node_that_began_it(db: Db) {
    with(&db, &[SESSIONS]).await;
    db.set_chore(SESSIONS, false, &Pace::Every(600), NOW.plus(HOUR), &audit("chore.set")).await.unwrap();
    db.ask_for_chore(SESSIONS, "ada@example.org", &audit("chore.run")).await.unwrap();
    let asked_by = |chore: &Chore| chore.at_work.clone().unwrap().asked_by;
    let first = take(&db, NOW).await.unwrap();
    // It stops in good order, and the next one dies.
    db.give_chore_back(hold(&first)).await.unwrap();
    let second = take(&db, NOW).await.unwrap();
    let third = take(&db, NOW.plus(LEASE)).await.unwrap();
    assert_eq!([asked_by(&second), asked_by(&third)], [asked_by(&first), asked_by(&first)]);
    assert_eq!(asked_by(&first).as_deref(), Some("ada@example.org"));
    assert_eq!((second.run, third.run), (2, 3));
}

async fn a_pace_that_is_set_meanwhile_outlives_the_end_of_a_run(db: Db) {
    with(&db, &[SESSIONS]).await;
    let taken = take(&db, NOW).await.unwrap();
    let (pace, next_at) = (Pace::Every(86_400), NOW.plus(24 * HOUR));
    db.set_chore(SESSIONS, true, &pace, next_at, &audit("chore.set")).await.unwrap();
    assert!(db.end_chore(hold(&taken), &done(&taken, NOW, NOW.plus(10 * MINUTE))).await.unwrap());
    let after = chore(&db, SESSIONS).await;
    assert_eq!((after.pace, after.next_at), (pace, next_at));
}

async fn a_chore_that_was_never_added_cannot_be_changed(db: Db) {
    let asked = db.ask_for_chore(SESSIONS, "ada@example.org", &audit("chore.run")).await;
    let set = db.set_chore(SESSIONS, true, &Pace::Every(600), NOW, &audit("chore.run")).await;
    assert!(matches!((asked, set), (Err(StoreError::NotFound), Err(StoreError::NotFound))));
    assert_eq!(entries(&db, "chore.run").await, 0);
    assert_eq!(db.chores().await.unwrap(), []);
    assert_eq!(take(&db, NOW).await, None);
}

async fn chores_of_a_newer_program_are_left_to_it(db: Db) {
    with(&db, &[SESSIONS]).await;
    db.tamper(
        "insert into chores (name, pace, enabled, next_at, run, failures)
         select 'polish-brass', 'at full moon', enabled, 0, 0, 0 from chores",
    )
    .await;
    assert_eq!(db.chores().await.unwrap().len(), 1);
    assert_eq!(take(&db, NOW).await.unwrap().name, SESSIONS);
    assert_eq!(take(&db, NOW).await, None);
}
