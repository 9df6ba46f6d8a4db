//! Breakers of providers beside those of their models: which of them hears of what, and what passes both.

use crate::{
    jobs,
    support::{NOON, Place, admin, owner},
    well,
};
use app::ports::{BreakersPort, FlowPort, OverviewPort};
use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    holder::Holder,
    id::ProviderId,
    job::{Job, JobKind, JobState},
    outcome::ErrorClass,
    time::{MINUTE, SECOND},
};
use std::{sync::Arc, time::Duration};
use tidegate::worker::outcome::{Failure, Outcome};

/// The host does not answer.
fn away() -> Outcome {
    let failure = Failure::new(ErrorClass::Connection, "No connection to writer");
    Err(Failure { unreached: true, ..failure })
}

/// One of its models does not.
fn overloaded() -> Outcome {
    Err(Failure::new(ErrorClass::Server, "503 from writer"))
}

fn no_credit() -> Outcome {
    Err(Failure::new(ErrorClass::Budget, "writer says that its credit is used up"))
}

fn asks(writer: ProviderId, model: &str) -> impl Fn(&mut Job) {
    move |job| {
        (job.kind, job.provider_id) = (JobKind::Generate, Some(writer));
        job.params.model = Some(model.to_owned());
    }
}

/// An installation with a provider whose models are `small` and `large`.
struct Writer {
    place: Place,
    id: ProviderId,
}

impl Writer {
    async fn new() -> Self {
        let place = Place::new().await;
        let id = place.provider("writer", "small").await;
        Self { place, id }
    }

    fn whole(&self) -> BreakerKey {
        BreakerKey::Provider(self.id)
    }

    fn model(&self, model: &str) -> BreakerKey {
        BreakerKey::Model(self.id, model.to_owned())
    }

    async fn jobs(&self, many: usize, model: &str) -> Vec<Job> {
        self.place.jobs(many, asks(self.id, model)).await
    }

    fn state(&self, key: &BreakerKey) -> Option<BreakerState> {
        self.place.breaker(key).map(|breaker| breaker.state)
    }

    /// Lets jobs end that were admitted before anything opened.
    async fn end(&self, jobs: &[Job], outcome: impl Fn() -> Outcome) {
        for job in jobs {
            self.place.gate.note(job, Vec::new(), &outcome(), SECOND).await;
        }
        self.place.gate.settle().await;
    }

    /// What is claimed and let through, with the breakers it tries.
    async fn admit(&self, limit: i64) -> Vec<(Job, Vec<Breaker>)> {
        let admitted = self.place.gate.admit(self.place.claim(limit).await).await;
        admitted.into_iter().map(|one| one.parts()).collect()
    }
}

#[tokio::test]
async fn a_host_that_is_gone_opens_one_breaker_for_all_models_of_its_provider() {
    let writer = Writer::new().await;
    let mut made = writer.jobs(3, "small").await;
    made.extend(writer.jobs(2, "large").await);
    writer.end(&made, away).await;
    let open = writer.place.breaker(&writer.whole()).unwrap();
    assert_eq!(open.state, BreakerState::Open);
    assert_eq!(open.reason, "5 jobs in a row failed, the last with: No connection to writer");
    assert_eq!((writer.state(&writer.model("small")), writer.state(&writer.model("large"))), (None, None));

    assert!(writer.admit(10).await.is_empty());
    for job in &made {
        let held = writer.place.job(job.id).await;
        assert_eq!((held.state, held.attempt), (JobState::Held, 0));
        let reason = held.reason.unwrap();
        assert!(
            reason.starts_with("the breaker of provider writer is open, tried again in 30 s: "),
            "{reason}"
        );
    }
    assert_eq!(writer.place.base.store.holders().await.unwrap(), [Holder::Breaker(writer.whole())]);
    let named = writer.place.services().overview(&admin()).await.unwrap().providers;
    assert_eq!(
        named.iter().map(|one| (one.slug.as_str(), one.why.as_str())).collect::<Vec<_>>(),
        [("provider writer", open.reason.as_str())]
    );
}

#[tokio::test]
async fn a_model_that_fails_shuts_off_no_other_model_of_its_provider() {
    let writer = Writer::new().await;
    let ill = writer.jobs(5, "small").await;
    writer.end(&ill, overloaded).await;
    assert_eq!(writer.state(&writer.model("small")), Some(BreakerState::Open));
    assert_eq!(writer.state(&writer.whole()), None, "somebody is there");
    writer.jobs(2, "large").await;
    let through = writer.admit(10).await;
    assert!(through.iter().all(|(job, _)| job.params.model.as_deref() == Some("large")));
    assert_eq!(through.len(), 2);
}

#[tokio::test]
async fn one_job_tries_provider_and_model_together_and_its_success_closes_both() {
    let writer = Writer::new().await;
    let mut made = writer.jobs(5, "small").await;
    writer.end(&made, overloaded).await;
    made.extend(writer.jobs(5, "large").await);
    writer.end(&made[5..], away).await;
    writer.place.clock.advance(30 * SECOND);
    let mut through = writer.admit(10).await;
    let (job, probes) = through.remove(0);
    assert!(through.is_empty(), "nobody else while one tries");
    assert_eq!(
        probes.iter().map(|probe| probe.key.clone()).collect::<Vec<_>>(),
        [writer.whole(), writer.model("small")]
    );
    writer.place.gate.note(&job, probes, &well(), SECOND).await;
    let closed = Some(BreakerState::Closed);
    assert_eq!((writer.state(&writer.whole()), writer.state(&writer.model("small"))), (closed, closed));
    assert!(writer.place.let_go().await > 0);
}

#[tokio::test]
async fn a_job_that_may_not_try_one_of_its_breakers_leaves_the_other_to_somebody_else() {
    let writer = Writer::new().await;
    let small = writer.jobs(5, "small").await;
    writer.end(&small, overloaded).await;
    writer.place.clock.advance(SECOND);
    let large = writer.jobs(5, "large").await;
    writer.end(&large, away).await;
    let services = writer.place.services();
    services.set_breaker(&owner(), writer.model("small"), BreakerMode::ForcedOpen).await.unwrap();
    writer.place.clock.advance(30 * SECOND);
    let through = writer.admit(5).await;
    assert!(through.is_empty(), "the five oldest are of the model that is forced open");
    assert_eq!(writer.state(&writer.whole()), Some(BreakerState::Open), "none of them took the try");
    let mut through = writer.admit(5).await;
    assert_eq!(through.len(), 1);
    let (job, probes) = through.remove(0);
    assert_eq!(job.params.model.as_deref(), Some("large"));
    writer.place.gate.forgo(probes).await;
    assert_eq!(writer.state(&writer.whole()), Some(BreakerState::Open), "given back for the next one");
    assert_eq!(writer.place.let_go().await, 1);
    assert_eq!(writer.admit(5).await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_success_leaves_a_provider_to_the_next_job_and_counts_for_its_model() {
    let writer = Writer::new().await;
    let made = writer.jobs(5, "small").await;
    writer.end(&made, away).await;
    writer.place.clock.advance(30 * SECOND);
    let (job, probes) = writer.admit(10).await.remove(0);
    writer.place.gate.note(&job, probes, &overloaded(), SECOND).await;
    writer.place.gate.settle().await;
    let again = writer.place.breaker(&writer.whole()).unwrap();
    assert_eq!(
        (again.state, again.open_until, again.openings),
        (BreakerState::Open, Some(writer.place.now()), 1)
    );
    let rows = writer.place.services().watched(&admin()).await.unwrap();
    let counted = rows.iter().find(|row| row.breaker.key == writer.model("small")).unwrap().counted.clone();
    assert_eq!((counted.calls, counted.failed), (1, 1));
}

#[tokio::test]
async fn the_first_answer_without_credit_opens_the_provider_for_ten_minutes_and_holds_its_jobs_without_a_try()
{
    let writer = Writer::new().await;
    let made = writer.jobs(4, "small").await;
    let (first, probes) = writer.admit(1).await.remove(0);
    writer.place.gate.note(&first, probes, &no_credit(), SECOND).await;
    let open = writer.place.breaker(&writer.whole()).unwrap();
    assert_eq!(
        (open.state, open.reason.as_str()),
        (BreakerState::Open, "writer says that its credit is used up")
    );
    assert_eq!(open.open_until, Some(NOON.plus(10 * MINUTE)));
    assert_eq!(writer.state(&writer.model("small")), None);

    assert!(writer.admit(10).await.is_empty());
    let held = writer.place.job(made[1].id).await;
    assert_eq!((held.state, held.attempt), (JobState::Held, 0));
    assert_eq!(
        held.reason.as_deref(),
        Some(
            "the breaker of provider writer is open, tried again in 10 min: writer says that its credit is used up"
        )
    );
    // After the pause one tries, and finds the same: the pause doubles.
    writer.place.clock.advance(10 * MINUTE);
    assert_eq!(writer.place.let_go().await, 1);
    let (job, probes) = writer.admit(10).await.remove(0);
    writer.place.gate.note(&job, probes, &no_credit(), SECOND).await;
    assert_eq!(writer.place.breaker(&writer.whole()).unwrap().open_until, Some(NOON.plus(30 * MINUTE)));

    // Somebody tops up and closes it. What was asked before that says nothing any more.
    let services = writer.place.services();
    services.set_breaker(&owner(), writer.whole(), BreakerMode::Automatic).await.unwrap();
    assert_eq!(writer.place.breaker(&writer.whole()).unwrap().reason, "closed by owner@example.org");
    writer.place.gate.note(&made[3], Vec::new(), &no_credit(), SECOND).await;
    assert_eq!(writer.state(&writer.whole()), Some(BreakerState::Closed));
    assert!(writer.place.let_go().await > 0);
    writer.place.clock.advance(2 * SECOND);
    writer.place.gate.note(&made[3], Vec::new(), &no_credit(), SECOND).await;
    assert_eq!(writer.state(&writer.whole()), Some(BreakerState::Open), "asked after it");
    let log = writer.place.base.store.audit_log(None, writer.place.clock.now_later(), 20).await.unwrap();
    let told: Vec<_> = log.iter().filter(|entry| entry.action.starts_with("breaker.")).collect();
    assert!(told.iter().all(|entry| entry.target == "provider writer"), "{told:?}");
    let times = |action: &str| told.iter().filter(|entry| entry.action == action).count();
    // The probe in vain is no news.
    assert_eq!((times("breaker.open"), times("breaker.reopen")), (2, 1));
}

#[tokio::test]
async fn a_provider_forced_closed_is_asked_on_and_its_jobs_pay_with_their_tries() {
    let writer = Writer::new().await;
    let job = writer.jobs(1, "small").await.remove(0);
    let class = |outcome: Outcome| outcome.unwrap_err().class;
    assert_eq!(class(writer.place.gate.counted(&job, no_credit())), ErrorClass::Budget);
    let services = writer.place.services();
    services.set_breaker(&owner(), writer.whole(), BreakerMode::ForcedClosed).await.unwrap();
    writer.place.clock.advance(MINUTE);
    writer.place.gate.note(&job, Vec::new(), &no_credit(), SECOND).await;
    assert_eq!(writer.state(&writer.whole()), Some(BreakerState::Closed));
    assert_eq!(class(writer.place.gate.counted(&job, no_credit())), ErrorClass::RateLimited);
    assert_eq!(class(writer.place.gate.counted(&job, overloaded())), ErrorClass::Server);
}

#[tokio::test]
async fn a_provider_forced_open_holds_the_jobs_of_all_its_models_and_of_no_other() {
    let writer = Writer::new().await;
    let other = writer.place.provider("other", "small").await;
    let services = writer.place.services();
    services.set_breaker(&owner(), writer.whole(), BreakerMode::ForcedOpen).await.unwrap();
    writer.jobs(1, "small").await;
    writer.jobs(1, "large").await;
    let runs = writer.place.jobs(1, asks(other, "small")).await;
    let through = jobs(writer.place.gate.admit(writer.place.claim(10).await).await);
    assert_eq!(through.iter().map(|job| job.id).collect::<Vec<_>>(), [runs[0].id]);
    assert_eq!(writer.place.let_go().await, 0);
    services.set_breaker(&owner(), writer.whole(), BreakerMode::Automatic).await.unwrap();
    assert_eq!(writer.place.let_go().await, 2);
}

#[tokio::test]
async fn two_nodes_that_find_both_breakers_time_over_send_one_job() {
    let writer = Writer::new().await;
    let small = writer.jobs(5, "small").await;
    writer.end(&small, overloaded).await;
    let large = writer.jobs(5, "large").await;
    writer.end(&large, away).await;
    writer.place.clock.advance(30 * SECOND);
    let other = Arc::new(writer.place.another_node(Duration::from_secs(30)));
    let (one, two) = (writer.place.claim(2).await, writer.place.claim_for(other.node, 2).await);
    let (one, two) = tokio::join!(writer.place.gate.admit(one), other.admit(two));
    assert_eq!(one.len() + two.len(), 1);
}
