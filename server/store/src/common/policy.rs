//! What is decided per vendor.

use super::{Adapter, audit::end_change, rows};
use crate::{AuditEntry, PolicyStore, Result, VendorEdit, text::to_json};
use async_trait::async_trait;
use domain::id::VendorId;
use sqlx::query;

#[async_trait]
impl PolicyStore for Adapter {
    async fn edit_vendor(&self, vendor: VendorId, edit: VendorEdit<'_>, audit: &AuditEntry) -> Result<()> {
        // Whoever changes the configuration is alone from here on, so nothing comes between reading and writing.
        let mut transaction = self.begin_change().await?;
        let row = query(
            "select id, tenant_id, slug, preset, options, enabled, max_body, policy, created_at
             from vendors where id = $1",
        )
        .bind(vendor.uuid())
        .fetch_one(&mut *transaction)
        .await?;
        let mut vendor = rows::vendor(&row)?;
        edit(&mut vendor);
        let changed =
            query("update vendors set enabled = $2, max_body = $3, policy = $4, options = $5 where id = $1")
                .bind(vendor.id.uuid())
                .bind(vendor.enabled)
                .bind(vendor.max_body.map(i64::from))
                .bind(to_json(&vendor.policy)?)
                .bind(to_json(&vendor.options)?)
                .execute(&mut *transaction)
                .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }
}
