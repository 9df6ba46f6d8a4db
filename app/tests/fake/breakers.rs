//! Breakers of all destinations and providers, in memory.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, BreakersPort},
    view::breakers::{ThresholdPage, ThresholdRow, WatchedRow},
};
use async_trait::async_trait;
use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    calls::Counted,
    id::TenantId,
    thresholds::{Chosen, Guarded, Threshold},
    time::Timestamp,
};
use uuid::Uuid;

#[async_trait]
impl BreakersPort for Fake {
    async fn watched(&self, _: &Actor) -> Result<Vec<WatchedRow>, AppError> {
        self.well()?;
        let row = |key, name: &str| WatchedRow {
            name: name.to_owned(),
            breaker: Breaker {
                key,
                tenant_id: TenantId::new(Uuid::nil()),
                state: BreakerState::Closed,
                mode: BreakerMode::Automatic,
                reason: String::new(),
                changed_at: Timestamp(0),
                changed_by: "tidegate".into(),
                openings: 0,
                open_until: None,
                probe_node: None,
                probe_until: None,
                revision: 0,
            },
            counted: Counted { calls: 1_234, failed: 7, slow: 2, jobs: 7, in_a_row: 0 },
            thresholds: Threshold::ALL.iter().map(|what| (*what, what.usual(false))).collect(),
        };
        let destinations = self.destinations.lock().unwrap();
        Ok(destinations.iter().map(|one| row(BreakerKey::Destination(one.id), &one.slug)).collect())
    }

    async fn thresholds(&self, actor: &Actor) -> Result<ThresholdPage, AppError> {
        self.well()?;
        let row = |of, name: &str, chosen: Chosen, may| ThresholdRow {
            of,
            name: name.to_owned(),
            tenant: None,
            chosen,
            inherited: Threshold::ALL.iter().map(|what| (*what, what.usual(false).to_string())).collect(),
            may,
        };
        let all = row(Guarded::Installation, "All", Chosen::new(), actor.role.may_own());
        let own = Chosen::from([(Threshold::FailureRate, 35)]);
        let may = actor.role.may_configure();
        let destinations = self.destinations.lock().unwrap();
        let rows =
            destinations.iter().map(|one| row(Guarded::Destination(one.id), &one.slug, own.clone(), may));
        Ok(ThresholdPage { rows: std::iter::once(all).chain(rows).collect() })
    }

    async fn set_thresholds(&self, _: &Actor, of: Guarded, chosen: Chosen) -> Result<(), AppError> {
        if let Some((what, _)) = chosen.iter().find(|(what, number)| !what.takes(**number)) {
            return Err(AppError::invalid(Field::Threshold(*what), Reason::Malformed));
        }
        let chosen: Vec<String> = chosen.iter().map(|(what, number)| format!("{what} {number}")).collect();
        self.note(format!("thresholds {of} {}", chosen.join(", ")));
        Ok(())
    }
}
