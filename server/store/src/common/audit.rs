//! The audit log.

use super::{Adapter, Connection, Database, Transaction, news, rows};
use crate::{AuditEntry, AuditStore, Result, StoreError, text::clean};
use async_trait::async_trait;
use domain::{
    audit::{AuditCursor, AuditFilter},
    id::TenantId,
    time::Timestamp,
};
use sqlx::{QueryBuilder, query};

/// Adds an entry, in the transaction of the change it tells of. What is news waits to be told from then on.
pub(super) async fn write(connection: &mut Connection, entry: &AuditEntry) -> Result<()> {
    query(
        "insert into audit_log (id, at, tenant_id, actor, action, target, detail)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.id)
    .bind(entry.at.0)
    .bind(entry.tenant_id.map(TenantId::uuid))
    .bind(clean(&entry.actor))
    .bind(clean(&entry.action))
    .bind(clean(&entry.target))
    .bind(clean(&entry.detail))
    .execute(&mut *connection)
    .await?;
    news::wait(connection, entry).await
}

/// Ends a change with the entry that tells of it; one that changed no row is undone as `NotFound`.
pub(super) async fn end_change(mut transaction: Transaction, changed: u64, entry: &AuditEntry) -> Result<()> {
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    write(&mut transaction, entry).await?;
    Ok(transaction.commit().await?)
}

#[async_trait]
impl AuditStore for Adapter {
    async fn note(&self, entry: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        write(&mut transaction, entry).await?;
        Ok(transaction.commit().await?)
    }

    async fn audit_log(
        &self,
        scope: Option<TenantId>,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        // Two statements, because one with `$1 is null or …` could use neither index.
        let query = match scope {
            None => query(
                "select id, at, tenant_id, actor, action, target, detail from audit_log
                 where at < $1 order by at desc, id desc limit $2",
            ),
            Some(_) => query(
                "select id, at, tenant_id, actor, action, target, detail from audit_log
                 where at < $1 and tenant_id = $3 order by at desc, id desc limit $2",
            ),
        };
        let query = query.bind(before.0).bind(limit);
        let query = match scope {
            None => query,
            Some(tenant) => query.bind(tenant.uuid()),
        };
        rows::all(&query.fetch_all(&self.read).await?, rows::audit_entry)
    }

    async fn audit_page(
        &self,
        scope: Option<TenantId>,
        filter: &AuditFilter,
        after: Option<AuditCursor>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let mut list = QueryBuilder::<Database>::new(
            "select id, at, tenant_id, actor, action, target, detail from audit_log where 1 = 1",
        );
        if let Some(tenant) = scope {
            list.push(" and tenant_id = ").push_bind(tenant.uuid());
        }
        if let Some(actor) = &filter.actor {
            list.push(" and actor = ").push_bind(clean(actor));
        }
        match filter.action.as_deref().map(clean) {
            Some(action) if action.contains('.') => {
                list.push(" and action = ").push_bind(action);
            }
            Some(kind) => {
                let begin = format!("{kind}.");
                let length = i32::try_from(begin.chars().count()).unwrap_or(i32::MAX);
                list.push(" and substr(action, 1, ").push_bind(length).push(") = ").push_bind(begin);
            }
            None => {}
        }
        if let Some(target) = &filter.target {
            list.push(" and target = ").push_bind(clean(target));
        }
        if let Some(AuditCursor { at, id }) = after {
            list.push(" and (at, id) < (").push_bind(at.0).push(", ").push_bind(id).push(")");
        }
        list.push(" order by at desc, id desc limit ").push_bind(limit);
        rows::all(&list.build().fetch_all(&self.read).await?, rows::audit_entry)
    }

    async fn add_audit_entry(&self, entry: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        write(&mut transaction, entry).await?;
        Ok(transaction.commit().await?)
    }
}
