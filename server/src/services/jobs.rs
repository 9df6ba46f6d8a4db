//! Jobs: the list, the story of one, and putting one back in the queue.

use super::{Services, sees, unavailable};
use crate::{live::Snapshot, tries};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, JobsPort},
    view::{
        jobs::{Facet, JobFacets, JobPage, JobRow},
        story::{Arrival, Chapter, JobStory},
    },
};
use async_trait::async_trait;
use domain::{
    event::Event,
    filter::{Cursor, JobFilter},
    id::JobId,
    job::{Job, JobKind},
    replay::ReplayLink,
    tenant::DEFAULT_TENANT,
};
use std::collections::HashMap;
use store::StoreError;

/// Facets count no further than this per state, so that the list costs the same whatever the history.
const COUNT_CAP: i64 = 10_000;
/// Events that are shown of those a job stands for.
const ASKED_AGAIN_SHOWN: i64 = 20;

#[async_trait]
impl JobsPort for Services {
    async fn list(
        &self,
        actor: &Actor,
        filter: &JobFilter,
        cursor: Option<Cursor>,
        limit: u32,
    ) -> Result<JobPage, AppError> {
        let limit = i64::from(limit.clamp(1, 200));
        // One more than shown tells whether there are older ones.
        let mut jobs = self.store.jobs(actor.tenant, filter, cursor, limit + 1).await.map_err(unavailable)?;
        let older = jobs.len() as i64 > limit;
        jobs.truncate(limit as usize);
        let last = jobs.last().filter(|_| older);
        let next_cursor = last.map(|job| Cursor { created_at: job.created_at, id: job.id }.to_string());
        let snapshot = self.live.now();
        let states = self.store.state_counts(actor.tenant, COUNT_CAP).await.map_err(unavailable)?;
        let mut vendors: Vec<_> = snapshot
            .vendors()
            .filter(|live| sees(actor, live.vendor.tenant_id))
            .map(|live| Facet { value: live.vendor.id, label: live.vendor.slug.to_string(), count: None })
            .collect();
        vendors.sort_by(|a, b| a.label.cmp(&b.label));
        let kinds = [JobKind::Generate, JobKind::Publish, JobKind::Callback, JobKind::Forward];
        let facets = JobFacets {
            total: states.iter().map(|(_, count)| count).sum(),
            states,
            kinds: kinds
                .map(|kind| Facet {
                    value: kind,
                    label: app::view::words::kind_name(kind).to_owned(),
                    count: None,
                })
                .to_vec(),
            vendors,
        };
        let rows = jobs.iter().map(|job| row(job, &snapshot)).collect();
        Ok(JobPage { now: self.clock.now(), rows, next_cursor, facets })
    }

    async fn story(&self, actor: &Actor, id: JobId) -> Result<JobStory, AppError> {
        let job = self.store.job(actor.tenant, id).await.map_err(unavailable)?;
        let event = match job.event_id {
            Some(id) => Some(self.store.event(id).await.map_err(unavailable)?),
            None => None,
        };
        let copy = match job.event_id {
            Some(id) => self.store.origins_of(&[id]).await.map_err(unavailable)?.pop(),
            None => None,
        };
        let asked_again = self.store.asked_again(id, ASKED_AGAIN_SHOWN).await.map_err(unavailable)?;
        let chain = self.chain(&job).await.map_err(unavailable)?;
        let ids: Vec<JobId> = chain.iter().map(|job| job.id).collect();
        let attempts = self.store.attempts(&ids).await.map_err(unavailable)?;
        let mut results: HashMap<_, _> =
            self.store.results(&ids).await.map_err(unavailable)?.into_iter().collect();
        let snapshot = self.live.now();
        let chapters = chain
            .into_iter()
            .map(|job| Chapter {
                provider: job
                    .provider_id
                    .and_then(|id| snapshot.provider(id))
                    .map(|live| live.provider.slug.to_string()),
                destination: job
                    .destination_id
                    .and_then(|id| snapshot.destination(id))
                    .map(|live| live.destination.slug.to_string()),
                destination_url: job
                    .destination_id
                    .and_then(|id| snapshot.destination(id))
                    .map(|live| live.destination.url.clone()),
                rule: rule_of(&job, &snapshot),
                attempts: attempts.iter().filter(|attempt| attempt.job_id == job.id).cloned().collect(),
                result: results.remove(&job.id),
                job,
            })
            .collect();
        Ok(JobStory {
            now: self.clock.now(),
            focus: id,
            arrival: event.map(|event| arrival(event, copy, &snapshot)),
            chapters,
            asked_again,
        })
    }

    async fn retry(&self, actor: &Actor, id: JobId) -> Result<(), AppError> {
        let job = self.store.job(actor.tenant, id).await.map_err(unavailable)?;
        let audit = self.audit(actor, Some(job.tenant_id), "job.retry", id, job.title.clone());
        let retried = self.store.retry(actor.tenant, id, tries::of(&job), self.clock.now(), &audit).await;
        retried.map_err(|error| match error {
            StoreError::Conflict => AppError::invalid(Field::Form, Reason::DoesNotFit),
            other => unavailable(other),
        })
    }
}

impl Services {
    /// The jobs before and after `job` in its chain, oldest first.
    async fn chain(&self, job: &Job) -> Result<Vec<Job>, StoreError> {
        let mut first = job.clone();
        while let Some(parent) = first.parent_id {
            first = self.store.job(None, parent).await?;
        }
        let mut chain = vec![first];
        let mut at = 0;
        while let Some(job) = chain.get(at) {
            let children = self.store.children(job.id).await?;
            chain.extend(children);
            at += 1;
        }
        Ok(chain)
    }
}

/// A row of the list, with names for ids.
pub(super) fn row(job: &Job, snapshot: &Snapshot) -> JobRow {
    let vendor = job.vendor_id.and_then(|id| snapshot.vendor(id)).map(|live| live.vendor.slug.to_string());
    let provider =
        job.provider_id.and_then(|id| snapshot.provider(id)).map(|live| live.provider.slug.to_string());
    let destination = job
        .destination_id
        .and_then(|id| snapshot.destination(id))
        .map(|live| live.destination.slug.to_string());
    let target = if job.kind == JobKind::Generate { provider } else { destination };
    JobRow::of(job, vendor, target)
}

fn rule_of(job: &Job, snapshot: &Snapshot) -> Option<String> {
    let live = snapshot.vendor(job.vendor_id?)?;
    live.rules.iter().find(|rule| Some(rule.id) == job.rule_id).map(|rule| rule.pattern.clone())
}

fn arrival(event: Event, copy: Option<ReplayLink>, snapshot: &Snapshot) -> Arrival {
    let live = snapshot.vendor(event.vendor_id);
    let vendor = live.map(|live| live.vendor.slug.to_string()).unwrap_or_default();
    let path = match live.map(|live| live.tenant.slug.as_str()) {
        Some(DEFAULT_TENANT) | None => format!("/webhooks/{vendor}"),
        Some(tenant) => format!("/webhooks/{tenant}/{vendor}"),
    };
    Arrival {
        event_id: event.id,
        request_id: event.request_id,
        vendor,
        path,
        event_type: event.event_type,
        external_id: event.external_id,
        subject_id: event.subject_id,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        answered_in: None,
        secret_version: event.secret_version,
        body_len: event.body_len,
        trace_id: event.trace_id,
        copy,
    }
}
