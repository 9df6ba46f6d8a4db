//! People who sign in, the set-up token, throttles and settings.

use super::{
    Adapter, Connection,
    audit::{self, end_change},
    rows,
};
use crate::{AccountStore, AuditEntry, Result, StoreError, text::clean};
use async_trait::async_trait;
use domain::{
    id::{TenantId, UserId},
    time::Timestamp,
    user::User,
};
use rows::user_columns;
use sqlx::{query, query_scalar};

async fn insert_user(connection: &mut Connection, user: &User, password_hash: &str) -> Result<()> {
    query(
        "insert into users (id, email, role, tenant_id, password_hash, disabled, created_at, last_login_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(user.id.uuid())
    .bind(clean(&user.email))
    .bind(user.role.as_str())
    .bind(user.tenant_id.map(TenantId::uuid))
    .bind(clean(password_hash))
    .bind(user.disabled)
    .bind(user.created_at.0)
    .bind(user.last_login_at.map(|at| at.0))
    .execute(connection)
    .await?;
    Ok(())
}

#[async_trait]
impl AccountStore for Adapter {
    async fn has_users(&self) -> Result<bool> {
        let one = query("select 1 from users limit 1").fetch_optional(&self.read).await?;
        Ok(one.is_some())
    }

    async fn add_user(&self, user: &User, password_hash: &str, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        insert_user(&mut transaction, user, password_hash).await?;
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn set_setup_token(&self, token_hash: &[u8], expires_at: Timestamp) -> Result<()> {
        let mut transaction = self.begin().await?;
        query(
            "insert into setup_token (only_row, token_hash, expires_at) values (1, $1, $2)
             on conflict (only_row) do update
             set token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        )
        .bind(token_hash)
        .bind(expires_at.0)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn spend_setup_token(
        &self,
        token_hash: &[u8],
        user: &User,
        password_hash: &str,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        // Of several that try at once, one deletes the row; the others wait for it and then find none.
        let spent = query("delete from setup_token where token_hash = $1 and expires_at > $2")
            .bind(token_hash)
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        if spent.rows_affected() != 1 {
            return Err(StoreError::NotFound);
        }
        if query("select 1 from users limit 1").fetch_optional(&mut *transaction).await?.is_some() {
            return Err(StoreError::NotFound);
        }
        insert_user(&mut transaction, user, password_hash).await?;
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn user(&self, id: UserId) -> Result<User> {
        let row = query(concat!("select ", user_columns!(), " from users where id = $1"))
            .bind(id.uuid())
            .fetch_one(&self.read)
            .await?;
        rows::user(&row)
    }

    async fn user_by_email(&self, email: &str) -> Result<(User, String)> {
        let row = query(concat!("select ", user_columns!(), ", password_hash from users where email = $1"))
            .bind(clean(email))
            .fetch_one(&self.read)
            .await?;
        Ok((rows::user(&row)?, rows::get(&row, "password_hash")?))
    }

    async fn users(&self, scope: Option<TenantId>) -> Result<Vec<User>> {
        let found = query(concat!(
            "select ",
            user_columns!(),
            " from users where $1 is null or tenant_id = $1 order by email"
        ))
        .bind(scope.map(TenantId::uuid))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::user)
    }

    async fn set_user_disabled(&self, id: UserId, disabled: bool, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query("update users set disabled = $2 where id = $1")
            .bind(id.uuid())
            .bind(disabled)
            .execute(&mut *transaction)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        if disabled {
            query("delete from sessions where user_id = $1")
                .bind(id.uuid())
                .execute(&mut *transaction)
                .await?;
        }
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn touch_login(&self, id: UserId, now: Timestamp, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query("update users set last_login_at = $2 where id = $1")
            .bind(id.uuid())
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn throttle(&self, key: &str, window: Timestamp) -> Result<i64> {
        let mut transaction = self.begin_hasty().await?;
        // A node whose clock is behind counts in the newer window rather than bringing the older one back,
        // which would let a guesser start anew.
        let tries = query_scalar(
            "insert into throttles (key, window_start, tries) values ($1, $2, 1)
             on conflict (key) do update set
                 tries = case when excluded.window_start > throttles.window_start then 1
                              else throttles.tries + 1 end,
                 window_start = case when excluded.window_start > throttles.window_start
                                     then excluded.window_start else throttles.window_start end
             returning tries",
        )
        .bind(clean(key))
        .bind(window.0)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(tries)
    }

    async fn forget_tries(&self, key: &str) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query("delete from throttles where key = $1").bind(clean(key)).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let value = query_scalar("select value from settings where name = $1")
            .bind(clean(name))
            .fetch_optional(&self.read)
            .await?;
        Ok(value)
    }

    async fn setting_or_insert(&self, name: &str, value: &[u8]) -> Result<Vec<u8>> {
        let name = clean(name);
        // Nearly always it is there. Asked of a connection that writes: at a start the one that reads is just being given back,
        // and asked for at once another one would be made, which takes longer than all else.
        let there = query_scalar("select value from settings where name = $1").bind(&*name);
        if let Some(there) = there.fetch_optional(&self.write).await? {
            return Ok(there);
        }
        let mut transaction = self.begin().await?;
        query("insert into settings (name, value) values ($1, $2) on conflict (name) do nothing")
            .bind(&*name)
            .bind(value)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.setting(&name).await?.ok_or(StoreError::NotFound)
    }
}
