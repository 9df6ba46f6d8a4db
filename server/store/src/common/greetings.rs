//! How far the vendors' side of each connection is, secrets they handed over, and values that count once.

use super::{Adapter, LOCK, audit::end_change, rows};
use crate::{AuditEntry, GreetingStore, Result, Sealed, text::clean};
use async_trait::async_trait;
use domain::{
    connection::{Connection, FollowUp, OfferedSecret},
    id::{OfferId, RequestId, TenantId, VendorId},
    time::Timestamp,
};
use sqlx::{AssertSqlSafe, query, query_scalar};

#[async_trait]
impl GreetingStore for Adapter {
    async fn note_greetings(&self, vendor: VendorId, times: i64, at: Timestamp) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query(
            "insert into connections (vendor_id, greeted_at, greetings) values ($1, $2, $3)
             on conflict (vendor_id) do update set
                 greeted_at = excluded.greeted_at, greetings = connections.greetings + excluded.greetings",
        )
        .bind(vendor.uuid())
        .bind(at.0)
        .bind(times)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn note_follow_up(&self, vendor: VendorId, outcome: &FollowUp, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let noted = query(
            "insert into connections (vendor_id, greetings, follow_up_at, follow_up_ok, follow_up_words)
             values ($1, 0, $2, $3, $4)
             on conflict (vendor_id) do update set
                 follow_up_at = excluded.follow_up_at, follow_up_ok = excluded.follow_up_ok,
                 follow_up_words = excluded.follow_up_words",
        )
        .bind(vendor.uuid())
        .bind(outcome.at.0)
        .bind(outcome.ok)
        .bind(clean(&outcome.words))
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, noted.rows_affected(), audit).await
    }

    async fn connection(&self, vendor: VendorId) -> Result<Connection> {
        let found = query(
            "select greeted_at, greetings, follow_up_at, follow_up_ok, follow_up_words from connections
             where vendor_id = $1",
        )
        .bind(vendor.uuid())
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = found else { return Ok(Connection::default()) };
        let at: Option<i64> = rows::get(&row, "follow_up_at")?;
        let ok: Option<bool> = rows::get(&row, "follow_up_ok")?;
        let words: Option<String> = rows::get(&row, "follow_up_words")?;
        Ok(Connection {
            greeted_at: rows::get::<Option<i64>>(&row, "greeted_at")?.map(Timestamp),
            greetings: rows::get(&row, "greetings")?,
            follow_up: at.zip(ok).map(|(at, ok)| FollowUp {
                at: Timestamp(at),
                ok,
                words: words.unwrap_or_default(),
            }),
        })
    }

    async fn offer_secret(&self, offer: &OfferedSecret, value: &Sealed, at_most: i64) -> Result<bool> {
        let mut transaction = self.begin_hasty().await?;
        // Two nodes that count at the same time would both find room.
        let vendor = format!("select id from vendors where id = $1{LOCK}");
        query(AssertSqlSafe(vendor)).bind(offer.vendor_id.uuid()).fetch_optional(&mut *transaction).await?;
        let waiting: i64 = query_scalar("select count(*) from offered_secrets where vendor_id = $1")
            .bind(offer.vendor_id.uuid())
            .fetch_one(&mut *transaction)
            .await?;
        if waiting >= at_most {
            return Ok(false);
        }
        query(
            "insert into offered_secrets (id, vendor_id, request_id, offered_at, sealed)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(offer.id.uuid())
        .bind(offer.vendor_id.uuid())
        .bind(offer.request_id.uuid())
        .bind(offer.offered_at.0)
        .bind(&*value.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn offers(&self, vendor: VendorId, since: Timestamp) -> Result<Vec<(OfferedSecret, Sealed)>> {
        let found = query(
            "select id, vendor_id, request_id, offered_at, sealed from offered_secrets
             where vendor_id = $1 and offered_at >= $2 order by offered_at, id",
        )
        .bind(vendor.uuid())
        .bind(since.0)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, |row| {
            let offer = OfferedSecret {
                id: OfferId::new(rows::get(row, "id")?),
                vendor_id: VendorId::new(rows::get(row, "vendor_id")?),
                request_id: RequestId::new(rows::get(row, "request_id")?),
                offered_at: Timestamp(rows::get(row, "offered_at")?),
            };
            Ok((offer, Sealed(rows::get(row, "sealed")?)))
        })
    }

    async fn offering(&self, scope: Option<TenantId>, since: Timestamp) -> Result<i64> {
        let count = query_scalar(
            "select count(distinct offered_secrets.vendor_id) from offered_secrets
             join vendors on vendors.id = offered_secrets.vendor_id
             where offered_at >= $1 and ($2 is null or vendors.tenant_id = $2)",
        )
        .bind(since.0)
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        Ok(count)
    }

    async fn withdraw_offers(&self, vendor: VendorId, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let gone = query("delete from offered_secrets where vendor_id = $1")
            .bind(vendor.uuid())
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, gone.rows_affected(), audit).await
    }

    async fn forget_offers(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let gone = query("delete from offered_secrets where offered_at < $1")
            .bind(before.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }

    async fn see_once(
        &self,
        vendor: VendorId,
        value: &[u8; 32],
        content: &[u8; 32],
        now: Timestamp,
        forget_at: Timestamp,
    ) -> Result<bool> {
        // A power cut cannot lose this and keep the event that is written after it: both are in one log, in order.
        let mut transaction = self.begin_hasty().await?;
        query(
            "insert into seen_values (vendor_id, value, content, forget_at) values ($1, $2, $3, $4)
             on conflict (vendor_id, value) do update set
                 content = excluded.content, forget_at = excluded.forget_at
             where seen_values.forget_at <= $5",
        )
        .bind(vendor.uuid())
        .bind(value.as_slice())
        .bind(content.as_slice())
        .bind(forget_at.0)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        let seen: Vec<u8> =
            query_scalar("select content from seen_values where vendor_id = $1 and value = $2")
                .bind(vendor.uuid())
                .bind(value.as_slice())
                .fetch_one(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(seen == content)
    }

    async fn forget_seen(&self, now: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let gone = query("delete from seen_values where forget_at <= $1")
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(gone.rows_affected())
    }
}
