//! Whether a claimed job may run: asked between claim and run. What is paused, or whose target's breaker is open, is
//! put aside with what holds it and burns no try. [`super::letting_go`] brings it back.
//!
//! How calls went is told to all nodes behind the calls, and whoever tells of one that failed or was slow looks whether
//! the calls of all nodes together open the breaker.
//!
//! A pause over a long backlog must not make every job of it take the way through a claim: when a claim brings jobs
//! that may not run, the head of the queue is looked through and what may not run is put aside where it stands, a
//! bounded number per claim, so that other jobs come up in between.

use super::{
    breaker::{self, Passage, Said},
    calls::{CallLog, Untold},
    finish::Finisher,
    outcome::Outcome,
};
use crate::{
    by_itself,
    clock::SharedClock,
    live::{LiveConfig, Snapshot},
};
use domain::{
    attempt::Attempt,
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    calls,
    holder::Holder,
    id::{JobId, NodeId, TenantId},
    job::{Called, Job},
    outcome::{AttemptOutcome, ErrorClass},
    pause::PauseTarget,
    thresholds::Thresholds,
    time::Timestamp,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{Finished, Next, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// Jobs at the head of the queue that are looked through at once.
const HEAD: i64 = 1_000;
/// Pause between two rounds of telling the others how calls went.
const PAUSE: Duration = Duration::from_secs(1);
/// The same when enough jobs failed in a row here to open a breaker.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// What decides which claimed jobs run.
pub struct Gate {
    /// The queue, and the rows of breakers.
    pub store: Arc<dyn Store>,
    /// Pauses and breakers.
    pub live: Arc<LiveConfig>,
    /// Where jobs that are put aside are written.
    pub finisher: Finisher,
    /// The time.
    pub clock: SharedClock,
    /// This process.
    pub node: NodeId,
    /// How long a breaker stays open at first, where nothing else is set.
    pub open_first: Duration,
    calls: CallLog,
}

/// A job that may run.
#[derive(Debug)]
pub struct Admitted {
    /// The job.
    pub job: Job,
    /// The breakers it passed as the one that tries, as they stand meanwhile.
    probes: Vec<Breaker>,
}

/// Why a job may not run.
struct Held {
    by: Holder,
    reason: String,
}

impl Gate {
    /// A gate that has seen no calls.
    pub fn new(
        store: Arc<dyn Store>,
        live: Arc<LiveConfig>,
        finisher: Finisher,
        clock: SharedClock,
        node: NodeId,
        open_first: Duration,
    ) -> Self {
        Self { store, live, finisher, clock, node, open_first, calls: CallLog::new(node) }
    }

    /// Those of the claimed jobs that may run; the others are put aside, uncounted.
    pub async fn admit(&self, claimed: Vec<Job>) -> Vec<Admitted> {
        let mut admitted = Vec::with_capacity(claimed.len());
        let mut aside = Vec::new();
        for job in claimed {
            let snapshot = self.live.now();
            match self.held(&job, &snapshot) {
                Err(held) => aside.push((job, held)),
                Ok(tries) => match self.try_probes(tries).await {
                    Ok(probes) => admitted.push(Admitted { job, probes }),
                    Err(taken) => {
                        let held = by_breaker(&taken, &snapshot, self.clock.now());
                        aside.push((job, held));
                    }
                },
            }
        }
        if !aside.is_empty() {
            self.put_aside(aside).await;
            if let Err(error) = self.clear_head().await {
                tracing::warn!(%error, "the head of the queue could not be looked through");
            }
        }
        admitted
    }

    /// Takes note of how a job that was admitted ended after `took` microseconds.
    pub async fn note(&self, job: &Job, probes: Vec<Breaker>, outcome: &Outcome, took: i64) {
        let snapshot = self.live.now();
        let now = self.clock.now();
        for key in breakers_of(job, &snapshot) {
            if probes.iter().any(|probe| probe.key == key) {
                continue;
            }
            let set = self.thresholds(&key, &snapshot);
            let before = snapshot.breaker(&key);
            // What was begun before the breaker opened ends without a say.
            let (Some(said), Passage::Free) =
                (breaker::said(&key, outcome, took, set.slow_after), breaker::passage(before, now))
            else {
                continue;
            };
            match said {
                Said::Spent { words, asked } => {
                    if before.is_none_or(|before| takes_word(before, now.plus(-took))) {
                        let open = breaker::spent(before, &key, job.tenant_id, (words, asked), now);
                        self.write(open, &snapshot).await;
                    }
                }
                said => {
                    let revision = before.map_or(0, |breaker| breaker.revision);
                    self.calls.note((&key, job.tenant_id), revision, &set, (job.id, &said), now);
                }
            }
        }
        for probe in probes {
            let set = self.thresholds(&probe.key, &snapshot);
            let said = breaker::said(&probe.key, outcome, took, set.slow_after);
            self.write(breaker::probed(&probe, said, set.wait, now), &snapshot).await;
        }
    }

    /// An outcome as it counts for its job. Where a person forced the provider's breaker closed nothing holds the job, and
    /// it would ask without end: that the credit is used up is then an answer like others that ask for patience.
    pub fn counted(&self, job: &Job, mut outcome: Outcome) -> Outcome {
        if let Err(failure) = &mut outcome
            && failure.class == ErrorClass::Budget
        {
            let snapshot = self.live.now();
            let whole = job.provider_id.and_then(|id| snapshot.breaker(&BreakerKey::Provider(id)));
            if whole.is_some_and(|breaker| breaker.mode == BreakerMode::ForcedClosed) {
                failure.class = ErrorClass::RateLimited;
            }
        }
        outcome
    }

    /// Gives probes back whose job did not end here, so that another may try at once.
    pub async fn forgo(&self, probes: Vec<Breaker>) {
        let snapshot = self.live.now();
        for probe in probes {
            let wait = self.thresholds(&probe.key, &snapshot).wait;
            self.write(breaker::probed(&probe, None, wait, self.clock.now()), &snapshot).await;
        }
    }

    /// Tells the other nodes how calls went until `stop`, and a last time then: about once a second while calls are made,
    /// sooner when enough jobs failed in a row to open a breaker.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let more = stop.run_until_cancelled(self.calls.counted.notified()).await.is_some();
            self.settle().await;
            if !more {
                return;
            }
            // Even what is urgent waits for a moment: a round takes along what ends meanwhile.
            let _ = stop.run_until_cancelled(tokio::time::sleep(SHORT_PAUSE)).await;
            let urgent = tokio::time::timeout(PAUSE - SHORT_PAUSE, self.calls.urgent.notified());
            let _ = stop.run_until_cancelled(urgent).await;
        }
    }

    /// Tells the other nodes how calls went since the last time, and opens the breakers that are to open.
    pub async fn settle(&self) {
        let untold = self.calls.take();
        if let Err(error) = self.tell(&untold).await {
            tracing::warn!(%error, "how calls went could not be told to the other nodes");
            self.calls.again(&untold);
        }
        self.calls.forget(self.clock.now());
    }

    async fn tell(&self, untold: &Untold) -> Result<(), StoreError> {
        self.store.count_calls(&untold.buckets).await?;
        let snapshot = self.live.now();
        let now = self.clock.now();
        let open: Vec<_> = untold
            .doubtful
            .iter()
            .filter(|(key, _)| {
                let before = snapshot.breaker(key);
                // Whatever a person decided stays as they want it.
                before.is_none_or(|breaker| breaker.mode == BreakerMode::Automatic)
                    && breaker::passage(before, now) == Passage::Free
            })
            .map(|(key, tenant)| (key, *tenant, self.thresholds(key, &snapshot)))
            .collect();
        let Some(longest) = open.iter().map(|(.., set)| set.window).max() else { return Ok(()) };
        let keys: Vec<BreakerKey> = open.iter().map(|(key, ..)| (*key).clone()).collect();
        let mut windows: HashMap<BreakerKey, Vec<_>> = HashMap::new();
        for bucket in self.store.calls_since(Some(&keys), now.plus(-longest)).await? {
            windows.entry(bucket.key.clone()).or_default().push(bucket);
        }
        for (key, tenant, set) in open {
            let before = snapshot.breaker(key);
            let revision = before.map_or(0, |breaker| breaker.revision);
            let buckets = windows.get(key).map_or(&[][..], Vec::as_slice);
            if let Some(cause) = calls::judge(buckets, revision, &set, now) {
                self.write(breaker::opened(before, key, tenant, cause, set.wait, now), &snapshot).await;
            }
        }
        Ok(())
    }

    fn thresholds(&self, key: &BreakerKey, snapshot: &Snapshot) -> Thresholds {
        snapshot.thresholds(key, self.open_first)
    }

    /// What holds a job, or the breakers it has to try first.
    fn held(&self, job: &Job, snapshot: &Snapshot) -> Result<Vec<Breaker>, Held> {
        if let Some(pause) = snapshot.pauses().iter().find(|pause| pause.target.covers(job)) {
            let what = target_name(pause.target, snapshot);
            let verb = if pause.target == PauseTarget::Deliveries { "are" } else { "is" };
            let reason = format!("{what} {verb} paused by {}", pause.by);
            return Err(Held { by: Holder::Pause(pause.target), reason });
        }
        let now = self.clock.now();
        let mut tries = Vec::new();
        for breaker in breakers_of(job, snapshot).iter().filter_map(|key| snapshot.breaker(key)) {
            match breaker::passage(Some(breaker), now) {
                Passage::Free => {}
                Passage::Shut => return Err(by_breaker(breaker, snapshot, now)),
                Passage::Probe => tries.push(breaker.clone()),
            }
        }
        Ok(tries)
    }

    /// Becomes the one that tries all of these; the first that somebody else tries, if there is one.
    async fn try_probes(&self, tries: Vec<Breaker>) -> Result<Vec<Breaker>, Breaker> {
        let mut probes = Vec::with_capacity(tries.len());
        for before in tries {
            match self.try_probe(&before).await {
                Some(probe) => probes.push(probe),
                None => {
                    self.forgo(probes).await;
                    return Err(before);
                }
            }
        }
        Ok(probes)
    }

    /// Becomes the one that tries, if nobody else did.
    async fn try_probe(&self, before: &Breaker) -> Option<Breaker> {
        let probe = breaker::probing(before, self.node, self.clock.now());
        match self.store.change_breaker(&probe, None).await {
            Ok(true) => {
                self.reload().await;
                Some(probe)
            }
            Ok(false) => {
                self.reload().await;
                None
            }
            Err(error) => {
                tracing::warn!(%error, "a breaker could not be tried");
                None
            }
        }
    }

    /// Writes how a breaker stands now; somebody who was quicker knows as much.
    async fn write(&self, breaker: Breaker, snapshot: &Snapshot) {
        let name = breaker_name(&breaker.key, snapshot);
        let action = match breaker.state {
            BreakerState::Closed => "breaker.close",
            // It was open before and one job tried in vain. Whoever was told that it opened knows as much.
            _ if breaker.openings > 1 => "breaker.reopen",
            _ => "breaker.open",
        };
        let audit =
            by_itself::audit(breaker.changed_at, breaker.tenant_id, action, &name, breaker.reason.as_str());
        // A probe that said nothing is no change people need to know of.
        let told = breaker.open_until != Some(breaker.changed_at);
        match self.store.change_breaker(&breaker, told.then_some(&audit)).await {
            Ok(true) if told => {
                tracing::warn!(target = %name, state = %breaker.state, reason = breaker.reason, "a circuit breaker changed");
            }
            Ok(_) => {}
            Err(error) => return tracing::warn!(%error, target = %name, "a breaker could not be written"),
        }
        self.reload().await;
    }

    async fn reload(&self) {
        if let Err(error) = self.live.reload().await {
            tracing::warn!(%error, "a breaker's change is stored but could not be read back yet");
        }
    }

    /// Puts claimed jobs aside, uncounted, through the writer that does not give up.
    async fn put_aside(&self, jobs: Vec<(Job, Held)>) {
        let now = self.clock.now();
        let ends = jobs.into_iter().map(|(job, Held { by, reason })| {
            let attempt = Attempt { outcome: AttemptOutcome::Held, ..Attempt::of(&job, self.node, now, now) };
            self.finisher.finish(Finished { attempt, next: Next::Held { reason, by } })
        });
        futures::future::join_all(ends).await;
    }

    /// Puts aside, unclaimed, what may not run among the first jobs of the queue.
    async fn clear_head(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let snapshot = self.live.now();
        let mut aside: HashMap<Holder, (String, Vec<JobId>)> = HashMap::new();
        for job in self.store.due(HEAD, now).await? {
            if let Err(Held { by, reason }) = self.held(&job, &snapshot) {
                aside.entry(by).or_insert_with(|| (reason, Vec::new())).1.push(job.id);
            }
        }
        for (by, (reason, jobs)) in aside {
            self.store.hold_waiting(&jobs, &by, &reason, now).await?;
        }
        Ok(())
    }
}

impl Admitted {
    /// The job, and what [`Gate::note`] or [`Gate::forgo`] wants to have back.
    pub fn parts(self) -> (Job, Vec<Breaker>) {
        (self.job, self.probes)
    }
}

/// Whether a breaker opens for an answer to a call begun at `began`: not where a person decided, and not for one from before
/// it last changed.
fn takes_word(breaker: &Breaker, began: Timestamp) -> bool {
    breaker.mode == BreakerMode::Automatic && breaker.changed_at <= began
}

fn by_breaker(breaker: &Breaker, snapshot: &Snapshot, now: Timestamp) -> Held {
    let reason = breaker::waits(breaker, &breaker_name(&breaker.key, snapshot), now);
    Held { by: Holder::Breaker(breaker.key.clone()), reason }
}

/// Which breakers guard the target of a job: it has to pass all of them.
fn breakers_of(job: &Job, snapshot: &Snapshot) -> Vec<BreakerKey> {
    match job.calls() {
        Some(Called::Destination(id)) => vec![BreakerKey::Destination(id)],
        Some(Called::Provider(id)) => {
            let Some(live) = snapshot.provider(id) else { return Vec::new() };
            let model = job.params.model.clone().unwrap_or_else(|| live.provider.model.clone());
            vec![BreakerKey::Provider(id), BreakerKey::Model(id, model)]
        }
        None => Vec::new(),
    }
}

/// What people call what a breaker guards.
pub fn breaker_name(key: &BreakerKey, snapshot: &Snapshot) -> String {
    match key {
        BreakerKey::Destination(id) => target_name(PauseTarget::Destination(*id), snapshot),
        BreakerKey::Provider(id) => target_name(PauseTarget::Provider(*id), snapshot),
        BreakerKey::Model(id, model) => {
            let provider =
                snapshot.provider(*id).map_or_else(|| id.to_string(), |live| live.provider.slug.to_string());
            format!("model {model} of {provider}")
        }
    }
}

/// What people call what a switch pauses.
pub fn target_name(target: PauseTarget, snapshot: &Snapshot) -> String {
    let named = |kind: &str, slug: Option<String>| {
        slug.map_or_else(|| target.to_string(), |slug| format!("{kind} {slug}"))
    };
    match target {
        PauseTarget::Everything => "everything".to_owned(),
        PauseTarget::Deliveries => "all deliveries".to_owned(),
        PauseTarget::Tenant(id) => named("tenant", snapshot.tenant(id).map(|tenant| tenant.slug.to_string())),
        PauseTarget::Vendor(id) => {
            named("vendor", snapshot.vendor(id).map(|live| live.vendor.slug.to_string()))
        }
        PauseTarget::Destination(id) => {
            named("destination", snapshot.destination(id).map(|live| live.destination.slug.to_string()))
        }
        PauseTarget::Provider(id) => {
            named("provider", snapshot.provider(id).map(|live| live.provider.slug.to_string()))
        }
    }
}

/// Whose something is that can be paused; `None` when that is everybody's, `NotFound` when there is no such thing.
pub fn tenant_of(target: PauseTarget, snapshot: &Snapshot) -> Result<Option<TenantId>, StoreError> {
    let found = match target {
        PauseTarget::Everything | PauseTarget::Deliveries => return Ok(None),
        PauseTarget::Tenant(id) => snapshot.tenant(id).map(|tenant| tenant.id),
        PauseTarget::Vendor(id) => snapshot.vendor(id).map(|live| live.vendor.tenant_id),
        PauseTarget::Destination(id) => snapshot.destination(id).map(|live| live.destination.tenant_id),
        PauseTarget::Provider(id) => snapshot.provider(id).map(|live| live.provider.tenant_id),
    };
    found.map(Some).ok_or(StoreError::NotFound)
}
