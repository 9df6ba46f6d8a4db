//! Event types in memory: one that fits, one that drifts and holds a job.

use super::{Fake, NOON};
use app::{
    error::AppError,
    ports::{Actor, types::TypesPort},
    view::types::*,
};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId, VendorId},
    schema::{SchemaMode, SchemaOrigin},
    time::{DAY, HOUR},
};

fn row(event_type: &str, mode: Option<SchemaMode>) -> TypeRow {
    let drifts = mode == Some(SchemaMode::Hold);
    TypeRow {
        vendor_id: VendorId::new(uuid::Uuid::from_u128(1)),
        vendor: "acme".into(),
        event_type: event_type.into(),
        events: 1_284,
        first_seen: NOON.plus(-40 * DAY),
        last_seen: NOON.plus(-HOUR),
        sample: EventId::new(uuid::Uuid::from_u128(7)),
        mode,
        version: mode.map(|_| 2),
        broken: if drifts { 14 } else { 0 },
        drift_since: drifts.then_some(NOON.plus(-2 * HOUR)),
        shape_since: Some(NOON.plus(-9 * DAY)),
    }
}

fn report() -> ShapeReport {
    let line =
        |kind, pointer: &str, words: &str| DiffLine { kind, pointer: pointer.into(), words: words.into() };
    ShapeReport {
        event_id: EventId::new(uuid::Uuid::from_u128(8)),
        vendor: "acme".into(),
        event_type: "story.ready".into(),
        schema: Some((2, SchemaMode::Hold)),
        mapping: None,
        misfits: vec![line(DiffKind::Missing, "/data/title", "is missing")],
        diff: vec![
            line(DiffKind::Added, "/data/heading", "is new (string)"),
            line(DiffKind::Missing, "/data/title", "is missing (was string)"),
        ],
        good: Some(EventId::new(uuid::Uuid::from_u128(7))),
    }
}

#[async_trait]
impl TypesPort for Fake {
    async fn catalogue(&self, _: &Actor, _: Option<&str>) -> Result<TypesPage, AppError> {
        self.well()?;
        let rows = match self.vendors.is_empty() {
            true => vec![],
            false => vec![row("story.ready", Some(SchemaMode::Hold)), row("", None)],
        };
        Ok(TypesPage { now: NOON, rows })
    }

    async fn page(
        &self,
        _: &Actor,
        vendor: &str,
        event_type: &str,
        draft: Option<&str>,
    ) -> Result<TypePage, AppError> {
        self.well()?;
        if vendor != "acme" {
            return Err(AppError::NotFound);
        }
        let fault = TextFault { line: 2, words: "This is no JSON.".into() };
        Ok(TypePage {
            now: NOON,
            row: row(event_type, Some(SchemaMode::Hold)),
            schemas: vec![SchemaRow {
                version: 2,
                origin: SchemaOrigin::Learned,
                samples: 50,
                used: true,
                created_at: NOON.plus(-DAY),
                created_by: "ada@daily-herald.example".into(),
            }],
            schema: Draft { text: "{\n nonsense\n}".into(), from_version: None, fault: draft.map(|_| fault) },
            samples: 50,
            mappings: vec![],
            mapping: Draft::default(),
            held: HeldCount { held: 14, fitting: 12, more: false },
            preview: Some(Preview {
                job_id: JobId::new(uuid::Uuid::from_u128(9)),
                report: report(),
                changes: vec![],
            }),
        })
    }

    async fn save_schema(&self, _: &Actor, _: &str, _: &str, text: String) -> Result<Saved, AppError> {
        self.note(format!("schema {text}"));
        Ok(Saved::Version(3))
    }

    async fn learn_schema(&self, _: &Actor, _: &str, _: &str, samples: u32) -> Result<i32, AppError> {
        self.note(format!("learn {samples}"));
        Ok(3)
    }

    async fn use_schema(
        &self,
        _: &Actor,
        _: &str,
        _: &str,
        version: Option<i32>,
        mode: Option<SchemaMode>,
    ) -> Result<(), AppError> {
        self.note(format!("use {version:?} {mode:?}"));
        Ok(())
    }

    async fn save_mapping(&self, _: &Actor, _: &str, _: &str, new: NewMapping) -> Result<Saved, AppError> {
        self.note(format!("mapping {}", new.text));
        Ok(Saved::Version(1))
    }

    async fn use_mapping(
        &self,
        _: &Actor,
        _: &str,
        _: &str,
        version: i32,
        active: bool,
    ) -> Result<(), AppError> {
        self.note(format!("mapping {version} {active}"));
        Ok(())
    }

    async fn count_held(&self, _: &Actor, _: &str, _: &str) -> Result<HeldCount, AppError> {
        Ok(HeldCount::default())
    }

    async fn release_held(&self, _: &Actor, _: &str, _: &str) -> Result<i64, AppError> {
        self.note("release");
        Ok(12)
    }

    async fn shape(&self, _: &Actor, _: EventId) -> Result<ShapeReport, AppError> {
        Ok(report())
    }
}
