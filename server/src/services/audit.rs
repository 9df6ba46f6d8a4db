//! The audit log, for its page and its file.

use super::{Services, unavailable};
use app::{
    error::AppError,
    ports::{Actor, AuditPort},
    view::audit::{AuditPage, AuditRow},
};
use async_trait::async_trait;
use domain::audit::{AuditCursor, AuditFilter};

#[async_trait]
impl AuditPort for Services {
    async fn page(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        cursor: Option<AuditCursor>,
        limit: u32,
    ) -> Result<AuditPage, AppError> {
        let limit = limit as usize;
        // One more than is shown tells whether there are older ones.
        let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let found = self.store.audit_page(actor.tenant, filter, cursor, wanted).await;
        let mut entries = found.map_err(unavailable)?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| more);
        let next_cursor = last.map(|entry| AuditCursor { at: entry.at, id: entry.id }.to_string());
        let snapshot = self.live.now();
        let tenant = |id| snapshot.tenant(id).map(|tenant| tenant.slug.to_string());
        let rows = entries
            .into_iter()
            .map(|entry| AuditRow {
                id: entry.id,
                at: entry.at,
                tenant: entry.tenant_id.and_then(tenant),
                actor: entry.actor,
                action: entry.action,
                target: entry.target,
                detail: entry.detail,
            })
            .collect();
        Ok(AuditPage { now: self.clock.now(), rows, next_cursor })
    }
}
