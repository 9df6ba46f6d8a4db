//! What tenants decided about their payloads, and their data keys.

use super::{Adapter, audit::end_change};
use crate::{AuditEntry, PrivacyStore, Result, Sealed};
use async_trait::async_trait;
use domain::{id::TenantId, time::Timestamp};
use sqlx::query;

#[async_trait]
impl PrivacyStore for Adapter {
    async fn set_encryption(
        &self,
        tenant: TenantId,
        encrypt: bool,
        key: Option<&Sealed>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        // A key that is there stays: payloads are sealed under it.
        let changed = query(
            "insert into tenant_privacy (tenant_id, encrypt, sealed) values ($1, $2, $3)
             on conflict (tenant_id) do update set
                 encrypt = excluded.encrypt, sealed = coalesce(tenant_privacy.sealed, excluded.sealed)",
        )
        .bind(tenant.uuid())
        .bind(encrypt)
        .bind(key.map(|key| &*key.0))
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn set_keep_days(&self, tenant: TenantId, days: Option<i32>, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query(
            "insert into tenant_privacy (tenant_id, encrypt, keep_days) values ($1, $2, $3)
             on conflict (tenant_id) do update set keep_days = excluded.keep_days",
        )
        .bind(tenant.uuid())
        .bind(false)
        .bind(days)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn shred(
        &self,
        tenant: TenantId,
        next: Option<&Sealed>,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query(
            "update tenant_privacy set sealed = $2, shredded_at = $3
             where tenant_id = $1 and sealed is not null",
        )
        .bind(tenant.uuid())
        .bind(next.map(|key| &*key.0))
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        // Sealed under another key, but of the same kind: what the tenant wants destroyed.
        query(
            "delete from refused_captures
             where request_id in (select id from refused_requests where tenant_id = $1)",
        )
        .bind(tenant.uuid())
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }
}
