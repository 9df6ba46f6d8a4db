//! Sessions as rows. Forgetting expired ones also forgets the throttles nobody counts any more: both are
//! kept per visitor, and without it the second table would only grow.

use super::{Adapter, rows};
use crate::{Result, SessionRows, text::clean};
use async_trait::async_trait;
use domain::{
    id::UserId,
    time::{DAY, Timestamp},
};
use sqlx::query;

#[async_trait]
impl SessionRows for Adapter {
    async fn create_session(
        &self,
        id: &str,
        user: Option<UserId>,
        data: &[u8],
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query("insert into sessions (id, user_id, data, expires_at) values ($1, $2, $3, $4)")
            .bind(clean(id))
            .bind(user.map(UserId::uuid))
            .bind(data)
            .bind(expires_at.0)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn save_session(
        &self,
        id: &str,
        user: Option<UserId>,
        data: &[u8],
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query(
            "insert into sessions (id, user_id, data, expires_at) values ($1, $2, $3, $4)
             on conflict (id) do update
             set user_id = excluded.user_id, data = excluded.data, expires_at = excluded.expires_at",
        )
        .bind(clean(id))
        .bind(user.map(UserId::uuid))
        .bind(data)
        .bind(expires_at.0)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn session(&self, id: &str, now: Timestamp) -> Result<Option<(Vec<u8>, Timestamp)>> {
        let row = query("select data, expires_at from sessions where id = $1 and expires_at > $2")
            .bind(clean(id))
            .bind(now.0)
            .fetch_optional(&self.read)
            .await?;
        row.map(|row| Ok((rows::get(&row, "data")?, rows::time(&row, "expires_at")?))).transpose()
    }

    async fn delete_session(&self, id: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        query("delete from sessions where id = $1").bind(clean(id)).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        query("delete from throttles where window_start < $1")
            .bind(now.plus(-DAY).0)
            .execute(&mut *transaction)
            .await?;
        let ended = query("delete from sessions where expires_at <= $1")
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected())
    }
}
