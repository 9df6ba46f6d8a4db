//! Pause switches and circuit breakers.

use super::{Services, sees, unavailable};
use crate::worker::{breaker, gate};
use app::{
    error::AppError,
    ports::{Actor, FlowPort},
    view::flow::{BreakerRow, FlowView},
};
use async_trait::async_trait;
use domain::{
    breaker::{BreakerKey, BreakerMode},
    id::TenantId,
    pause::{Pause, PauseTarget},
};
use store::{AuditEntry, StoreError};

/// Who pauses what the settings say.
const SETTING: &str = "TIDEGATE_PAUSE_DELIVERY";

#[async_trait]
impl FlowPort for Services {
    async fn flow(&self, actor: &Actor) -> Result<FlowView, AppError> {
        let snapshot = self.live.now();
        let pauses = snapshot
            .pauses()
            .iter()
            .filter(|pause| pause.tenant_id.is_none_or(|tenant| sees(actor, tenant)))
            .cloned()
            .collect();
        let mut breakers: Vec<BreakerRow> = snapshot
            .breakers()
            .filter(|breaker| sees(actor, breaker.tenant_id))
            .map(|breaker| BreakerRow {
                breaker: breaker.clone(),
                name: gate::breaker_name(&breaker.key, &snapshot),
            })
            .collect();
        breakers.sort_by(|a, b| a.name.cmp(&b.name));
        let own = match actor.tenant {
            None => actor.role.may_own().then_some(PauseTarget::Everything),
            Some(tenant) => actor.role.may_configure().then_some(PauseTarget::Tenant(tenant)),
        };
        Ok(FlowView { now: self.clock.now(), own, pauses, breakers })
    }

    async fn pause(&self, actor: &Actor, target: PauseTarget) -> Result<(), AppError> {
        let tenant_id = self.switched_by(actor, target)?;
        let audit = self.switch_entry(actor, tenant_id, "pause.begin", target);
        let pause = Pause { target, tenant_id, by: actor.email.clone(), since: self.clock.now() };
        match self.store.pause(&pause, &audit).await {
            // Somebody was quicker; it is as it was wanted.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(unavailable(error)),
        }
        self.changed().await;
        Ok(())
    }

    async fn resume(&self, actor: &Actor, target: PauseTarget) -> Result<(), AppError> {
        let tenant_id = self.switched_by(actor, target)?;
        let audit = self.switch_entry(actor, tenant_id, "pause.end", target);
        match self.store.resume(target, &audit).await {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => return Err(unavailable(error)),
        }
        self.changed().await;
        Ok(())
    }

    async fn set_breaker(&self, actor: &Actor, key: BreakerKey, mode: BreakerMode) -> Result<(), AppError> {
        let target = match &key {
            BreakerKey::Destination(id) => PauseTarget::Destination(*id),
            BreakerKey::Provider(id) | BreakerKey::Model(id, _) => PauseTarget::Provider(*id),
        };
        let tenant = self.switched_by(actor, target)?.ok_or(AppError::NotFound)?;
        // Somebody who is quicker changes the revision; what a person decides then goes over theirs.
        for _ in 0..5 {
            let snapshot = self.live.now();
            let before = snapshot.breaker(&key);
            let after = breaker::set(before, &key, tenant, mode, &actor.email, self.clock.now());
            let audit = self.audit(
                actor,
                Some(tenant),
                "breaker.set",
                gate::breaker_name(&key, &snapshot),
                after.reason.clone(),
            );
            let written = self.store.change_breaker(&after, Some(&audit)).await.map_err(unavailable)?;
            self.changed().await;
            if written {
                return Ok(());
            }
        }
        Err(AppError::Busy)
    }
}

impl Services {
    /// Pauses all deliveries because the settings say so; nothing happens when they are paused.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pause_at_start(&self) -> Result<(), StoreError> {
        let target = PauseTarget::Deliveries;
        let pause = Pause { target, tenant_id: None, by: SETTING.to_owned(), since: self.clock.now() };
        let audit = AuditEntry {
            id: crate::clock::fresh(),
            at: pause.since,
            tenant_id: None,
            actor: SETTING.to_owned(),
            action: "pause.begin".to_owned(),
            target: gate::target_name(target, &self.live.now()),
            detail: "at the start of a node".to_owned(),
        };
        match self.store.pause(&pause, &audit).await {
            Ok(()) | Err(StoreError::Conflict) => self.live.reload().await,
            Err(error) => Err(error),
        }
    }

    /// Whose a target is, if the actor may switch it.
    fn switched_by(&self, actor: &Actor, target: PauseTarget) -> Result<Option<TenantId>, AppError> {
        let owner = gate::tenant_of(target, &self.live.now()).map_err(|_| AppError::NotFound)?;
        match owner {
            Some(tenant) if sees(actor, tenant) => Ok(Some(tenant)),
            Some(_) => Err(AppError::NotFound),
            None if actor.role.may_own() => Ok(None),
            None => Err(AppError::NotAllowed),
        }
    }

    fn switch_entry(
        &self,
        actor: &Actor,
        tenant: Option<TenantId>,
        action: &str,
        target: PauseTarget,
    ) -> AuditEntry {
        self.audit(actor, tenant, action, gate::target_name(target, &self.live.now()), String::new())
    }
}
