//! Limits of work in memory.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, WorkLimitsPort},
    view::work_limits::{NewWorkLimit, WorkLimitPage, WorkLimitRow},
};
use async_trait::async_trait;
use domain::{
    id::TenantId,
    limit::{Limited, WorkLimit},
};
use uuid::Uuid;

#[async_trait]
impl WorkLimitsPort for Fake {
    async fn work_limits(&self, _: &Actor) -> Result<WorkLimitPage, AppError> {
        self.well()?;
        let row = |of, name: &str, at_once, weight| WorkLimitRow {
            limit: WorkLimit {
                of,
                tenant_id: TenantId::new(Uuid::nil()),
                at_once,
                per_minute: at_once.map(|at_once: u32| 10 * at_once),
                weight,
            },
            name: name.to_owned(),
            tenant: None,
        };
        let vendors = self.vendors.iter().map(|of| row(Limited::Vendor(of.id), &of.address.slug, None, 3));
        let providers = self.providers.iter().map(|of| row(Limited::Provider(of.id), &of.slug, Some(4), 1));
        Ok(WorkLimitPage { rows: vendors.chain(providers).collect() })
    }

    async fn set_work_limit(&self, _: &Actor, new: NewWorkLimit) -> Result<(), AppError> {
        if new.weight == Some(0) {
            return Err(AppError::invalid(Field::Weight, Reason::Malformed));
        }
        self.note(format!("limit {} {:?} {:?} {:?}", new.of, new.at_once, new.per_minute, new.weight));
        Ok(())
    }
}
