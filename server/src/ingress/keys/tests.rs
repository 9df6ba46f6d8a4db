use super::*;
use crate::clock::{Clock, ManualClock};
use domain::time::HOUR;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

const NOW: Timestamp = Timestamp::from_unix(1_790_000_000);
const SET: &str = r#"{"keys":[{"kid":"k1"}]}"#;

/// A vendor's key server that answers when it is told to.
#[derive(Default)]
struct Server {
    asked: AtomicUsize,
    answers: Mutex<Vec<Result<&'static str, &'static str>>>,
    go: Option<Notify>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl Fetch for Server {
    async fn fetch(&self, _: &Wanted) -> Result<Fetched, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(go) = &self.go {
            go.notified().await;
        }
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        answer
            .map(|text| Fetched { text: text.into(), until: self.clock.now().plus(HOUR) })
            .map_err(str::to_owned)
    }
}

struct Story {
    ring: Arc<Keyring>,
    server: Arc<Server>,
    clock: Arc<ManualClock>,
}

impl Story {
    fn new(answers: &[Result<&'static str, &'static str>], held: bool) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let server = Arc::new(Server {
            answers: Mutex::new(answers.to_vec()),
            go: held.then(Notify::new),
            clock: clock.clone(),
            asked: AtomicUsize::new(0),
        });
        Self { ring: Keyring::new(server.clone(), clock.clone()), server, clock }
    }

    async fn get(&self, key_id: Option<&str>) -> Result<Arc<str>, NotAtHand> {
        self.ring.obtain(set(1), key_id).await
    }

    fn asked(&self) -> usize {
        self.server.asked.load(Ordering::SeqCst)
    }
}

fn vendor(n: u128) -> VendorId {
    VendorId::new(uuid::Uuid::from_u128(n))
}

fn set(n: u128) -> Wanted {
    wanted(Source::Set { url: format!("https://keys.test/{n}") }, vendor(1))
}

fn wanted(source: Source, vendor: VendorId) -> Wanted {
    let preset = Arc::new(signature::preset("fal").unwrap().clone());
    Wanted { source, preset, credentials: Vec::new(), vendor }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_fetched_once_and_then_at_hand() {
    let story = Story::new(&[Ok(SET)], false);
    assert_eq!(&*story.get(None).await.unwrap(), SET);
    assert_eq!(&*story.get(Some("k1")).await.unwrap(), SET);
    assert_eq!(story.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_at_the_same_time_share_one_fetch() {
    let story = Story::new(&[Ok(SET)], true);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let ring = story.ring.clone();
        waiting.spawn(async move { ring.obtain(set(1), None).await });
    }
    tokio::task::yield_now().await;
    story.server.go.as_ref().unwrap().notify_one();
    assert!(waiting.join_all().await.into_iter().all(|text| text.is_ok()));
    assert_eq!(story.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_key_server_costs_a_request_two_seconds_and_serves_the_next_one() {
    let story = Story::new(&[Ok(SET)], true);
    let began = tokio::time::Instant::now();
    assert_eq!(story.get(None).await, Err(NotAtHand { seconds: 1 }));
    assert_eq!(began.elapsed(), WAIT);
    story.server.go.as_ref().unwrap().notify_one();
    assert!(story.get(None).await.is_ok());
    assert_eq!(story.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_repeated_at_once_and_pauses_grow() {
    let story = Story::new(&[Err("500"), Err("500"), Ok(SET)], false);
    assert_eq!(story.get(None).await, Err(NotAtHand { seconds: 5 }));
    assert_eq!(story.get(None).await, Err(NotAtHand { seconds: 5 }));
    assert_eq!(story.asked(), 1);
    story.clock.advance(5 * SECOND);
    assert_eq!(story.get(None).await, Err(NotAtHand { seconds: 10 }));
    story.clock.advance(9 * SECOND);
    assert_eq!(story.get(None).await, Err(NotAtHand { seconds: 1 }));
    assert_eq!(story.asked(), 2);
    story.clock.advance(SECOND);
    assert!(story.get(None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_renews_the_set_at_most_once_a_minute() {
    let story = Story::new(&[Ok(SET), Ok(SET), Ok(r#"{"keys":[{"kid":"k2"}]}"#)], false);
    story.get(Some("k1")).await.unwrap();
    assert_eq!(&*story.get(Some("k2")).await.unwrap(), SET);
    assert_eq!(story.asked(), 1);
    story.clock.advance(MINUTE);
    assert_eq!(&*story.get(Some("k2")).await.unwrap(), SET);
    assert_eq!(&*story.get(Some("k3")).await.unwrap(), SET);
    assert_eq!(story.asked(), 2);
    story.clock.advance(MINUTE);
    assert!(signature::holds_key(&story.get(Some("k2")).await.unwrap(), "k2"));
    assert_eq!(story.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn when_no_key_fits_a_newer_set_is_asked_for_at_most_once_a_minute() {
    let story = Story::new(&[Ok(SET), Ok("other"), Ok("third")], false);
    let old = story.get(None).await.unwrap();
    assert_eq!(story.ring.renewed(set(1), &old).await, None);
    story.clock.advance(MINUTE);
    let newer = story.ring.renewed(set(1), &old).await.unwrap();
    assert_eq!(&*newer, "other");
    assert_eq!(story.ring.renewed(set(1), &newer).await, None);
    assert_eq!(story.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_never_used_after_its_time_even_when_it_cannot_be_renewed() {
    let story = Story::new(&[Ok(SET), Err("500")], false);
    story.get(None).await.unwrap();
    story.clock.advance(HOUR - 1);
    assert!(story.get(None).await.is_ok());
    story.clock.advance(1);
    assert!(story.get(None).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_ahead_and_renewed_after_three_quarters_of_their_time() {
    let story = Story::new(&[Ok(SET)], false);
    let tend = || async {
        story.ring.tend(vec![set(1)]);
        tokio::task::yield_now().await;
        story.asked()
    };
    assert_eq!(tend().await, 1);
    story.clock.advance(HOUR / 4 * 3 - 1);
    assert_eq!(tend().await, 1);
    story.clock.advance(1);
    assert_eq!(tend().await, 2);
    assert!(story.get(None).await.is_ok());
    assert_eq!(story.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_needed_for_a_day_is_forgotten() {
    let story = Story::new(&[Ok(SET)], false);
    story.get(None).await.unwrap();
    story.clock.advance(UNUSED);
    story.ring.tend(Vec::new());
    tokio::task::yield_now().await;
    assert_eq!((story.asked(), story.ring.entries().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn one_vendor_has_few_new_addresses_asked_in_a_minute_and_others_are_not_held_up() {
    let story = Story::new(&[Ok("certificate")], false);
    let ask = async |vendor: VendorId, n: u32| {
        let url = format!("https://sns.eu-central-1.amazonaws.com/{n}.pem");
        story.ring.obtain(wanted(Source::Certificate { url }, vendor), None).await
    };
    for n in 0..NEW_PER_MINUTE {
        assert!(ask(vendor(1), n).await.is_ok());
    }
    assert_eq!(ask(vendor(1), 100).await, Err(NotAtHand { seconds: 60 }));
    assert!(ask(vendor(1), 0).await.is_ok());
    assert!(ask(vendor(2), 101).await.is_ok());
    story.clock.advance(MINUTE);
    assert!(ask(vendor(1), 100).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn no_more_keys_are_kept_than_there_is_room_for() {
    let story = Story::new(&[Ok("key")], false);
    for n in 0..300_u128 {
        let source = Source::Key { url: "https://k.test".into(), vendor: vendor(n), key_id: "k".into() };
        story.clock.advance(1);
        story.ring.obtain(wanted(source, vendor(n)), None).await.unwrap();
    }
    assert_eq!(story.ring.entries().len(), MOST);
}

#[tokio::test(start_paused = true)]
async fn people_learn_when_keys_were_fetched_and_what_went_wrong() {
    let story = Story::new(&[Ok(SET), Err("503 from keys.test")], false);
    let fal = signature::preset("fal").unwrap();
    let KeySource::Jwks { url, .. } = signature::key_source(fal) else { panic!("no set") };
    let wanted = wanted(Source::Set { url }, vendor(1));
    assert_eq!(story.ring.standing(vendor(1), fal), Standing::default());
    story.ring.obtain(wanted.clone(), None).await.unwrap();
    let good = Standing { fetched_at: Some(NOW), failure: None };
    assert_eq!(story.ring.standing(vendor(2), fal), good);
    story.clock.advance(HOUR);
    story.ring.obtain(wanted, None).await.unwrap_err();
    assert_eq!(story.ring.standing(vendor(1), fal).failure.as_deref(), Some("503 from keys.test"));
}
