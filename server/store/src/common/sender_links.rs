//! Which links to a vendor's sender page count.

use super::{Adapter, audit};
use crate::{AuditEntry, Result, SenderLinkStore};
use async_trait::async_trait;
use domain::id::VendorId;
use sqlx::query_scalar;

#[async_trait]
impl SenderLinkStore for Adapter {
    async fn sender_link_number(&self, vendor: VendorId) -> Result<i32> {
        let number: Option<i32> = query_scalar("select number from sender_links where vendor_id = $1")
            .bind(vendor.uuid())
            .fetch_optional(&self.read)
            .await?;
        Ok(number.unwrap_or(1))
    }

    async fn renew_sender_links(&self, vendor: VendorId, audit: &AuditEntry) -> Result<i32> {
        let mut transaction = self.begin().await?;
        let number = query_scalar(
            "insert into sender_links (vendor_id, number) values ($1, 2)
             on conflict (vendor_id) do update set number = sender_links.number + 1
             returning number",
        )
        .bind(vendor.uuid())
        .fetch_one(&mut *transaction)
        .await?;
        audit::write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(number)
    }
}
