//! What an installation does for itself: each due time by one node, whoever asks for it, and nothing when it stops.

use crate::{
    schedules::digest,
    support::{Place, admin, owner},
};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, ChoresPort, SchedulesPort},
    view::chores::ChoreRow,
};
use domain::{
    chore::{Chore, ChoreName},
    id::NodeId,
    role::Role,
    schedule::Pace,
    time::{DAY, HOUR, MINUTE, SECOND},
};
use std::sync::Arc;
use tidegate::{chores::run::Chores, clock::fresh};
use tokio_util::sync::CancellationToken;

const SESSIONS: ChoreName = ChoreName::Sessions;

fn node(place: &Place) -> Chores {
    Chores {
        store: place.base.store.clone(),
        live: place.base.live.clone(),
        clock: place.base.clock.clone(),
        node: NodeId::new(fresh()),
        host: "gate-1".into(),
    }
}

async fn place() -> Place {
    let place = Place::new().await;
    place.base.store.add_chores(ChoreName::ALL, place.now()).await.unwrap();
    place
}

/// Expired sessions.
async fn sessions(place: &Place, many: usize) {
    for n in 0..many {
        let id = format!("{n}-{}", fresh());
        place.base.store.create_session(&id, None, b"", place.now().plus(-1)).await.unwrap();
    }
}

async fn chore(place: &Place, name: ChoreName) -> Chore {
    place.services().chore(name).await.unwrap()
}

fn services(place: &Place) -> &dyn ChoresPort {
    place.services()
}

async fn shown(place: &Place, who: &Actor, name: ChoreName) -> ChoreRow {
    let rows = services(place).chores(who).await.unwrap().rows;
    rows.into_iter().find(|row| row.name == name).unwrap()
}

#[tokio::test]
async fn a_due_chore_is_done_and_says_what_it_removed_and_when_it_is_done_next() {
    let place = place().await;
    sessions(&place, 3).await;
    let node = node(&place);
    let taken = node.take(Some(SESSIONS)).await.unwrap().unwrap();
    assert_eq!(shown(&place, &owner(), SESSIONS).await.at_work, Some((place.now(), "gate-1".to_owned())));
    node.see_through(taken, &CancellationToken::new()).await;

    let row = shown(&place, &owner(), SESSIONS).await;
    assert_eq!((row.at_work, row.failures, row.next_at), (None, 0, place.now().plus(10 * MINUTE)));
    let last = row.last.unwrap();
    assert_eq!((last.removed, last.error, last.asked_by), (Some(3), None, None));
    assert!(node.take(Some(SESSIONS)).await.unwrap().is_none(), "it is done for this time");
    place.clock.advance(10 * MINUTE);
    let again = node.take(Some(SESSIONS)).await.unwrap().unwrap();
    node.see_through(again, &CancellationToken::new()).await;
    assert_eq!(chore(&place, SESSIONS).await.last.unwrap().removed, Some(0));
}

#[tokio::test]
async fn of_twelve_nodes_one_does_what_is_due() {
    let place = place().await;
    sessions(&place, 5).await;
    let nodes: Vec<_> = (0..12).map(|_| node(&place)).collect();
    let each = nodes.iter().map(|node| async {
        let taken = node.take(Some(SESSIONS)).await.unwrap()?;
        node.see_through(taken, &CancellationToken::new()).await;
        Some(node.node)
    });
    let did: Vec<_> = futures::future::join_all(each).await.into_iter().flatten().collect();
    assert_eq!(did.len(), 1);
    let after = chore(&place, SESSIONS).await;
    assert_eq!((after.run, after.last.unwrap().removed), (1, Some(5)));
}

#[tokio::test]
async fn every_chore_is_done_by_a_node_that_runs_and_a_node_that_stops_leaves_none_behind() {
    let place = place().await;
    sessions(&place, 2).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::new(node(&place)).run(stop.clone()));
    let all_done = async {
        loop {
            let all = place.base.store.chores().await.unwrap();
            if all.iter().all(|chore| chore.last.is_some() && chore.at_work.is_none()) {
                break all;
            }
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(std::time::Duration::from_secs(60), all_done).await.unwrap();
    stop.cancel();
    running.await.unwrap();
    assert_eq!(all.len(), ChoreName::ALL.len());
    for chore in all {
        let last = chore.last.unwrap();
        assert_eq!((chore.run, chore.failures, last.error), (1, 0, None), "{}", chore.name);
        assert_eq!(last.removed, Some(if chore.name == SESSIONS { 2 } else { 0 }), "{}", chore.name);
    }
}

#[tokio::test]
async fn a_node_that_stops_gives_back_what_it_began() {
    let place = place().await;
    sessions(&place, 1).await;
    let (one, other) = (node(&place), node(&place));
    let stop = CancellationToken::new();
    stop.cancel();
    let taken = one.take(Some(SESSIONS)).await.unwrap().unwrap();
    one.see_through(taken, &stop).await;
    let after = chore(&place, SESSIONS).await;
    assert_eq!((after.at_work, after.last), (None, None));
    let taken = other.take(Some(SESSIONS)).await.unwrap().unwrap();
    other.see_through(taken, &CancellationToken::new()).await;
    assert_eq!(chore(&place, SESSIONS).await.last.unwrap().removed, Some(1));
}

#[tokio::test]
async fn what_a_tenant_keeps_no_longer_goes_with_the_chore_of_retention() {
    let place = place().await;
    let tenant = admin().tenant.unwrap();
    place.services().set_keep_days(&owner(), tenant, Some(30)).await.unwrap();
    // Events of a vendor without rules: nothing is done with them.
    let vendor = place.vendor("acme").await;
    let schedules: &dyn SchedulesPort = place.services();
    let schedule = schedules.add(&admin(), digest(vendor, Pace::Every(600))).await.unwrap().id;
    let old = schedules.run_now(&admin(), schedule).await.unwrap();
    place.clock.advance(31 * DAY);
    let young = schedules.run_now(&admin(), schedule).await.unwrap();
    let node = node(&place);
    let taken = node.take(Some(ChoreName::Retention)).await.unwrap().unwrap();
    node.see_through(taken, &CancellationToken::new()).await;
    let last = chore(&place, ChoreName::Retention).await.last.unwrap();
    assert_eq!((last.removed, last.error), (Some(1), None));
    assert!(place.base.store.event(old).await.is_err());
    assert_eq!(place.base.store.event(young).await.unwrap().id, young);
}

#[tokio::test]
async fn an_admin_asks_for_a_chore_and_it_is_told_who_did() {
    let place = place().await;
    let node = node(&place);
    let due = node.take(Some(SESSIONS)).await.unwrap().unwrap();
    node.see_through(due, &CancellationToken::new()).await;
    let next_at = chore(&place, SESSIONS).await.next_at;
    services(&place).run_chore(&admin(), SESSIONS).await.unwrap();
    assert!(shown(&place, &admin(), SESSIONS).await.asked);
    let taken = node.take(Some(SESSIONS)).await.unwrap().unwrap();
    node.see_through(taken, &CancellationToken::new()).await;
    let row = shown(&place, &admin(), SESSIONS).await;
    assert_eq!((row.asked, row.next_at), (false, next_at));
    assert_eq!(row.last.unwrap().asked_by, Some(admin().email));
    let editor = Actor { role: Role::Editor, ..admin() };
    assert_eq!(shown(&place, &editor, SESSIONS).await.last.unwrap().asked_by, None);
    assert_eq!(services(&place).run_chore(&editor, SESSIONS).await, Err(AppError::NotAllowed));
    let log = place.base.store.audit_log(None, place.clock.now_later(), 99).await.unwrap();
    let told: Vec<_> = log.iter().filter(|entry| entry.action.starts_with("chore.")).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].target.as_str(), &told[0].actor), ("sessions", &admin().email));
}

#[tokio::test]
async fn only_owners_switch_a_chore_off_or_change_its_times() {
    let place = place().await;
    assert_eq!(services(&place).switch_chore(&admin(), SESSIONS, false).await, Err(AppError::NotAllowed));
    let refused = place.services().set_chore_pace(&admin(), SESSIONS, Pace::Every(60)).await;
    assert_eq!(refused, Err(AppError::NotAllowed));

    services(&place).switch_chore(&owner(), SESSIONS, false).await.unwrap();
    services(&place).switch_chore(&owner(), SESSIONS, false).await.unwrap();
    place.clock.advance(HOUR + SECOND);
    let node = node(&place);
    assert!(node.take(Some(SESSIONS)).await.unwrap().is_none());
    services(&place).switch_chore(&owner(), SESSIONS, true).await.unwrap();
    let row = shown(&place, &owner(), SESSIONS).await;
    assert!(row.enabled && row.next_at == place.now().plus(10 * MINUTE), "what it missed is not made up for");

    let pace = Pace::cron("0 3 * * *".into(), "Europe/Berlin".parse().ok());
    let row = place.services().set_chore_pace(&owner(), SESSIONS, pace.clone()).await.unwrap();
    assert_eq!((row.pace, chore(&place, SESSIONS).await.pace), (pace.clone(), pace));
    for (bad, field) in [
        (Pace::Every(1), Field::Every),
        (Pace::Cron("often".into()), Field::Cron),
        (Pace::cron("0 3 * * *".into(), "Europe/Atlantis".parse().ok()), Field::Zone),
    ] {
        let refused = place.services().set_chore_pace(&owner(), SESSIONS, bad).await;
        assert_eq!(refused, Err(AppError::invalid(field, Reason::Malformed)));
    }
    let log = place.base.store.audit_log(None, place.clock.now_later(), 99).await.unwrap();
    let mut told: Vec<_> = log
        .iter()
        .filter(|entry| entry.action.starts_with("chore."))
        .map(|entry| format!("{} {} {}", entry.action, entry.target, entry.detail))
        .collect();
    told.sort();
    let set = "chore.set sessions 0 3 * * * Europe/Berlin";
    assert_eq!(told, [set, "chore.switch sessions off", "chore.switch sessions on"]);
}

#[tokio::test]
async fn before_the_first_server_starts_there_are_no_chores() {
    let place = Place::new().await;
    assert!(services(&place).chores(&owner()).await.unwrap().rows.is_empty());
    assert_eq!(services(&place).run_chore(&owner(), SESSIONS).await, Err(AppError::NotFound));
}
