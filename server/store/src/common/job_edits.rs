//! Jobs that were made from others.

use super::{Adapter, Database, LOCK, audit, insert, is_one_of, rows};
use crate::{AuditEntry, JobEdit, JobEditStore, Result, StoreError};
use async_trait::async_trait;
use domain::{
    id::{JobId, TenantId},
    job::{Job, JobState},
};
use sqlx::{QueryBuilder, query};

#[async_trait]
impl JobEditStore for Adapter {
    async fn add_edited(
        &self,
        scope: Option<TenantId>,
        origin: JobId,
        copy: &Job,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        // Locked, so that it cannot be put back in the queue meanwhile.
        let mut find = QueryBuilder::<Database>::new("select state from jobs where id = ");
        find.push_bind(origin.uuid());
        if let Some(tenant) = scope {
            find.push(" and tenant_id = ").push_bind(tenant.uuid());
        }
        find.push(LOCK);
        let found = find.build().fetch_one(&mut *transaction).await?;
        if !rows::parse::<JobState>(&found, "state")?.is_final() {
            return Err(StoreError::Conflict);
        }
        insert::jobs(&mut transaction, &[copy]).await?;
        query("insert into job_edits (job_id, origin_id) values ($1, $2)")
            .bind(copy.id.uuid())
            .bind(origin.uuid())
            .execute(&mut *transaction)
            .await?;
        audit::write(&mut transaction, audit).await?;
        Ok(transaction.commit().await?)
    }

    async fn edits_of(&self, jobs: &[JobId]) -> Result<Vec<JobEdit>> {
        // Two lists, each by its own index.
        let mut find = QueryBuilder::<Database>::new("select job_id, origin_id from job_edits where job_id");
        is_one_of(&mut find, jobs.iter().map(|id| id.uuid()));
        find.push(" union select job_id, origin_id from job_edits where origin_id");
        is_one_of(&mut find, jobs.iter().map(|id| id.uuid()));
        find.push(" order by job_id");
        rows::all(&find.build().fetch_all(&self.read).await?, |row| {
            Ok(JobEdit {
                job_id: JobId::new(rows::get(row, "job_id")?),
                origin_id: JobId::new(rows::get(row, "origin_id")?),
            })
        })
    }
}
