//! Events that are made at set times, and work that is done once.

use crate::support::{Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, EventsPort, RulesPort, SchedulesPort},
    view::{
        connections::NewRule,
        schedules::{NewSchedule, ScheduleRow},
    },
};
use domain::{
    id::{ScheduleId, VendorId},
    job::JobKind,
    place::EventFilter,
    schedule::{Pace, Schedule},
    time::{DAY, HOUR, MINUTE, SECOND},
    unique::{Unique, UniqueBy},
};
use tidegate::schedules::run::step;

fn wrong<T>(field: Field, reason: Reason) -> Result<T, AppError> {
    Err(AppError::invalid(field, reason))
}

pub(crate) fn digest(vendor_id: VendorId, pace: Pace) -> NewSchedule {
    NewSchedule {
        slug: "digest".into(),
        vendor_id,
        event_type: "digest.due".into(),
        subject_id: Some("digest".into()),
        payload: Some(r#"{"of": "yesterday"}"#.into()),
        pace,
    }
}

fn in_zone(expression: &str, zone: &str) -> Pace {
    Pace::cron(expression.into(), zone.parse().ok())
}

/// A schedule with a rule that starts a job for its events.
async fn begun(place: &Place, pace: Pace, unique: Option<Unique>) -> (ScheduleRow, VendorId) {
    let vendor = place.vendor("acme").await;
    let destination = place.destination("archive").await;
    let rule = NewRule {
        vendor_id: vendor,
        pattern: "digest.*".into(),
        job: JobKind::Forward,
        provider_id: None,
        destination_id: Some(destination),
        title: None,
        prompt: None,
        body: None,
        max_tokens: None,
        max_attempts: None,
        delay_s: None,
        deadline_s: None,
        in_order: false,
        unique,
    };
    RulesPort::add(place.services(), &admin(), rule).await.unwrap();
    let row = SchedulesPort::add(place.services(), &admin(), digest(vendor, pace)).await.unwrap();
    (row, vendor)
}

async fn stored(place: &Place, id: ScheduleId) -> Schedule {
    place.base.store.schedule(None, id).await.unwrap()
}

async fn events(place: &Place) -> usize {
    let all = EventsPort::list(place.services(), &admin(), &EventFilter::default(), None, 100).await;
    all.unwrap().rows.len()
}

#[tokio::test]
async fn a_due_event_is_what_its_vendor_would_have_sent_and_starts_what_its_rules_say() {
    let place = Place::new().await;
    let (row, vendor) = begun(&place, Pace::Every(900), None).await;
    assert_eq!(row.next_at, place.now().plus(15 * MINUTE));
    place.clock.advance(15 * MINUTE + 3 * SECOND);
    let before = stored(&place, row.id).await;
    assert!(step(&*place.base.store, &place.base.live, &before, place.now()).await.unwrap());

    let after = stored(&place, row.id).await;
    assert_eq!(after.next_at, before.next_at.plus(15 * MINUTE), "the pace is kept, whatever the delay");
    let id = after.last_event_id.unwrap();
    let story = EventsPort::event(place.services(), &admin(), id).await.unwrap();
    assert_eq!((story.event.vendor_id, story.event.event_type.as_str()), (vendor, "digest.due"));
    assert_eq!(story.event.subject_id.as_deref(), Some("digest"));
    assert_eq!(story.event.occurred_at, Some(before.next_at));
    assert_eq!(story.event.external_id, format!("schedule:{}:{}", row.id, before.next_at.rfc3339()));
    assert_eq!(story.jobs.len(), 1);
    let made = story.scheduled.unwrap();
    assert_eq!((made.schedule_id, made.due_at, made.run_by), (row.id, before.next_at, None));
    let snapshot = place.base.live.now();
    let body = tidegate::payloads::read(&*place.base.store, &snapshot, story.event.tenant_id, id);
    assert_eq!(body.await.unwrap().body, br#"{"of": "yesterday"}"#);
}

#[tokio::test]
async fn of_two_nodes_one_makes_the_event() {
    let place = Place::new().await;
    let (row, _) = begun(&place, Pace::Every(60), None).await;
    place.clock.advance(MINUTE);
    let seen = stored(&place, row.id).await;
    let (store, live, now) = (&*place.base.store, &place.base.live, place.now());
    let (one, other) = tokio::join!(step(store, live, &seen, now), step(store, live, &seen, now.plus(5)));
    assert!(one.unwrap() != other.unwrap());
    assert_eq!(events(&place).await, 1);
}

#[tokio::test]
async fn one_event_makes_up_for_all_times_that_were_missed() {
    let place = Place::new().await;
    let (row, _) = begun(&place, Pace::Cron("*/10 * * * *".into()), None).await;
    place.clock.advance(3 * DAY);
    let before = stored(&place, row.id).await;
    assert!(step(&*place.base.store, &place.base.live, &before, place.now()).await.unwrap());
    let after = stored(&place, row.id).await;
    let rest = after.next_at.since(place.now());
    assert!(rest > 0 && rest <= 10 * MINUTE, "{rest}");
    assert_eq!(events(&place).await, 1);
    assert!(!step(&*place.base.store, &place.base.live, &before, place.now()).await.unwrap());
}

#[tokio::test]
async fn while_its_vendor_is_off_its_times_pass_and_nobody_can_run_it() {
    let place = Place::new().await;
    let (row, vendor) = begun(&place, Pace::Every(60), None).await;
    let live = place.services().vendor_of(&admin(), vendor).unwrap();
    place.services().switch_vendor(&admin(), &live, false).await.unwrap();
    place.clock.advance(MINUTE);
    let before = stored(&place, row.id).await;
    assert!(!step(&*place.base.store, &place.base.live, &before, place.now()).await.unwrap());
    let after = stored(&place, row.id).await;
    assert_eq!((after.next_at, after.last_event_id), (before.next_at.plus(MINUTE), None));
    let services: &dyn SchedulesPort = place.services();
    assert_eq!(services.run_now(&admin(), row.id).await, wrong(Field::Vendor, Reason::Off));
    assert_eq!(events(&place).await, 0);
    assert!(!services.list(&admin()).await.unwrap().rows[0].vendor_on);
}

#[tokio::test]
async fn running_it_now_makes_an_event_of_its_own_each_time_and_leaves_its_time() {
    let place = Place::new().await;
    let (row, _) = begun(&place, Pace::Cron("0 7 * * *".into()), None).await;
    let services: &dyn SchedulesPort = place.services();
    let first = services.run_now(&admin(), row.id).await.unwrap();
    let second = services.run_now(&admin(), row.id).await.unwrap();
    assert_ne!(first, second);
    let listed = services.list(&admin()).await.unwrap().rows.remove(0);
    assert_eq!((listed.next_at, listed.last_event_id), (row.next_at, Some(second)));
    let made = EventsPort::event(place.services(), &admin(), first).await.unwrap().scheduled.unwrap();
    assert_eq!(made.run_by, Some(admin().email));
}

#[tokio::test]
async fn one_that_is_switched_on_again_goes_on_without_what_it_missed() {
    let place = Place::new().await;
    let (row, _) = begun(&place, Pace::Every(3_600), None).await;
    let services: &dyn SchedulesPort = place.services();
    services.switch(&admin(), row.id, false).await.unwrap();
    services.switch(&admin(), row.id, false).await.unwrap();
    place.clock.advance(5 * HOUR + MINUTE);
    assert!(place.base.store.schedules_by_due(9).await.unwrap().is_empty());
    services.switch(&admin(), row.id, true).await.unwrap();
    assert_eq!(stored(&place, row.id).await.next_at, row.next_at.plus(5 * HOUR));
    services.remove(&admin(), row.id).await.unwrap();
    assert!(services.list(&admin()).await.unwrap().rows.is_empty());
    let log = place.base.store.audit_log(None, place.clock.now_later(), 99).await.unwrap();
    let mut words: Vec<_> =
        log.iter().filter(|entry| entry.target == "digest").map(|entry| entry.action.as_str()).collect();
    words.sort_unstable();
    assert_eq!(words, ["schedule.add", "schedule.remove", "schedule.switch", "schedule.switch"]);
}

#[tokio::test]
async fn what_cannot_be_a_schedule_is_refused_at_its_field() {
    let place = Place::new().await;
    let vendor = place.vendor("acme").await;
    let services: &dyn SchedulesPort = place.services();
    let good = digest(vendor, Pace::Every(60));
    let add = async |new| services.add(&admin(), new).await.map(drop);
    for (new, field, reason) in [
        (NewSchedule { slug: "A digest".into(), ..good.clone() }, Field::Slug, Reason::Malformed),
        (NewSchedule { event_type: String::new(), ..good.clone() }, Field::Pattern, Reason::Missing),
        (NewSchedule { event_type: "x".repeat(256), ..good.clone() }, Field::Pattern, Reason::TooLong),
        (NewSchedule { subject_id: Some("x".repeat(256)), ..good.clone() }, Field::Subject, Reason::TooLong),
        (NewSchedule { payload: Some("{".into()), ..good.clone() }, Field::Payload, Reason::Malformed),
        (
            NewSchedule { payload: Some(format!("{:?}", "x".repeat(65_536))), ..good.clone() },
            Field::Payload,
            Reason::TooLong,
        ),
        (digest(vendor, Pace::Cron("0 0 30 2 *".into())), Field::Cron, Reason::Malformed),
        (digest(vendor, Pace::Cron("* * * * * *".into())), Field::Cron, Reason::Malformed),
        (digest(vendor, Pace::Every(9)), Field::Every, Reason::Malformed),
        (digest(vendor, in_zone("0 7 * * *", "Europe/Atlantis")), Field::Zone, Reason::Malformed),
        (digest(vendor, in_zone("0 0 30 2 *", "Europe/Berlin")), Field::Cron, Reason::Malformed),
        (digest(VendorId::new(tidegate::clock::fresh()), Pace::Every(60)), Field::Vendor, Reason::Unknown),
    ] {
        assert_eq!(add(new.clone()).await, wrong(field, reason), "{new:?}");
    }
    add(good.clone()).await.unwrap();
    assert_eq!(add(good).await, wrong(Field::Slug, Reason::Taken));
}

#[tokio::test]
async fn a_schedule_goes_by_the_clocks_of_its_zone_and_its_times_can_be_changed() {
    let place = Place::new().await;
    let (row, _) = begun(&place, in_zone("0 7 * * *", "Europe/Berlin"), None).await;
    // The story begins in September, when Berlin is two hours ahead.
    assert!(row.next_at.rfc3339().ends_with("T05:00:00.000Z"), "{}", row.next_at.rfc3339());
    place.clock.advance(row.next_at.since(place.now()));
    let before = stored(&place, row.id).await;
    assert_eq!(before.pace, in_zone("0 7 * * *", "Europe/Berlin"));
    assert!(step(&*place.base.store, &place.base.live, &before, place.now()).await.unwrap());
    assert_eq!(stored(&place, row.id).await.next_at, row.next_at.plus(DAY));

    let set = async |who: Actor, pace| SchedulesPort::set_pace(place.services(), &who, row.id, pace).await;
    let changed = set(admin(), in_zone("0 7 * * *", "Asia/Tokyo")).await.unwrap();
    assert!(changed.next_at.rfc3339().ends_with("T22:00:00.000Z"));
    assert_eq!(stored(&place, row.id).await.next_at, changed.next_at);
    assert_eq!(set(place.stranger().await, Pace::Every(60)).await, Err(AppError::NotFound));
    assert_eq!(set(admin(), in_zone("0 7 * * *", "Mars")).await, wrong(Field::Zone, Reason::Malformed));
    assert_eq!(stored(&place, row.id).await.pace, in_zone("0 7 * * *", "Asia/Tokyo"));
    let log = place.base.store.audit_log(None, place.clock.now_later(), 99).await.unwrap();
    let told: Vec<_> = log.iter().filter(|entry| entry.action == "schedule.set").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail, "0 7 * * * Asia/Tokyo, before 0 7 * * * Europe/Berlin");
}

#[tokio::test]
async fn another_tenants_schedule_looks_as_if_it_did_not_exist() {
    let place = Place::new().await;
    let (row, vendor) = begun(&place, Pace::Every(60), None).await;
    let (who, services) = (place.stranger().await, place.services() as &dyn SchedulesPort);
    assert!(services.list(&who).await.unwrap().rows.is_empty());
    assert_eq!(services.switch(&who, row.id, false).await, Err(AppError::NotFound));
    assert_eq!(services.run_now(&who, row.id).await, Err(AppError::NotFound));
    assert_eq!(services.remove(&who, row.id).await, Err(AppError::NotFound));
    let theirs = NewSchedule { slug: "mine".into(), ..digest(vendor, Pace::Every(60)) };
    assert_eq!(services.add(&who, theirs).await, wrong(Field::Vendor, Reason::Unknown));
    assert_eq!(stored(&place, row.id).await.slug.as_str(), "digest");
    assert_eq!(events(&place).await, 0);
}

#[tokio::test]
async fn a_rule_that_wants_work_done_once_keeps_to_it_for_what_schedules_make() {
    let place = Place::new().await;
    let unique = Unique { for_s: 600, by: UniqueBy::Input };
    let (row, _) = begun(&place, Pace::Cron("0 7 * * *".into()), Some(unique)).await;
    let services: &dyn SchedulesPort = place.services();
    let story = async |id| EventsPort::event(place.services(), &admin(), id).await.unwrap();
    let first = story(services.run_now(&admin(), row.id).await.unwrap()).await;
    place.clock.advance(10 * MINUTE);
    let second = story(services.run_now(&admin(), row.id).await.unwrap()).await;
    place.clock.advance(1);
    let third = story(services.run_now(&admin(), row.id).await.unwrap()).await;
    assert_eq!([&first, &second, &third].map(|story| story.jobs.len()), [1, 0, 1]);
    assert_eq!(second.done_already.len(), 1);
    assert_eq!(second.done_already[0].id, first.jobs[0].id);
    assert_eq!(second.done_already[0].job.as_ref(), Some(&first.jobs[0]));
    let job = app::ports::JobsPort::story(place.services(), &admin(), first.jobs[0].id).await.unwrap();
    assert_eq!(job.asked_again, [second.event.id]);
}
