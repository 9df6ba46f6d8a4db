//! Limits of work: reading and setting them.

use super::{Services, sees, unavailable};
use crate::live::Snapshot;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, WorkLimitsPort},
    view::work_limits::{NewWorkLimit, WorkLimitPage, WorkLimitRow},
};
use async_trait::async_trait;
use domain::{
    id::TenantId,
    limit::{Limited, MAX_LIMIT, MAX_WEIGHT, WorkLimit},
};

/// What can be limited: in the order of the page, then by name.
fn known(snapshot: &Snapshot) -> Vec<(Limited, TenantId, String)> {
    let vendors = snapshot.vendors().map(|live| &live.vendor);
    let providers = snapshot.providers().map(|live| &live.provider);
    let destinations = snapshot.destinations().map(|live| &live.destination);
    let mut vendors: Vec<_> =
        vendors.map(|of| (Limited::Vendor(of.id), of.tenant_id, of.slug.to_string())).collect();
    let mut providers: Vec<_> =
        providers.map(|of| (Limited::Provider(of.id), of.tenant_id, of.slug.to_string())).collect();
    let mut destinations: Vec<_> =
        destinations.map(|of| (Limited::Destination(of.id), of.tenant_id, of.slug.to_string())).collect();
    for list in [&mut vendors, &mut providers, &mut destinations] {
        list.sort_by(|a, b| (&a.2, a.0).cmp(&(&b.2, b.0)));
    }
    vendors.into_iter().chain(providers).chain(destinations).collect()
}

/// What is set; nothing but a weight of 1 where nobody set anything.
fn set_for(snapshot: &Snapshot, of: Limited, tenant_id: TenantId) -> WorkLimit {
    let set = snapshot.work_limits().iter().find(|limit| limit.of == of);
    set.cloned().unwrap_or(WorkLimit { of, tenant_id, at_once: None, per_minute: None, weight: 1 })
}

#[async_trait]
impl WorkLimitsPort for Services {
    async fn work_limits(&self, actor: &Actor) -> Result<WorkLimitPage, AppError> {
        let snapshot = self.live.now();
        let of_tenant = |tenant| {
            let slug = || snapshot.tenant(tenant).map(|tenant| tenant.slug.to_string());
            actor.tenant.is_none().then(slug).flatten()
        };
        let rows = known(&snapshot)
            .into_iter()
            .filter(|(_, tenant, _)| sees(actor, *tenant))
            .map(|(of, tenant, name)| WorkLimitRow {
                limit: set_for(&snapshot, of, tenant),
                name,
                tenant: of_tenant(tenant),
            })
            .collect();
        Ok(WorkLimitPage { rows })
    }

    async fn set_work_limit(&self, actor: &Actor, new: NewWorkLimit) -> Result<(), AppError> {
        let within = |field, number: Option<u32>, most| match number {
            Some(number) if !(1..=most).contains(&number) => Err(AppError::invalid(field, Reason::Malformed)),
            number => Ok(number),
        };
        let snapshot = self.live.now();
        let found = known(&snapshot).into_iter().find(|(of, ..)| *of == new.of);
        let (of, tenant_id, name) =
            found.filter(|(_, tenant, _)| sees(actor, *tenant)).ok_or(AppError::NotFound)?;
        let limit = WorkLimit {
            of,
            tenant_id,
            at_once: within(Field::AtOnce, new.at_once, MAX_LIMIT)?,
            per_minute: within(Field::PerMinute, new.per_minute, MAX_LIMIT)?,
            weight: within(Field::Weight, new.weight, MAX_WEIGHT)?.unwrap_or(1),
        };
        if limit == set_for(&snapshot, of, tenant_id) {
            return Ok(());
        }
        let audit = self.audit(actor, Some(tenant_id), "limit.set", name, words(&limit));
        self.store.set_work_limit(&limit, &audit).await.map_err(unavailable)?;
        self.changed().await;
        Ok(())
    }
}

/// For the audit log.
fn words(limit: &WorkLimit) -> String {
    let any =
        |number: Option<u32>| number.map_or_else(|| "any number".to_owned(), |number| number.to_string());
    format!("{} at once, {} a minute, weight {}", any(limit.at_once), any(limit.per_minute), limit.weight)
}
