//! What is known of one payload's shape: what does not fit the schema, and what is different from the last good one.

use super::super::{Services, unavailable};
use crate::{
    live::LiveVendor,
    schema::{
        check::Difference,
        shape::{Change, Shape},
        types::LiveType,
    },
};
use app::{
    error::AppError,
    ports::Actor,
    view::types::{DiffKind, DiffLine, Preview, ShapeReport},
};
use domain::{event::Event, schema::TypeKey};
use serde_json::Value;
use store::StoreError;

/// Differences a page shows.
const SHOWN: usize = 50;

fn misfit(difference: Difference) -> DiffLine {
    let kind = if difference.words == "is missing" { DiffKind::Missing } else { DiffKind::Changed };
    DiffLine { kind, pointer: difference.pointer, words: difference.words }
}

fn line((pointer, change): (String, Change)) -> DiffLine {
    let kind = match change {
        Change::Added(_) => DiffKind::Added,
        Change::Missing(_) => DiffKind::Missing,
        Change::Changed(..) => DiffKind::Changed,
    };
    DiffLine { kind, words: change.words(), pointer }
}

impl Services {
    /// The report on an event's payload, and the payload as the mapping in use changes it.
    pub(super) async fn report(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        event: &Event,
    ) -> Result<(ShapeReport, Option<Value>), AppError> {
        let of = TypeKey { vendor_id: event.vendor_id, event_type: event.event_type.clone() };
        let nothing = LiveType::default();
        let rules = live.types.get(&of.event_type).unwrap_or(&nothing);
        let data = self.event_data(event.id).await?.map_or(Value::Null, |(_, data)| data);
        let found = rules.consider(event.schema_version.as_deref(), &data);
        let good = match self.store.event_type(&of).await {
            Ok(seen) => seen.good.filter(|good| *good != event.id),
            // The catalogue is written a moment after the event.
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(unavailable(error)),
        };
        let before = match good {
            Some(good) => self.event_data(good).await?.map(|(_, data)| data),
            None => None,
        };
        let diff = before.map(|before| Shape::of(&data).against(&Shape::of(&before))).unwrap_or_default();
        let report = ShapeReport {
            event_id: event.id,
            vendor: self.address_of(actor, live),
            event_type: of.event_type,
            schema: rules.schema.as_ref().map(|schema| (schema.version, schema.mode)),
            mapping: found.mapped.as_ref().map(|(version, _)| *version),
            misfits: found.differences.into_iter().take(SHOWN).map(misfit).collect(),
            diff: diff.into_iter().take(SHOWN).map(line).collect(),
            good,
        };
        Ok((report, found.mapped.map(|(_, mapped)| mapped)))
    }

    /// The payload of the job that waits longest, as it would be used now.
    pub(super) async fn preview(
        &self,
        actor: &Actor,
        live: &LiveVendor,
        of: &TypeKey,
    ) -> Result<Option<Preview>, AppError> {
        let oldest = self.store.held_by_schema(of, None, 1).await.map_err(unavailable)?.pop();
        let Some((job, event)) = oldest.and_then(|job| Some((job.id, job.event_id?))) else {
            return Ok(None);
        };
        let Some((event, data)) = self.event_data(event).await? else { return Ok(None) };
        let (report, mapped) = self.report(actor, live, &event).await?;
        // Places and types only: whoever wants to see values reads the payload, which is noted.
        let changes = mapped.map(|mapped| Shape::of(&mapped).against(&Shape::of(&data))).unwrap_or_default();
        let changes = changes.into_iter().take(SHOWN).map(line).collect();
        Ok(Some(Preview { job_id: job, report, changes }))
    }
}
