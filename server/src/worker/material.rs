//! What claimed jobs work on, read for all of them at once: their events, the bytes of these, and the results they
//! bring somewhere. Decides nothing: what is not here is asked for by the job itself, and is its error.

use domain::{
    event::Event,
    id::{EventId, JobId},
    job::{Job, JobResult},
};
use std::collections::HashMap;
use store::{Store, StoreError, StoredPayload};

/// What was read for one job.
#[derive(Default)]
pub struct Material {
    /// Its event, and the bytes of that as they are stored.
    pub event: Option<(Event, StoredPayload)>,
    /// The job whose result it brings, with that result.
    pub parent: Option<(Job, JobResult)>,
}

/// Reads for these jobs, in their order. What cannot be read now is left out.
pub async fn gather(store: &dyn Store, jobs: &[&Job]) -> Vec<Material> {
    match read(store, jobs).await {
        Ok(material) => material,
        Err(error) => {
            tracing::warn!(%error, jobs = jobs.len(), "what jobs work on could not be read for all of them at once");
            jobs.iter().map(|_| Material::default()).collect()
        }
    }
}

async fn read(store: &dyn Store, jobs: &[&Job]) -> Result<Vec<Material>, StoreError> {
    let mut event_ids: Vec<EventId> = jobs.iter().filter_map(|job| job.event_id).collect();
    event_ids.sort_unstable();
    event_ids.dedup();
    let parent_ids: Vec<JobId> = jobs.iter().filter_map(|job| job.parent_id).collect();
    let (events, payloads, parents, results) = tokio::try_join!(
        unless_none(&event_ids, store.events_named(&event_ids)),
        unless_none(&event_ids, store.event_payloads(&event_ids)),
        unless_none(&parent_ids, store.jobs_named(&parent_ids)),
        unless_none(&parent_ids, store.results(&parent_ids)),
    )?;
    let events: HashMap<EventId, Event> = events.into_iter().map(|event| (event.id, event)).collect();
    let payloads: HashMap<EventId, StoredPayload> = payloads.into_iter().collect();
    let parents: HashMap<JobId, Job> = parents.into_iter().map(|job| (job.id, job)).collect();
    let results: HashMap<JobId, JobResult> = results.into_iter().collect();
    let of = |job: &&Job| Material {
        event: job.event_id.and_then(|id| Some((events.get(&id)?.clone(), payloads.get(&id)?.clone()))),
        parent: job.parent_id.and_then(|id| Some((parents.get(&id)?.clone(), results.get(&id)?.clone()))),
    };
    Ok(jobs.iter().map(of).collect())
}

/// Asks nothing about nothing.
async fn unless_none<I, T>(
    ids: &[I],
    ask: impl Future<Output = Result<Vec<T>, StoreError>>,
) -> Result<Vec<T>, StoreError> {
    if ids.is_empty() { Ok(Vec::new()) } else { ask.await }
}
