//! The jobs that wait because of a schema: counting those that would run now, and putting them back in the queue.

use super::super::{Services, unavailable};
use crate::{
    envelope,
    live::LiveVendor,
    payloads::{self, Unreadable},
    schema::types::LiveType,
};
use app::{error::AppError, ports::Actor, view::types::HeldCount};
use domain::{
    event::Event,
    id::{EventId, JobId},
    job::{Job, JobParams},
    schema::{JobShape, TypeKey},
};
use serde_json::Value;
use std::collections::HashMap;
use store::StoreError;

/// Jobs that are looked at for a count; more are "more than".
const COUNTED: usize = 500;
/// Jobs that are looked at and released at a time.
const PIECE: usize = 200;

impl Services {
    /// How many wait, and how many of those would run now.
    pub(super) async fn count(&self, live: &LiveVendor, of: &TypeKey) -> Result<HeldCount, AppError> {
        let mut jobs = self.store.held_by_schema(of, None, COUNTED as i64 + 1).await.map_err(unavailable)?;
        let more = jobs.len() > COUNTED;
        jobs.truncate(COUNTED);
        let fitting = self.fitting(live, of, &jobs).await?.len() as i64;
        Ok(HeldCount { held: jobs.len() as i64, fitting, more })
    }

    /// Puts those that would run now back in the queue, piece by piece, each piece with its own audit entry.
    pub(super) async fn release(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        of: &TypeKey,
    ) -> Result<i64, AppError> {
        let mut after = None;
        let mut released = 0_i64;
        loop {
            let jobs = self.store.held_by_schema(of, after, PIECE as i64).await.map_err(unavailable)?;
            let Some(last) = jobs.last() else { return Ok(released) };
            after = Some((last.created_at, last.id));
            let fitting = self.fitting(live, of, &jobs).await?;
            if fitting.is_empty() {
                continue;
            }
            let target = format!("{} {}", live.vendor.slug, of.event_type);
            let detail = format!("{} of {} held jobs looked at", fitting.len(), jobs.len());
            let audit = self.audit(actor, Some(live.vendor.tenant_id), "schema.release", target, detail);
            let done = self.store.release(&fitting, self.clock.now(), &audit).await.map_err(unavailable)?;
            released = released.saturating_add(i64::try_from(done).unwrap_or(i64::MAX));
        }
    }

    /// The jobs whose payload fits now, with the parameters they would run with.
    async fn fitting(
        &self,
        live: &LiveVendor,
        of: &TypeKey,
        jobs: &[Job],
    ) -> Result<Vec<(JobId, JobParams)>, AppError> {
        let nothing = LiveType::default();
        let rules = live.types.get(&of.event_type).unwrap_or(&nothing);
        // One event can have started several jobs; its payload is judged once.
        let mut judged: HashMap<EventId, Option<JobShape>> = HashMap::new();
        let mut fitting = Vec::new();
        for job in jobs {
            let Some(id) = job.event_id else { continue };
            let shape = match judged.get(&id) {
                Some(known) => known.clone(),
                None => {
                    let found = self.judged(rules, id).await?;
                    judged.insert(id, found.clone());
                    found
                }
            };
            if let Some(shape) = shape {
                fitting.push((job.id, JobParams { shape: Some(shape), ..job.params.clone() }));
            }
        }
        Ok(fitting)
    }

    /// What a job of this event would note of its shape; `None` while the payload does not fit, or is gone.
    async fn judged(&self, rules: &LiveType, id: EventId) -> Result<Option<JobShape>, AppError> {
        let Some((event, data)) = self.event_data(id).await? else { return Ok(None) };
        let found = rules.consider(event.schema_version.as_deref(), &data);
        Ok(found.differences.is_empty().then(|| JobShape {
            schema: rules.schema.as_ref().map(|schema| schema.version),
            mapping: found.mapped.map(|(version, _)| version),
            warning: None,
        }))
    }

    /// An event and its payload as JSON, to be judged and not shown; `None` when it is gone or cannot be opened.
    pub(super) async fn event_data(&self, id: EventId) -> Result<Option<(Event, Value)>, AppError> {
        let event = match self.store.event(id).await {
            Ok(event) => event,
            Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        match payloads::read(self.store.as_ref(), &self.live.now(), event.tenant_id, id).await {
            Ok(payload) => Ok(Some((event, envelope::data_of(&payload)))),
            Err(Unreadable::Store(error)) => Err(unavailable(error)),
            Err(_) => Ok(None),
        }
    }
}
