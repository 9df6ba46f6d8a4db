//! Breakers over several nodes: what each of them counts adds up, and what people set holds for all of them.

use crate::{
    ill,
    support::{Place, admin, owner},
    well,
};
use app::{
    error::{AppError, Field, Reason},
    ports::{BreakersPort, FlowPort},
};
use domain::{
    breaker::{BreakerKey, BreakerMode, BreakerState},
    id::DestinationId,
    job::Job,
    role::Role,
    thresholds::{Chosen, Guarded, Threshold},
    time::SECOND,
};
use std::time::Duration;
use tidegate::worker::{gate::Gate, outcome::Outcome};

const FIRST: Duration = Duration::from_secs(30);
/// Longer than any answer of a destination should take.
const SLOW: i64 = 20 * SECOND;

/// An installation with three nodes and a destination.
struct Three {
    place: Place,
    blog: DestinationId,
    nodes: [Gate; 3],
}

impl Three {
    async fn new() -> Self {
        let place = Place::new().await;
        let blog = place.destination("blog").await;
        let nodes = std::array::from_fn(|_| place.another_node(FIRST));
        Self { place, blog, nodes }
    }

    fn key(&self) -> BreakerKey {
        BreakerKey::Destination(self.blog)
    }

    fn state(&self) -> Option<BreakerState> {
        self.place.breaker(&self.key()).map(|breaker| breaker.state)
    }

    /// Lets each of these jobs end on the next node in turn, a second apart, and tells the others at once; says after how
    /// many the breaker was open.
    async fn end(&self, jobs: &[Job], outcome: impl Fn(usize) -> (Outcome, i64)) -> Option<usize> {
        for (n, job) in jobs.iter().enumerate() {
            let (outcome, took) = outcome(n);
            let node = &self.nodes[n % 3];
            node.note(job, Vec::new(), &outcome, took).await;
            node.settle().await;
            if self.state() == Some(BreakerState::Open) {
                return Some(n + 1);
            }
            self.place.clock.advance(SECOND);
        }
        None
    }

    async fn jobs(&self, many: usize) -> Vec<Job> {
        self.place.jobs(many, |job| job.destination_id = Some(self.blog)).await
    }

    async fn set(&self, of: Guarded, chosen: &[(Threshold, u32)]) {
        let chosen: Chosen = chosen.iter().copied().collect();
        self.place.services().set_thresholds(&owner(), of, chosen).await.unwrap();
    }
}

#[tokio::test]
async fn failures_spread_over_three_nodes_open_a_breaker_as_those_of_one_would() {
    let three = Three::new().await;
    let jobs = three.jobs(9).await;
    assert_eq!(three.end(&jobs, |_| (ill(), SECOND)).await, Some(5));
    let open = three.place.breaker(&three.key()).unwrap();
    assert_eq!(open.reason, "5 jobs in a row failed, the last with: 503 from blog");
    assert_eq!((open.changed_by.as_str(), open.openings), ("tidegate", 1));
    // What the other nodes still had to tell was counted before it opened, and opens nothing twice.
    for node in &three.nodes {
        node.note(&jobs[8], Vec::new(), &ill(), SECOND).await;
        node.settle().await;
    }
    assert_eq!(three.place.breaker(&three.key()).unwrap(), open);
    let log = three.place.base.store.audit_log(None, three.place.clock.now_later(), 10).await.unwrap();
    assert_eq!(log.iter().filter(|entry| entry.action == "breaker.open").count(), 1);
}

#[tokio::test]
async fn a_rate_of_failures_over_three_nodes_opens_it_although_none_of_them_saw_enough_calls() {
    let three = Three::new().await;
    three.set(Guarded::Installation, &[(Threshold::InARow, 0)]).await;
    let jobs = three.jobs(30).await;
    let half = |n: usize| if n.is_multiple_of(2) { (well(), SECOND) } else { (ill(), SECOND) };
    assert_eq!(three.end(&jobs, half).await, Some(10));
    let reason = three.place.breaker(&three.key()).unwrap().reason;
    assert_eq!(reason, "5 of the last 10 calls failed, the last with: 503 from blog");
}

#[tokio::test]
async fn slow_calls_alone_open_it() {
    let three = Three::new().await;
    let jobs = three.jobs(30).await;
    assert_eq!(three.end(&jobs, |_| (well(), SLOW)).await, Some(10));
    assert_eq!(three.place.breaker(&three.key()).unwrap().reason, "10 of the last 10 calls were slow");
    // The same calls are quick enough for a destination of which that is known.
    let three = Three::new().await;
    three.set(Guarded::Destination(three.blog), &[(Threshold::SlowAfter, 30)]).await;
    let jobs = three.jobs(30).await;
    assert_eq!(three.end(&jobs, |_| (well(), SLOW)).await, None);
}

#[tokio::test]
async fn below_the_least_number_of_calls_nothing_opens() {
    let three = Three::new().await;
    three.set(Guarded::Installation, &[(Threshold::InARow, 0), (Threshold::MinCalls, 20)]).await;
    let jobs = three.jobs(38).await;
    assert_eq!(three.end(&jobs[..19], |_| (ill(), SLOW)).await, None);
    assert_eq!(three.state(), None);
    // What is older than the window does not fill it up.
    three.place.clock.advance(70 * SECOND);
    assert_eq!(three.end(&jobs[19..], |_| (ill(), SLOW)).await, None);
}

#[tokio::test]
async fn one_job_that_fails_on_every_node_opens_nothing() {
    let three = Three::new().await;
    let job = three.jobs(1).await.remove(0);
    assert_eq!(three.end(&vec![job; 30], |_| (ill(), SECOND)).await, None);
}

#[tokio::test]
async fn what_is_set_for_a_destination_goes_over_what_is_set_for_all() {
    let three = Three::new().await;
    let rates = [(Threshold::InARow, 0), (Threshold::MinCalls, 6), (Threshold::Wait, 7)];
    three.set(Guarded::Installation, &rates).await;
    three.set(Guarded::Destination(three.blog), &[(Threshold::MinCalls, 8)]).await;
    let jobs = three.jobs(20).await;
    assert_eq!(three.end(&jobs, |_| (ill(), SECOND)).await, Some(8));
    let open = three.place.breaker(&three.key()).unwrap();
    assert_eq!(open.open_until.unwrap().since(open.changed_at), 7 * SECOND, "the installation's pause");
}

#[tokio::test]
async fn what_was_counted_before_a_breaker_changed_says_nothing_afterwards() {
    let three = Three::new().await;
    let jobs = three.jobs(13).await;
    assert_eq!(three.end(&jobs[..4], |_| (ill(), SECOND)).await, None);
    let services = three.place.services();
    services.set_breaker(&owner(), three.key(), BreakerMode::Automatic).await.unwrap();
    assert_eq!(three.end(&jobs[4..8], |_| (ill(), SECOND)).await, None);
    assert_eq!(three.end(&jobs[8..], |_| (ill(), SECOND)).await, Some(1));
}

#[tokio::test]
async fn calls_that_could_not_be_told_yet_are_told_once_and_seen_by_people() {
    let three = Three::new().await;
    let jobs = three.jobs(7).await;
    for (n, job) in jobs.iter().enumerate() {
        let outcome = if n == 0 { ill() } else { well() };
        three.nodes[n % 3].note(job, Vec::new(), &outcome, if n == 1 { SLOW } else { SECOND }).await;
    }
    let seen = || async {
        let rows = three.place.services().watched(&admin()).await.unwrap();
        let row = rows.into_iter().find(|row| row.breaker.key == three.key()).unwrap();
        (row.counted.calls, row.counted.failed, row.counted.slow)
    };
    assert_eq!(seen().await, (0, 0, 0), "nothing is written while calls are made");
    for node in three.nodes.iter().chain(&three.nodes) {
        node.settle().await;
    }
    assert_eq!(seen().await, (7, 1, 1));
}

#[tokio::test]
async fn thresholds_are_checked_audited_and_out_of_reach_of_others() {
    let three = Three::new().await;
    let services = three.place.services();
    let of = Guarded::Destination(three.blog);
    let one = |what, number| Chosen::from([(what, number)]);
    for (what, number) in [(Threshold::FailureRate, 0), (Threshold::InARow, 1), (Threshold::Window, 9)] {
        let refused = services.set_thresholds(&admin(), of, one(what, number)).await;
        assert_eq!(refused, Err(AppError::invalid(Field::Threshold(what), Reason::Malformed)));
    }
    let stranger = three.place.stranger().await;
    let chosen = one(Threshold::FailureRate, 30);
    assert_eq!(services.set_thresholds(&stranger, of, chosen.clone()).await, Err(AppError::NotFound));
    let all = services.set_thresholds(&admin(), Guarded::Installation, chosen.clone()).await;
    assert_eq!(all, Err(AppError::NotAllowed));
    assert!(services.watched(&stranger).await.unwrap().is_empty());
    let page = services.thresholds(&stranger).await.unwrap();
    assert_eq!(
        page.rows.iter().map(|row| (row.of, row.may)).collect::<Vec<_>>(),
        [(Guarded::Installation, false)]
    );

    services.set_thresholds(&admin(), of, chosen.clone()).await.unwrap();
    // The same again is no change.
    services.set_thresholds(&admin(), of, chosen).await.unwrap();
    services.set_thresholds(&admin(), of, Chosen::new()).await.unwrap();
    let log = three.place.base.store.audit_log(None, three.place.clock.now_later(), 20).await.unwrap();
    let mut told: Vec<_> = log
        .iter()
        .filter(|entry| entry.action == "breaker.thresholds")
        .map(|entry| (entry.target.as_str(), entry.detail.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("destination blog", "all inherited"), ("destination blog", "failure rate 30 %")]);
    let editor = app::ports::Actor { role: Role::Editor, ..admin() };
    assert!(services.thresholds(&editor).await.unwrap().rows.iter().all(|row| !row.may));
}
