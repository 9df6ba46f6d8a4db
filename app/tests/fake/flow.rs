//! Everything paused since a while, one breaker open, and jobs that can be changed.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, FlowPort, JobChangesPort},
    view::{
        flow::{BreakerRow, FlowView},
        jobs::{JobsChanged, JobsToChange},
    },
};
use async_trait::async_trait;
use domain::{
    breaker::{Breaker, BreakerKey, BreakerMode, BreakerState},
    filter::JobFilter,
    id::{JobId, TenantId},
    operation::JobOperation,
    pause::{Pause, PauseTarget},
    time::{MINUTE, SECOND},
};
use uuid::Uuid;

#[async_trait]
impl FlowPort for Fake {
    async fn flow(&self, actor: &Actor) -> Result<FlowView, AppError> {
        self.well()?;
        let mut view = FlowView { now: self.now, ..FlowView::default() };
        view.own = actor.role.may_own().then_some(PauseTarget::Everything);
        let destinations = self.destinations.lock().unwrap();
        let Some(first) = destinations.first() else { return Ok(view) };
        view.pauses = vec![Pause {
            target: PauseTarget::Destination(first.id),
            tenant_id: None,
            by: "ada@example.org".into(),
            since: self.now.plus(-12 * MINUTE),
        }];
        view.breakers = vec![BreakerRow {
            name: format!("destination {}", first.slug),
            breaker: Breaker {
                key: BreakerKey::Destination(first.id),
                tenant_id: TenantId::new(Uuid::nil()),
                state: BreakerState::Open,
                mode: BreakerMode::Automatic,
                reason: "5 jobs in a row failed, the last with: 503 from WordPress".into(),
                changed_at: self.now.plus(-20 * SECOND),
                changed_by: "tidegate".into(),
                openings: 1,
                open_until: Some(self.now.plus(10 * SECOND)),
                probe_node: None,
                probe_until: None,
                revision: 1,
            },
        }];
        Ok(view)
    }

    async fn pause(&self, _: &Actor, target: PauseTarget) -> Result<(), AppError> {
        self.calls.lock().unwrap().push(format!("pause {target}"));
        Ok(())
    }

    async fn resume(&self, _: &Actor, target: PauseTarget) -> Result<(), AppError> {
        self.calls.lock().unwrap().push(format!("resume {target}"));
        Ok(())
    }

    async fn set_breaker(&self, _: &Actor, key: BreakerKey, mode: BreakerMode) -> Result<(), AppError> {
        self.calls.lock().unwrap().push(format!("breaker {key} {mode}"));
        Ok(())
    }
}

#[async_trait]
impl JobChangesPort for Fake {
    async fn change(&self, _: &Actor, id: JobId, what: JobOperation) -> Result<(), AppError> {
        self.calls.lock().unwrap().push(format!("{what} {id}"));
        Ok(())
    }

    async fn count(&self, _: &Actor, _: &JobFilter, _: JobOperation) -> Result<JobsToChange, AppError> {
        self.well()?;
        Ok(JobsToChange { count: 1_234, vendor: None })
    }

    async fn change_all(
        &self,
        _: &Actor,
        filter: &JobFilter,
        what: JobOperation,
        most: i64,
    ) -> Result<JobsChanged, AppError> {
        self.calls.lock().unwrap().push(format!("{what} all {:?} {most}", filter.state));
        Ok(JobsChanged { changed: 1_234, more: false })
    }
}
