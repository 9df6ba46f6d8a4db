//! News that wait to be told.

use super::{Adapter, Connection, events, rows};
use crate::{AuditEntry, NewEvent, NewsStore, Result, UntoldNews};
use async_trait::async_trait;
use domain::{
    id::{TenantId, VendorId},
    news::{NewsKind, PRESET},
    time::Timestamp,
};
use sqlx::query;
use uuid::Uuid;

/// Lets an entry wait that is news and has somebody to tell it, in the transaction that writes it. What concerns no tenant
/// is told to none: it may be about others.
pub(super) async fn wait(connection: &mut Connection, entry: &AuditEntry) -> Result<()> {
    let (Some(tenant), Some(_)) = (entry.tenant_id, NewsKind::of(&entry.actor, &entry.action)) else {
        return Ok(());
    };
    query(
        "insert into untold_news (entry_id, vendor_id)
         select $1, id from vendors where tenant_id = $2 and preset = $3 and enabled",
    )
    .bind(entry.id)
    .bind(tenant.uuid())
    .bind(PRESET)
    .execute(connection)
    .await?;
    Ok(())
}

#[async_trait]
impl NewsStore for Adapter {
    async fn untold_news(&self, limit: i64) -> Result<Vec<UntoldNews>> {
        let found = query(
            "select id, at, tenant_id, actor, action, target, detail, vendor_id
             from untold_news join audit_log on id = entry_id order by at, id limit $1",
        )
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, |row| {
            let vendor_id = VendorId::new(rows::get(row, "vendor_id")?);
            Ok(UntoldNews { entry: rows::audit_entry(row)?, vendor_id })
        })
    }

    async fn tell_news(&self, entry: Uuid, event: Option<&NewEvent>) -> Result<bool> {
        let mut transaction = self.begin().await?;
        // First, so that of two who would store its event one waits here and then finds it told.
        let told = query("delete from untold_news where entry_id = $1")
            .bind(entry)
            .execute(&mut *transaction)
            .await?;
        if told.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(event) = event {
            events::store(&mut transaction, std::slice::from_ref(event)).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn dead_letters(
        &self,
        tenant: TenantId,
        since: Timestamp,
        until: Timestamp,
        besides: VendorId,
    ) -> Result<i64> {
        let row = query(
            "select count(*) as dead from jobs
             where state = 'deadletter' and tenant_id = $1 and finished_at >= $2 and finished_at < $3
                 and (vendor_id is null or vendor_id <> $4)",
        )
        .bind(tenant.uuid())
        .bind(since.0)
        .bind(until.0)
        .bind(besides.uuid())
        .fetch_one(&self.read)
        .await?;
        rows::get(&row, "dead")
    }
}
