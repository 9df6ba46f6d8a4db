//! One job from claim to outcome: looks up what it needs, calls out once, and says what came of it.
//! Does not decide about further tries, and writes nothing but that a destination is gone.

use super::{
    gone,
    material::Material,
    outcome::{Failure, Outcome, Success},
    template,
};
use crate::{
    ai,
    clock::{SharedClock, fresh},
    delivery::{
        Delivery, Package,
        forward::{Forwarded, JSON, is_json},
    },
    envelope,
    live::{LiveConfig, LiveDestination, LiveProvider, Snapshot},
    payloads::{self, Unreadable},
    schema::mapping::Mapping,
    tries,
};
use domain::{
    destination::DestinationKind,
    event::{Event, EventPayload},
    id::JobId,
    job::{Job, JobKind, JobResult},
    outcome::{ErrorClass, SwitchedOff},
    schema::TypeKey,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use store::{Store, StoreError, StoredPayload};

/// What jobs need.
pub struct Executor {
    /// Events and results.
    pub store: Arc<dyn Store>,
    /// Providers and destinations.
    pub live: Arc<LiveConfig>,
    /// Calls to AI providers.
    pub models: ai::Models,
    /// Calls to destinations.
    pub delivery: Arc<Delivery>,
    /// The time.
    pub clock: SharedClock,
}

impl Executor {
    /// Runs a claimed job once.
    pub async fn run(&self, job: &Job, material: Material) -> Outcome {
        let snapshot = self.live.now();
        match job.kind {
            JobKind::Generate => self.generate(job, material, &snapshot).await,
            JobKind::Publish | JobKind::Callback | JobKind::Forward => {
                self.deliver(job, material, &snapshot).await
            }
        }
    }

    /// The name of the provider a job asks, for metrics.
    pub fn provider_name(&self, job: &Job) -> String {
        let snapshot = self.live.now();
        let live = job.provider_id.and_then(|id| snapshot.provider(id));
        live.map_or_else(|| "unknown".to_owned(), |live| live.provider.slug.to_string())
    }

    async fn generate(&self, job: &Job, material: Material, snapshot: &Snapshot) -> Outcome {
        let provider = provider(job, snapshot)?;
        let (event, payload) = self.event(job, material.event, snapshot).await?;
        let vendor =
            snapshot.vendor(event.vendor_id).map(|live| live.vendor.slug.to_string()).unwrap_or_default();
        let data = self.data(job, &event, &payload).await?;
        let values = template::values(&event, &vendor, data, &payload.body);
        let prompt =
            template::render(job.params.prompt.as_deref().unwrap_or(template::DEFAULT_PROMPT), &values)?;
        let system = job.params.system.as_deref().map(|text| template::render(text, &values)).transpose()?;
        let title = match &job.params.title {
            Some(text) => named(&template::render(text, &values)?, job),
            None => job.title.clone(),
        };
        let ask = ai::Ask {
            system,
            prompt,
            model: job.params.model.clone().unwrap_or_else(|| provider.provider.model.clone()),
            max_tokens: job.params.max_tokens,
            idempotency_key: job.idempotency_key.clone(),
        };
        let answer = self.models.ask(provider, ask).await?;
        let then = job.destination_id.map(|_| self.publishing(job, &title)).into_iter().collect();
        Ok(Success {
            result: JobResult { text: Some(answer.text), title: Some(title), ..JobResult::default() },
            then,
            usage: answer.usage,
            model: Some(answer.model),
            status: Some(200),
        })
    }

    /// The job that brings the result of `job` to its destination.
    fn publishing(&self, job: &Job, title: &str) -> Job {
        let live = job.destination_id.and_then(|id| self.live.now().destination(id).cloned());
        let kind = match live.map(|live| live.destination.kind) {
            // A rule that says what is sent is about another program; ours is for receivers that know us.
            Some(DestinationKind::Http) if job.params.body.is_some() => JobKind::Forward,
            Some(DestinationKind::Http) => JobKind::Callback,
            _ => JobKind::Publish,
        };
        let new = Job::new(JobId::new(fresh()), job.tenant_id, kind, self.clock.now());
        Job {
            max_attempts: job.params.max_attempts.unwrap_or(new.max_attempts),
            gives_up_at: Some(new.created_at.plus(job.params.gives_up_after())),
            event_id: job.event_id,
            parent_id: Some(job.id),
            vendor_id: job.vendor_id,
            rule_id: job.rule_id,
            destination_id: job.destination_id,
            params: job.params.clone(),
            title: title.to_owned(),
            subject_id: job.subject_id.clone(),
            occurred_at: job.occurred_at,
            ..new
        }
    }

    async fn deliver(&self, job: &Job, material: Material, snapshot: &Snapshot) -> Outcome {
        let destination = destination(job, snapshot)?;
        let now = self.clock.now();
        let outcome = match job.kind {
            JobKind::Forward => {
                let forwarded = self.forwarded(job, material, snapshot, destination).await?;
                self.delivery.forward(destination, forwarded, job.idempotency_key.clone(), now).await
            }
            JobKind::Callback => {
                let package = self.package(job, material, snapshot).await?;
                self.delivery.call_back(destination, &package, now).await
            }
            _ => {
                let package = self.package(job, material, snapshot).await?;
                self.delivery.to_wordpress(destination, &package, now).await
            }
        };
        let is_gone = outcome.as_ref().is_err_and(|failure| failure.status == Some(gone::STATUS));
        if is_gone && gone::switch_off(self.store.as_ref(), &self.live, &self.clock, destination).await {
            return Err(Failure::switched_off(SwitchedOff::Destination));
        }
        outcome
    }

    /// What a rule's template makes of the event, and of the parent's result; without one, the event itself.
    async fn forwarded(
        &self,
        job: &Job,
        material: Material,
        snapshot: &Snapshot,
        destination: &LiveDestination,
    ) -> Result<Forwarded, Failure> {
        let (event, payload) = self.event(job, material.event, snapshot).await?;
        let mapped = job.params.shape.as_ref().is_some_and(|shape| shape.mapping.is_some());
        let Some(template) = &job.params.body else {
            return match mapped {
                true => Ok(Forwarded::mapped(&self.data(job, &event, &payload).await?)),
                false => Ok(Forwarded::as_it_came(payload)),
            };
        };
        let vendor =
            snapshot.vendor(event.vendor_id).map(|live| live.vendor.slug.to_string()).unwrap_or_default();
        let data = self.data(job, &event, &payload).await?;
        let mut values = template::values(&event, &vendor, data, &payload.body);
        if let Some((parent, result)) = self.parent(job, material.parent).await? {
            let title = result.title.unwrap_or_default();
            let text = result.text.unwrap_or_default();
            values = template::with_result(values, &text, &title, parent.model.as_deref());
        }
        let content_type = destination.headers.content_type().unwrap_or(JSON);
        let text = match is_json(content_type) {
            true => template::render_json(template, &values)?,
            false => template::render(template, &values)?,
        };
        Forwarded::made(text, content_type)
    }

    /// The job whose result this one brings, with that result.
    async fn parent(
        &self,
        job: &Job,
        read: Option<(Job, JobResult)>,
    ) -> Result<Option<(Job, JobResult)>, Failure> {
        if read.is_some() {
            return Ok(read);
        }
        let Some(id) = job.parent_id else { return Ok(None) };
        let parent = self.store.job(None, id).await.map_err(unavailable)?;
        let found = self.store.results(&[id]).await.map_err(unavailable)?.pop();
        let (_, result) =
            found.ok_or_else(|| Failure::new(ErrorClass::BadInput, "The result to deliver is gone."))?;
        Ok(Some((parent, result)))
    }

    /// What is delivered: the parent's result, or the event itself when there is no parent.
    async fn package(&self, job: &Job, material: Material, snapshot: &Snapshot) -> Result<Package, Failure> {
        let (event, payload) = self.event(job, material.event, snapshot).await?;
        let (parent, result) = self.parent(job, material.parent).await?.unzip();
        let result = result.unwrap_or_default();
        let vendor =
            snapshot.vendor(event.vendor_id).map(|live| live.vendor.slug.to_string()).unwrap_or_default();
        let data = self.data(job, &event, &payload).await?;
        let values = template::values(&event, &vendor, data, &payload.body);
        let title = match (&result.title, &job.params.title) {
            (Some(title), _) => title.clone(),
            (None, Some(text)) => template::render(text, &values)?,
            (None, None) => job.title.clone(),
        };
        let text = match (result.text, &job.params.prompt) {
            (Some(text), _) => text,
            // Without a model's answer the rule's template itself is the text.
            (None, Some(prompt)) => template::render(prompt, &values)?,
            (None, None) => String::from_utf8_lossy(&payload.body).into_owned(),
        };
        Ok(Package {
            external_id: external_id(job, event.subject_id.as_deref().unwrap_or(&event.external_id), &vendor),
            job_id: job.id,
            event,
            vendor,
            idempotency_key: job.idempotency_key.clone(),
            title: named(&title, job),
            text,
            model: parent.as_ref().and_then(|parent| parent.model.clone()),
            usage: parent.map(|parent| parent.usage).unwrap_or_default(),
            occurred_at: job.occurred_at.unwrap_or(job.created_at),
            halvings: tries::halvings(job),
        })
    }

    /// The event of a job; `read` with it when that was done before.
    async fn event(
        &self,
        job: &Job,
        read: Option<(Event, StoredPayload)>,
        snapshot: &Snapshot,
    ) -> Result<(Event, EventPayload), Failure> {
        if let Some((event, stored)) = read {
            let payload = payloads::open(snapshot, event.tenant_id, event.id, stored).map_err(unreadable)?;
            return Ok((event, payload));
        }
        let id = job
            .event_id
            .ok_or_else(|| Failure::new(ErrorClass::BadInput, "This job has no event to work on."))?;
        let event = self.store.event(id).await.map_err(unavailable)?;
        let payload =
            payloads::read(self.store.as_ref(), snapshot, event.tenant_id, id).await.map_err(unreadable)?;
        Ok((event, payload))
    }

    /// The payload as templates see it: changed by the mapping the job was given, if any. That very version, so that a
    /// later edit changes no running work.
    async fn data(
        &self,
        job: &Job,
        event: &Event,
        payload: &EventPayload,
    ) -> Result<serde_json::Value, Failure> {
        let data = envelope::data_of(payload);
        let Some(version) = job.params.shape.as_ref().and_then(|shape| shape.mapping) else {
            return Ok(data);
        };
        let of = TypeKey { vendor_id: event.vendor_id, event_type: event.event_type.clone() };
        let stored = self.store.mapping(&of, version).await.map_err(unavailable)?;
        let mapping = Mapping::parse(&stored.text).map_err(|fault| {
            Failure::new(ErrorClass::BadInput, format!("Mapping {version} cannot be used: {fault}"))
        })?;
        Ok(mapping.apply(&data).unwrap_or(data))
    }
}

/// A title people can read and click: the one given, or the job's own when that is empty.
fn named(title: &str, job: &Job) -> String {
    let title: String = title.trim().chars().take(200).collect();
    if title.is_empty() { job.title.clone() } else { title }
}

/// What the far side knows a result by: the same subject under the same rule is the same post. An event without a subject
/// is its own.
pub(super) fn external_id(job: &Job, subject: &str, vendor: &str) -> String {
    let rule = job.rule_id.map(|id| id.uuid().simple().to_string()).unwrap_or_default();
    let whole = format!("{vendor}:{subject}:{}", rule.get(20..).unwrap_or(&rule));
    // The plugin's key holds 191 characters of plain text on one line.
    let plain = |c: char| !c.is_control() && !matches!(c, '<' | '>');
    if whole.len() <= 191 && whole.chars().all(plain) && whole.trim() == whole {
        return whole;
    }
    format!("{vendor}:{}", hex::encode(Sha256::digest(whole.as_bytes())))
}

fn provider<'a>(job: &Job, snapshot: &'a Snapshot) -> Result<&'a Arc<LiveProvider>, Failure> {
    job.provider_id
        .and_then(|id| snapshot.provider(id))
        .filter(|live| live.provider.tenant_id == job.tenant_id)
        .ok_or_else(|| {
            Failure::new(ErrorClass::BadInput, "The provider of this job does not exist any more.")
        })
}

fn destination<'a>(job: &Job, snapshot: &'a Snapshot) -> Result<&'a Arc<LiveDestination>, Failure> {
    job.destination_id
        .and_then(|id| snapshot.destination(id))
        .filter(|live| live.destination.tenant_id == job.tenant_id)
        .ok_or_else(|| {
            Failure::new(ErrorClass::BadInput, "The destination of this job does not exist any more.")
        })
}

fn unreadable(error: Unreadable) -> Failure {
    match error {
        Unreadable::Store(error) => unavailable(error),
        Unreadable::Removed => {
            Failure::new(ErrorClass::BadInput, "The payload of this job's event was removed.")
        }
        Unreadable::Destroyed => Failure::new(
            ErrorClass::BadInput,
            "The payload of this job's event was destroyed with the data key of its tenant.",
        ),
        // This node may not have heard of the key yet.
        Unreadable::Locked(_) => {
            Failure::new(ErrorClass::Internal, "The payload of this job's event cannot be opened here.")
        }
    }
}

fn unavailable(error: StoreError) -> Failure {
    tracing::warn!(%error, "a job could not read what it works on");
    match error {
        StoreError::NotFound => {
            Failure::new(ErrorClass::BadInput, "What this job works on does not exist any more.")
        }
        _ => Failure::new(ErrorClass::Internal, "The database did not answer."),
    }
}
