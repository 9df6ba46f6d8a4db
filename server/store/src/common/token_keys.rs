//! The keys that sign tokens, as they follow one another.

use super::{Adapter, Row, audit::end_change, rows};
use crate::{AuditEntry, Others, Result, Sealed, StoreError, TOKEN_KEY, TokenKey, TokenKeyStore};
use async_trait::async_trait;
use domain::time::Timestamp;
use sqlx::query;
use uuid::Uuid;

#[async_trait]
impl TokenKeyStore for Adapter {
    async fn token_keys(&self) -> Result<Vec<TokenKey>> {
        let mut transaction = self.snapshot().await?;
        let first = query("select value from settings where name = $1")
            .bind(TOKEN_KEY)
            .fetch_optional(&mut *transaction)
            .await?;
        let others =
            query("select id, created_at, signs_from, sealed from token_keys order by signs_from, id")
                .fetch_all(&mut *transaction)
                .await?;
        transaction.commit().await?;
        let mut keys = Vec::with_capacity(others.len() + 1);
        if let Some(row) = &first {
            let began = Timestamp(0);
            let sealed = Sealed(rows::get(row, "value")?);
            keys.push(TokenKey { id: Uuid::nil(), created_at: began, signs_from: began, sealed });
        }
        keys.extend(rows::all(&others, |row: &Row| {
            Ok(TokenKey {
                id: rows::get(row, "id")?,
                created_at: rows::time(row, "created_at")?,
                signs_from: rows::time(row, "signs_from")?,
                sealed: Sealed(rows::get(row, "sealed")?),
            })
        })?);
        Ok(keys)
    }

    async fn add_token_key(&self, key: &TokenKey, others: Others, audit: &AuditEntry) -> Result<()> {
        // A change of the configuration: of two that replace the key at once, one waits for the other.
        let mut transaction = self.begin_change().await?;
        match others {
            Others::Go => {
                query("delete from token_keys").execute(&mut *transaction).await?;
                query("delete from settings where name = $1")
                    .bind(TOKEN_KEY)
                    .execute(&mut *transaction)
                    .await?;
            }
            Others::Stay => {
                let waits = query("select 1 from token_keys where signs_from > $1 limit 1")
                    .bind(key.created_at.0)
                    .fetch_optional(&mut *transaction)
                    .await?;
                if waits.is_some() {
                    return Err(StoreError::Conflict);
                }
            }
        }
        let added =
            query("insert into token_keys (id, created_at, signs_from, sealed) values ($1, $2, $3, $4)")
                .bind(key.id)
                .bind(key.created_at.0)
                .bind(key.signs_from.0)
                .bind(&*key.sealed.0)
                .execute(&mut *transaction)
                .await?;
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn forget_token_keys(&self, before: Timestamp) -> Result<u64> {
        let mut transaction = self.begin_hasty().await?;
        let first = query(
            "delete from settings where name = $1
                 and exists (select 1 from token_keys where signs_from <= $2)",
        )
        .bind(TOKEN_KEY)
        .bind(before.0)
        .execute(&mut *transaction)
        .await?;
        let others = query(
            "delete from token_keys
             where signs_from < (select max(signs_from) from token_keys where signs_from <= $1)",
        )
        .bind(before.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(first.rows_affected() + others.rows_affected())
    }
}
