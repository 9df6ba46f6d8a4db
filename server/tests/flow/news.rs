//! What Tidegate does by itself, told as events.

use crate::{
    ill, jobs,
    support::{Place, admin},
    well,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{
        Actor, EventsPort, FlowPort, LimitsPort, RotationPort, RulesPort, SenderPort, VendorPort, VendorsPort,
    },
    view::{
        connections::{NewRule, NewVendor},
        events::EventStory,
        vendor::{VendorAddress, VendorState},
    },
};
use domain::{
    audit::AuditFilter,
    breaker::{BreakerKey, BreakerMode, BreakerState},
    id::{DestinationId, NodeId, VendorId},
    job::{Job, JobKind, JobState},
    news::{NewsKind, PRESET},
    place::EventFilter,
    time::{HOUR, MINUTE, SECOND},
};
use std::{collections::BTreeMap, sync::Arc};
use store::UntoldNews;
use tidegate::{
    by_itself,
    clock::{SharedClock, fresh},
    news::{digest::Digest, run::Teller},
    stats::Stats,
    wake::Wake,
    worker::gone,
};

/// What tells on a node of its own; links begin so, if at all.
fn teller(place: &Place, public_url: Option<&str>) -> Teller {
    let clock: SharedClock = place.clock.0.clone();
    Teller {
        store: place.base.store.clone(),
        live: place.base.live.clone(),
        stats: Stats::new(clock.clone(), NodeId::new(fresh())),
        clock,
        wake: Arc::new(Wake::default()),
        public_url: public_url.map(Into::into),
    }
}

async fn alerts_of(place: &Place, actor: &Actor) -> Result<VendorId, AppError> {
    let new = NewVendor { slug: "alerts".into(), preset: PRESET.into(), ..NewVendor::default() };
    let added = place.services().create_vendor(actor, new, BTreeMap::new()).await?;
    assert_eq!((added.url, added.secret), (None, None));
    place.services().vendor_named(actor, "alerts").map(|live| live.vendor.id)
}

async fn alerts(place: &Place) -> VendorId {
    alerts_of(place, &admin()).await.unwrap()
}

/// Forwards events of these types to a chat.
async fn forwarded(place: &Place, vendor_id: VendorId, pattern: &str, chat: DestinationId) {
    let rule = NewRule {
        vendor_id,
        pattern: pattern.into(),
        job: JobKind::Forward,
        provider_id: None,
        destination_id: Some(chat),
        title: None,
        prompt: None,
        body: Some(r#"{"text": {{ data.text }}}"#.into()),
        max_tokens: None,
        max_attempts: None,
        delay_s: None,
        deadline_s: None,
        in_order: false,
        unique: None,
    };
    RulesPort::add(place.services(), &admin(), rule).await.unwrap();
}

async fn events(place: &Place, actor: &Actor) -> Vec<EventStory> {
    let page = EventsPort::list(place.services(), actor, &EventFilter::default(), None, 100).await.unwrap();
    let mut stories = Vec::new();
    for row in page.rows {
        stories.push(EventsPort::event(place.services(), actor, row.id).await.unwrap());
    }
    stories
}

async fn body(place: &Place, story: &EventStory) -> serde_json::Value {
    let (snapshot, event) = (place.base.live.now(), &story.event);
    let read = tidegate::payloads::read(&*place.base.store, &snapshot, event.tenant_id, event.id);
    serde_json::from_slice(&read.await.unwrap().body).unwrap()
}

/// A destination says that it is gone.
async fn goes_away(place: &Place, id: DestinationId) {
    let clock: SharedClock = place.clock.0.clone();
    let live = place.base.live.now().destination(id).cloned().unwrap();
    assert!(gone::switch_off(&*place.base.store, &place.base.live, &clock, &live).await);
}

/// Notes so many news of the admin's tenant.
async fn notes(place: &Place, many: usize) {
    for n in 0..many {
        let tenant = admin().tenant.unwrap();
        let action = NewsKind::BreakerOpen.as_str();
        let entry = by_itself::audit(place.now(), tenant, action, format!("destination d{n}"), "why");
        place.base.store.note(&entry).await.unwrap();
    }
}

async fn waiting(place: &Place) -> Vec<UntoldNews> {
    place.base.store.untold_news(100).await.unwrap()
}

#[tokio::test]
async fn a_destination_that_is_gone_is_told_in_words_and_brought_where_a_rule_says() {
    let place = Place::new().await;
    let (crm, chat) = (place.destination("crm").await, place.destination("chat").await);
    let vendor = alerts(&place).await;
    forwarded(&place, vendor, "destination.*", chat).await;
    goes_away(&place, crm).await;
    let teller = teller(&place, Some("https://gate.example.org"));
    assert_eq!(teller.look().await, 1);
    assert_eq!(teller.look().await, 0, "once");

    let told = events(&place, &admin()).await.remove(0);
    assert_eq!((told.event.vendor_id, told.event.event_type.as_str()), (vendor, "destination.gone"));
    assert_eq!(told.event.subject_id.as_deref(), Some("destination crm"));
    assert!(told.is_news && told.path.is_empty());
    let link = format!("https://gate.example.org/destinations/{crm}");
    let expected = serde_json::json!({
        "kind": "destination.gone",
        "subject": "destination crm",
        "text": format!("Destination crm answered that it is gone (410). It is switched off, and its jobs are held until somebody mends its address or switches it on again. {link}"),
        "detail": "switched off, because it answered 410; its jobs are held",
        "link": link,
        "tenant": "default",
        "at": place.now().rfc3339(),
    });
    assert_eq!(body(&place, &told).await, expected);
    assert_eq!(told.jobs.len(), 1);
    let job = place.job(told.jobs[0].id).await;
    assert_eq!((job.kind, job.destination_id, job.state), (JobKind::Forward, Some(chat), JobState::Pending));
}

#[tokio::test]
async fn without_a_public_url_there_is_no_link() {
    let place = Place::new().await;
    alerts(&place).await;
    notes(&place, 1).await;
    teller(&place, None).look().await;
    let told = body(&place, &events(&place, &admin()).await[0]).await;
    assert_eq!(told["link"], serde_json::Value::Null);
    assert_eq!(
        told["text"],
        "The circuit breaker of destination d0 opened: why. Its jobs wait; one of them tries from time to time."
    );
}

#[tokio::test]
async fn of_twelve_nodes_that_look_at_once_one_tells_each() {
    let place = Place::new().await;
    let chat = place.destination("chat").await;
    let vendor = alerts(&place).await;
    forwarded(&place, vendor, "*", chat).await;
    notes(&place, 5).await;
    let tellers: Vec<_> = (0..12).map(|_| teller(&place, None)).collect();
    let made = futures::future::join_all(tellers.iter().map(Teller::look)).await;
    assert_eq!(made.iter().sum::<usize>(), 5, "{made:?}");
    let told = events(&place, &admin()).await;
    assert_eq!(told.len(), 5);
    assert!(told.iter().all(|story| story.jobs.len() == 1));
}

#[tokio::test]
async fn what_a_node_left_untold_when_it_died_is_told_by_another() {
    let place = Place::new().await;
    alerts(&place).await;
    notes(&place, 2).await;
    // It had read what waits, and made nothing of it.
    assert_eq!(waiting(&place).await.len(), 2);
    assert_eq!(teller(&place, None).look().await, 2);
    assert_eq!(events(&place, &admin()).await.len(), 2);
}

#[tokio::test]
async fn what_happened_before_there_was_such_a_vendor_and_while_it_was_off_is_not_told() {
    let place = Place::new().await;
    notes(&place, 1).await;
    let vendor = alerts(&place).await;
    notes(&place, 1).await;
    let live = place.services().vendor_of(&admin(), vendor).unwrap();
    place.services().switch_vendor(&admin(), &live, false).await.unwrap();
    notes(&place, 1).await;
    let teller = teller(&place, None);
    assert_eq!(teller.look().await, 0, "switched off before it was told");
    let live = place.services().vendor_of(&admin(), vendor).unwrap();
    place.services().switch_vendor(&admin(), &live, true).await.unwrap();
    assert_eq!(teller.look().await, 0);
    assert!(events(&place, &admin()).await.is_empty() && waiting(&place).await.is_empty());
}

#[tokio::test]
async fn another_tenant_hears_nothing() {
    let place = Place::new().await;
    let stranger = place.stranger().await;
    alerts_of(&place, &stranger).await.unwrap();
    notes(&place, 1).await;
    let crm = place.destination("crm").await;
    goes_away(&place, crm).await;
    assert_eq!(teller(&place, None).look().await, 0);
    assert!(events(&place, &stranger).await.is_empty());
}

#[tokio::test]
async fn news_that_cannot_be_brought_are_told_once_for_each_time_their_breaker_opens_and_closes() {
    let place = Place::new().await;
    let chat = place.destination("chat").await;
    let key = BreakerKey::Destination(chat);
    let vendor = alerts(&place).await;
    forwarded(&place, vendor, "breaker.*", chat).await;
    let teller = teller(&place, None);
    place.jobs(5, |job: &mut Job| job.destination_id = Some(chat)).await;
    for one in place.gate.admit(place.claim(5).await).await {
        let (job, probe) = one.parts();
        place.gate.note(&job, probe, &ill(), SECOND).await;
    }
    place.gate.settle().await;
    assert_eq!(teller.look().await, 1);
    assert!(place.gate.admit(place.claim(10).await).await.is_empty(), "its own job waits for the breaker");

    // One job after the other tries in vain; that it is open was told.
    for tries in 1..5 {
        place.clock.advance(10 * MINUTE);
        assert_eq!(place.let_go().await, 1, "{tries}");
        let mut through = place.gate.admit(place.claim(10).await).await;
        let (job, probe) = through.remove(0).parts();
        place.gate.note(&job, probe, &ill(), SECOND).await;
        assert_eq!(place.breaker(&key).unwrap().openings, 1 + tries);
        place.base.store.give_back(job.node_id.unwrap(), &[job.id], place.now()).await.unwrap();
        assert!(place.gate.admit(place.claim(10).await).await.is_empty());
        assert_eq!(teller.look().await, 0, "{tries}");
    }
    place.clock.advance(10 * MINUTE);
    place.let_go().await;
    let (job, probe) = place.gate.admit(place.claim(10).await).await.remove(0).parts();
    place.gate.note(&job, probe, &well(), SECOND).await;
    assert_eq!(place.breaker(&key).unwrap().state, BreakerState::Closed);
    assert_eq!((teller.look().await, teller.look().await), (1, 0));
    let mut kinds: Vec<_> =
        events(&place, &admin()).await.into_iter().map(|story| story.event.event_type).collect();
    kinds.sort();
    assert_eq!(kinds, ["breaker.close", "breaker.open"]);

    // What people do to it is no news.
    place.services().set_breaker(&admin(), key, BreakerMode::ForcedOpen).await.unwrap();
    assert_eq!(teller.look().await, 0);
}

#[tokio::test]
async fn a_destination_of_news_that_is_gone_itself_makes_one_event_whose_job_waits() {
    let place = Place::new().await;
    let chat = place.destination("chat").await;
    let vendor = alerts(&place).await;
    forwarded(&place, vendor, "*", chat).await;
    goes_away(&place, chat).await;
    let teller = teller(&place, None);
    assert_eq!((teller.look().await, teller.look().await), (1, 0));
    assert_eq!(events(&place, &admin()).await.len(), 1);
}

#[tokio::test]
async fn jobs_of_news_go_through_like_any_other() {
    let place = Place::new().await;
    let chat = place.destination("chat").await;
    let vendor = alerts(&place).await;
    forwarded(&place, vendor, "*", chat).await;
    notes(&place, 1).await;
    teller(&place, None).look().await;
    place.clock.advance(SECOND);
    let through = jobs(place.gate.admit(place.claim(10).await).await);
    assert_eq!(through.iter().map(|job| job.destination_id).collect::<Vec<_>>(), [Some(chat)]);
}

#[tokio::test]
async fn the_vendor_of_news_has_no_address_and_no_secret_and_a_tenant_has_one() {
    let place = Place::new().await;
    let id = alerts(&place).await;
    let services = place.services();
    let at = VendorAddress { slug: "alerts".into(), tenant: None };
    let head = VendorPort::head(services, &admin(), &at).await.unwrap();
    assert!(head.tells_news() && head.url.is_none());
    assert_eq!((head.state, head.preset.as_str()), (VendorState::On, "Tidegate itself"));
    let rows = VendorsPort::list(services, &admin()).await.unwrap().rows;
    assert_eq!((rows[0].url.as_ref(), rows[0].secrets.len()), (None, 0));

    let wrong = |field, reason| AppError::invalid(field, reason);
    let again = |secret: Option<&str>, preset: &str| NewVendor {
        slug: "more".into(),
        preset: preset.into(),
        secret: secret.map(Into::into),
        ..NewVendor::default()
    };
    let add = async |new, options| services.create_vendor(&admin(), new, options).await.map(drop);
    assert_eq!(add(again(None, PRESET), BTreeMap::new()).await, Err(wrong(Field::Preset, Reason::Taken)));
    let secret = add(again(Some("whsec_AAAA"), PRESET), BTreeMap::new()).await;
    assert_eq!(secret, Err(wrong(Field::Secret, Reason::Unsigned)));
    let unsigned = Some(wrong(Field::Form, Reason::Unsigned));
    assert_eq!(RotationPort::rotate(services, &admin(), id, None, 0, false).await.err(), unsigned);
    assert_eq!(SenderPort::link(services, &admin(), id).await.err(), unsigned);
    let limits = LimitsPort::set_limits(services, &admin(), id, Default::default()).await;
    assert_eq!(limits.err(), unsigned);
    // Each tenant has its own.
    let stranger = place.stranger().await;
    alerts_of(&place, &stranger).await.unwrap();
}

#[tokio::test]
async fn a_check_up_says_that_nobody_is_told_and_that_a_vendor_of_news_has_no_rule() {
    let place = Place::new().await;
    let found = async || {
        let all = place.services().check_up().await.unwrap();
        all.into_iter().filter(|found| found.what.contains("alerts")).collect::<Vec<_>>()
    };
    assert!(found().await.is_empty(), "nothing can break");
    let chat = place.destination("chat").await;
    let hint = found().await.remove(0);
    assert!(!hint.bad && hint.words.starts_with("nobody is told when a destination is gone"), "{hint:?}");
    let vendor = alerts(&place).await;
    let hint = found().await.remove(0);
    assert!(!hint.bad && hint.words.starts_with("has no rule"), "{hint:?}");
    forwarded(&place, vendor, "*", chat).await;
    assert!(found().await.is_empty());
}

/// What counts dead letters on a node of its own.
fn digest(place: &Place) -> Digest {
    let clock: SharedClock = place.clock.0.clone();
    let (store, live) = (place.base.store.clone(), place.base.live.clone());
    Digest { store, live, clock, node: NodeId::new(fresh()) }
}

/// Jobs that become dead letters now.
async fn die(place: &Place, many: usize, vendor_id: Option<VendorId>) {
    let now = place.now();
    let dead = |job: &mut Job| {
        (job.state, job.vendor_id, job.finished_at) = (JobState::Deadletter, vendor_id, Some(now));
    };
    place.jobs(many, dead).await;
}

#[tokio::test]
async fn dead_letters_are_told_all_together_soon_and_then_once_an_hour() {
    let place = Place::new().await;
    die(&place, 1, None).await;
    place.clock.advance(SECOND);
    let vendor = alerts(&place).await;
    let (teller, digest) = (teller(&place, Some("https://gate.example.org")), digest(&place));
    let told = async || {
        digest.look().await.unwrap();
        teller.look().await
    };
    place.clock.advance(HOUR);
    assert_eq!(told().await, 0, "from before there was anybody to tell");
    die(&place, 12, None).await;
    die(&place, 1, Some(vendor)).await;
    assert_eq!(told().await, 0, "their node may not have written all of them yet");
    place.clock.advance(MINUTE + SECOND);
    assert_eq!(told().await, 1);
    let first = events(&place, &admin()).await.remove(0);
    assert_eq!((first.event.event_type.as_str(), first.event.vendor_id), ("job.dead", vendor));
    let text = body(&place, &first).await["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("12 jobs became dead letters since 20"), "{text}");
    assert!(text.ends_with(" https://gate.example.org/jobs?state=deadletter"), "{text}");

    for _ in 0..3 {
        die(&place, 1, None).await;
        place.clock.advance(15 * MINUTE);
        assert_eq!(told().await, 0, "too soon");
    }
    place.clock.advance(15 * MINUTE);
    assert_eq!(told().await, 1);
    let second = events(&place, &admin()).await.remove(0);
    let text = body(&place, &second).await["text"].as_str().unwrap().to_owned();
    assert!(text.starts_with("3 jobs became dead letters since "), "{text}");
    place.clock.advance(3 * HOUR);
    assert_eq!(told().await, 0, "no more of them");

    // A job that could not bring this is none of those it would tell of.
    die(&place, 4, Some(vendor)).await;
    place.clock.advance(3 * HOUR);
    assert_eq!(told().await, 0);
}

#[tokio::test]
async fn of_many_nodes_one_counts_dead_letters_and_another_goes_on_when_it_died() {
    let place = Place::new().await;
    let _ = alerts(&place).await;
    let nodes: Vec<_> = (0..6).map(|_| digest(&place)).collect();
    die(&place, 2, None).await;
    place.clock.advance(2 * MINUTE);
    let noted = futures::future::join_all(nodes.iter().map(Digest::look)).await;
    assert_eq!(noted.into_iter().map(Result::unwrap).sum::<usize>(), 1);
    die(&place, 1, None).await;
    place.clock.advance(2 * HOUR);
    assert_eq!(digest(&place).look().await.unwrap(), 1);
    let filter = AuditFilter { action: Some("job.dead".into()), ..AuditFilter::default() };
    let log = place.base.store.audit_page(None, &filter, None, 9).await.unwrap();
    let targets: Vec<_> = log.iter().map(|entry| entry.target.as_str()).collect();
    assert_eq!(targets, ["1 job", "2 jobs"]);
}
