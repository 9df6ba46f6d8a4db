//! The loop that claims due jobs and starts them, and the orderly end.

use super::{
    admission::{Admission, admit},
    claims::{Claimed, Claims},
    executor::Executor,
    finish::Finisher,
    gate::{Admitted, Gate},
    lanes::Lanes,
    leases::{Held, Lease},
    material::{Material, gather},
    outcome::Outcome,
    retry,
};
use crate::{
    clock::{SharedClock, random},
    stats::{Stats, name},
    wake::Wake,
};
use domain::{
    attempt::Attempt,
    holder::Holder,
    id::NodeId,
    job::{Job, JobKind},
    outcome::{AttemptOutcome, ErrorClass},
    time::Timestamp,
};
use futures::FutureExt;
use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use store::{Finished, Next, Store};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Longest a claimed job waits for a slot here; then others may have it.
const MOMENT: Duration = Duration::from_secs(1);
/// How long handing over what did not end in time may take.
const HAND_OVER: Duration = Duration::from_secs(5);
/// What is said of a try whose process could not wait for its end.
const STOPPED: &str = "The node that ran it was stopped; it goes on from the queue.";
/// Most characters of the far side's answer that are kept with a failed try.
const ANSWER_KEPT: usize = 2_000;

/// What the worker works with.
pub struct Runner {
    /// The queue.
    pub store: Arc<dyn Store>,
    /// What jobs do.
    pub executor: Arc<Executor>,
    /// What claims jobs.
    pub claims: Claims,
    /// What decides which claimed jobs run.
    pub gate: Arc<Gate>,
    /// Where outcomes are written.
    pub finisher: Finisher,
    /// The time.
    pub clock: SharedClock,
    /// This process.
    pub node: NodeId,
    /// Jobs held now.
    pub held: Arc<Held>,
    /// How many calls are made at once to one target.
    pub lanes: Arc<Lanes>,
    /// Told when new work may be there.
    pub wake: Arc<Wake>,
    /// Counters.
    pub stats: Arc<Stats>,
    /// Jobs run at the same time.
    pub workers: usize,
    /// First pause before a failed try is repeated.
    pub retry_base: Duration,
    /// How long running jobs may take to end when the process is asked to stop.
    pub grace: Duration,
    /// Cancelled when that is over: what still runs is handed over.
    pub over: CancellationToken,
}

/// A claimed job that may run, with what it needs.
struct Ready {
    admitted: Admitted,
    material: Material,
    lease: Lease,
}

impl Runner {
    /// Runs jobs until `stop`, then lets those that run end, within bounds.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let slots = Arc::new(Semaphore::new(self.workers));
        let tasks = TaskTracker::new();
        let mut ready = VecDeque::new();
        loop {
            let slot = tokio::time::timeout(MOMENT, slots.clone().acquire_owned());
            let slot = match stop.run_until_cancelled(slot).await {
                Some(Ok(Ok(slot))) => slot,
                // Nothing ends here, so what waits is better off elsewhere.
                Some(Err(_)) => {
                    self.give_back(ready.drain(..)).await;
                    continue;
                }
                Some(Ok(Err(_))) | None => break,
            };
            if ready.is_empty() {
                let pause = self.fetch(1 + slots.available_permits(), &mut ready).await;
                if let (true, Some(pause)) = (ready.is_empty(), pause) {
                    drop(slot);
                    let _ = stop.run_until_cancelled(tokio::time::timeout(pause, self.wake.heard())).await;
                    continue;
                }
            }
            if stop.is_cancelled() {
                break;
            }
            // All may have been put aside; behind them may stand others.
            let Some(next) = ready.pop_front() else { continue };
            let runner = self.clone();
            tasks.spawn(async move {
                let began = runner.clock.now();
                runner.run_one(next).await;
                runner.claims.note_ended(began);
                drop(slot);
            });
        }
        self.give_back(ready.drain(..)).await;
        tasks.close();
        if tokio::time::timeout(self.grace, tasks.wait()).await.is_err() {
            let jobs = self.held.len();
            tracing::warn!(
                jobs,
                "jobs still run at the end of the grace period; they are stopped and handed over"
            );
            self.over.cancel();
            self.held.stop_all();
            // A database that does not answer cannot be waited for; what it was not told is due again when leases end.
            let _ = tokio::time::timeout(HAND_OVER, tasks.wait()).await;
        }
    }

    /// Claims jobs for `free` slots; says how long it is no use to try again when there are none.
    async fn fetch(&self, free: usize, ready: &mut VecDeque<Ready>) -> Option<Duration> {
        let claimed = match self.claims.claim(free, self.workers).await {
            Claimed::Jobs(jobs) => jobs,
            Claimed::Nothing(pause) => return Some(pause),
        };
        let admitted = self.gate.admit(claimed).await;
        // From here on their leases are kept.
        let leases: Vec<Lease> =
            admitted.iter().map(|one| self.held.add((one.job.id, one.job.attempt))).collect();
        let jobs: Vec<&Job> = admitted.iter().map(|one| &one.job).collect();
        let material = gather(self.store.as_ref(), &jobs).await;
        ready.extend(
            admitted.into_iter().zip(material).zip(leases).map(|((admitted, material), lease)| Ready {
                admitted,
                material,
                lease,
            }),
        );
        None
    }

    /// Returns claimed jobs that were not begun to the queue.
    async fn give_back(&self, ready: impl Iterator<Item = Ready>) {
        let mut ids = Vec::new();
        for Ready { admitted, lease, .. } in ready {
            let (job, probes) = admitted.parts();
            self.gate.forgo(probes).await;
            self.held.remove(&lease);
            ids.push(job.id);
        }
        if ids.is_empty() {
            return;
        }
        match self.store.give_back(self.node, &ids, self.clock.now()).await {
            // They stand ahead of what was claimed since.
            Ok(()) => self.wake.ring(),
            Err(error) => {
                tracing::warn!(%error, jobs = ids.len(), "claimed jobs could not be given back; their leases will end");
            }
        }
    }

    async fn run_one(&self, ready: Ready) {
        let Ready { admitted, material, lease } = ready;
        let (job, probes) = admitted.parts();
        let started_at = self.clock.now();
        let live = &self.executor.live;
        let (_room, ended) = match admit(self.store.as_ref(), &self.lanes, live, &job, started_at).await {
            Admission::Go(room) => (Some(room), None),
            Admission::Later(at) => {
                self.gate.forgo(probes).await;
                return self.put_off(&job, &lease, at).await;
            }
            Admission::InLine => {
                self.gate.forgo(probes).await;
                return self.stand_in_line(&job, &lease, started_at).await;
            }
            Admission::Ended(outcome) => (None, Some(outcome)),
        };
        let called = ended.is_none();
        tracing::info!(job.id = %job.id, job.kind = %job.kind, job.attempt = job.attempt, "job started");
        // A panic in one job must not take the process or its slot with it.
        let run = async {
            match ended {
                Some(outcome) => outcome,
                None => self.executor.run(&job, material).await,
            }
        };
        let run = AssertUnwindSafe(run).catch_unwind();
        let outcome = match lease.lost.run_until_cancelled(run).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(super::outcome::Failure::new(
                ErrorClass::Internal,
                "The job ran into a fault of Tidegate.",
            )),
            None if self.over.is_cancelled() => {
                self.gate.forgo(probes).await;
                return self.hand_over(&job, &lease, started_at).await;
            }
            None => {
                tracing::warn!(job.id = %job.id, job.attempt = job.attempt, "a running job is not this node's any more: it was cancelled, or its lease was lost");
                self.held.remove(&lease);
                return self.gate.forgo(probes).await;
            }
        };
        let finished_at = self.clock.now();
        // What made no call says nothing about its target.
        if called {
            self.gate.note(&job, probes, &outcome, finished_at.since(started_at)).await;
        } else {
            self.gate.forgo(probes).await;
        }
        let outcome = self.gate.counted(&job, outcome);
        self.count(&job, &outcome, started_at, finished_at);
        let finished = self.conclude(&job, outcome, started_at, finished_at);
        let ended = finished.attempt.outcome;
        let kept = self.finisher.finish(finished).await;
        self.held.remove(&lease);
        if job.line().is_some() {
            // The next of its line may go now.
            self.wake.ring();
        }
        let duration_ms = finished_at.since(started_at) / 1_000;
        if kept {
            tracing::info!(job.id = %job.id, job.kind = %job.kind, outcome = %ended, duration_ms, "job {ended}");
        } else {
            tracing::warn!(job.id = %job.id, outcome = %ended, duration_ms, "the lease was lost before the outcome could be written");
        }
    }

    /// Returns a job whose turn has not come to the queue.
    async fn put_off(&self, job: &Job, lease: &Lease, at: Timestamp) {
        if let Err(error) = self.store.put_off(self.node, job.id, at, self.clock.now()).await {
            tracing::warn!(%error, job.id = %job.id, "a job could not be put off; its lease will end");
        }
        self.wake.ring();
        self.held.remove(lease);
    }

    /// Makes a job due again at once that this process cannot wait for any more. Its try counts, because its call was
    /// made, but it is none that brought its node down, and no reason to give up.
    async fn hand_over(&self, job: &Job, lease: &Lease, started_at: Timestamp) {
        let now = self.clock.now();
        let (reason, class) = (STOPPED.to_owned(), ErrorClass::LeaseExpired);
        let attempt = Attempt {
            outcome: AttemptOutcome::Retry,
            error_class: Some(class),
            error: Some(reason.clone()),
            next_run_at: Some(now),
            ..Attempt::of(job, self.node, started_at, now)
        };
        self.finisher.finish(Finished { attempt, next: Next::Retry { at: now, reason, class } }).await;
        self.held.remove(lease);
    }

    /// Puts a job aside whose line is not there yet; the one before it lets it go.
    async fn stand_in_line(&self, job: &Job, lease: &Lease, now: Timestamp) {
        let subject = job.subject_id.as_deref().unwrap_or_default();
        let reason = format!("waits for what came before it about {subject}");
        let attempt = Attempt { outcome: AttemptOutcome::Held, ..Attempt::of(job, self.node, now, now) };
        self.finisher.finish(Finished { attempt, next: Next::Held { reason, by: Holder::Line } }).await;
        self.held.remove(lease);
    }

    fn count(&self, job: &Job, outcome: &Outcome, started_at: Timestamp, finished_at: Timestamp) {
        // Nothing was called.
        if outcome.as_ref().is_err_and(|failure| failure.class == ErrorClass::SwitchedOff) {
            return;
        }
        let took = finished_at.since(started_at);
        let label = if outcome.is_ok() { "succeeded" } else { "failed" };
        metrics::histogram!("tidegate_job_seconds", "kind" => job.kind.as_str(), "outcome" => label)
            .record(took as f64 / 1e6);
        match job.kind {
            JobKind::Generate => {
                let provider = self.executor.provider_name(job);
                metrics::counter!("tidegate_provider_requests_total", "provider" => provider, "outcome" => label).increment(1);
            }
            // An older event was not delivered, because a newer one was.
            _ if outcome.as_ref().is_ok_and(|success| success.result.superseded_by.is_some()) => {}
            kind => {
                metrics::counter!("tidegate_deliveries_total", "kind" => kind.as_str(), "outcome" => label)
                    .increment(1)
            }
        }
        let Ok(success) = outcome else { return };
        // A job that starts another is not the end of its story.
        if success.then.is_empty() {
            self.stats.add(job.tenant_id, name::DONE, 1);
        }
        if job.kind == JobKind::Generate {
            self.stats.add(job.tenant_id, name::INPUT_TOKENS, success.usage.input_tokens);
            self.stats.add(job.tenant_id, name::OUTPUT_TOKENS, success.usage.output_tokens);
            if let Some(model) = &success.model {
                self.stats.time(job.tenant_id, &format!("{}:{model}", name::MODEL), took);
            }
        } else if success.result.superseded_by.is_none() {
            self.stats.add(job.tenant_id, name::DELIVERED, 1);
        }
    }

    /// The record of the try and what happens next.
    fn conclude(
        &self,
        job: &Job,
        outcome: Outcome,
        started_at: Timestamp,
        finished_at: Timestamp,
    ) -> Finished {
        let mut attempt = Attempt::of(job, self.node, started_at, finished_at);
        let next = match outcome {
            Ok(success) => {
                attempt.status = success.status;
                attempt.model = success.model;
                attempt.usage = success.usage;
                Next::Succeeded { result: success.result, then: success.then }
            }
            Err(failure) => {
                let next =
                    retry::decide(job, &failure, self.retry_base, finished_at, u64::from_le_bytes(random()));
                (attempt.outcome, attempt.next_run_at) = match &next {
                    Next::Retry { at, .. } => (AttemptOutcome::Retry, Some(*at)),
                    Next::Deadletter { .. } => (AttemptOutcome::Deadletter, None),
                    Next::Held { .. } => (AttemptOutcome::Held, None),
                    _ => (AttemptOutcome::Failed, None),
                };
                attempt.error_class = Some(failure.class);
                attempt.error = Some(failure.words);
                attempt.status = failure.status;
                attempt.answer = failure.answer.map(|answer| answer.chars().take(ANSWER_KEPT).collect());
                next
            }
        };
        Finished { attempt, next }
    }
}
