//! What ends secrets by itself.

use super::{Adapter, audit::end_change, rows};
use crate::{AuditEntry, Result, RotationStore};
use async_trait::async_trait;
use domain::{
    id::{SecretId, VendorId},
    time::Timestamp,
};
use sqlx::query;

#[async_trait]
impl RotationStore for Adapter {
    async fn rotation_policies(&self) -> Result<Vec<(VendorId, i32)>> {
        let found =
            query("select vendor_id, quiet_hours from rotation_policies").fetch_all(&self.read).await?;
        rows::all(&found, |row| {
            Ok((VendorId::new(rows::get(row, "vendor_id")?), rows::get(row, "quiet_hours")?))
        })
    }

    async fn set_rotation_policy(
        &self,
        vendor: VendorId,
        quiet_hours: Option<i32>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        match quiet_hours {
            Some(hours) => {
                query(
                    "insert into rotation_policies (vendor_id, quiet_hours) values ($1, $2)
                     on conflict (vendor_id) do update set quiet_hours = excluded.quiet_hours",
                )
                .bind(vendor.uuid())
                .bind(hours)
                .execute(&mut *transaction)
                .await?
            }
            None => {
                query("delete from rotation_policies where vendor_id = $1")
                    .bind(vendor.uuid())
                    .execute(&mut *transaction)
                    .await?
            }
        };
        end_change(transaction, 1, audit).await
    }

    async fn end_retiring(&self, secret: SecretId, not_after: Timestamp, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query(
            "update secrets set state = 'revoked', not_after = null
             where id = $1 and state = 'retiring' and not_after = $2",
        )
        .bind(secret.uuid())
        .bind(not_after.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }
}
