//! What people configure. Every change counts up the version in its own transaction, before anything else:
//! the one row of that number is what makes changes wait for each other.

use super::{
    Adapter, Connection, Database, Transaction, audit::end_change, breakers, keys, rows, schemas, switches,
    work_limits,
};
use crate::{
    AuditEntry, ConfigRows, ConfigStore, Result, Sealed,
    text::{clean, clean_opt, to_json},
};
use async_trait::async_trait;
use domain::{
    destination::Destination,
    id::{DestinationId, ProviderId, RuleId, SecretId, VendorId},
    provider::Provider,
    rule::Rule,
    secret::{SecretInfo, SecretState},
    tenant::Tenant,
    time::Timestamp,
    vendor::Vendor,
};
use sqlx::{Executor, query, query_scalar};

/// A sealed value that may be missing.
fn sealed(row: &super::Row) -> Result<Option<Sealed>> {
    Ok(rows::get::<Option<Vec<u8>>>(row, "sealed")?.map(Sealed))
}

async fn version<'c>(executor: impl Executor<'c, Database = Database>) -> Result<i64> {
    Ok(query_scalar("select version from config_version").fetch_one(executor).await?)
}

async fn insert_secret(
    connection: &mut Connection,
    secret: &SecretInfo,
    version: i32,
    value: &Sealed,
) -> Result<()> {
    query(
        "insert into secrets (id, vendor_id, version, state, not_after, created_at, sealed)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(secret.id.uuid())
    .bind(secret.vendor_id.uuid())
    .bind(version)
    .bind(secret.state.as_str())
    .bind(secret.not_after.map(|at| at.0))
    .bind(secret.created_at.0)
    .bind(&value.0)
    .execute(connection)
    .await?;
    Ok(())
}

impl Adapter {
    /// Begins a change of the configuration.
    pub(super) async fn begin_change(&self) -> Result<Transaction> {
        let mut transaction = self.begin().await?;
        query("update config_version set version = version + 1").execute(&mut *transaction).await?;
        Ok(transaction)
    }
}

#[async_trait]
impl ConfigStore for Adapter {
    async fn config_version(&self) -> Result<i64> {
        version(&self.read).await
    }

    async fn load_config(&self) -> Result<ConfigRows> {
        let mut transaction = self.snapshot().await?;
        let connection = &mut *transaction;
        let version = version(&mut *connection).await?;
        let tenants = query("select id, slug, name, created_at from tenants order by slug")
            .fetch_all(&mut *connection)
            .await?;
        let vendors = query(
            "select id, tenant_id, slug, preset, options, enabled, max_body, policy, created_at from vendors
             order by tenant_id, slug",
        )
        .fetch_all(&mut *connection)
        .await?;
        let secrets = query(
            "select id, vendor_id, version, state, not_after, created_at, sealed from secrets
             where state <> 'revoked' order by vendor_id, version desc",
        )
        .fetch_all(&mut *connection)
        .await?;
        let providers = query(
            "select id, tenant_id, slug, kind, base_url, model, enabled, created_at, sealed from providers
             order by tenant_id, slug",
        )
        .fetch_all(&mut *connection)
        .await?;
        let destinations = query(
            "select id, tenant_id, slug, kind, url, user_name, auth, route, method, enabled, off_reason, created_at,
                 sealed
             from destinations order by tenant_id, slug",
        )
        .fetch_all(&mut *connection)
        .await?;
        let parts = query("select destination_id, part, not_after, sealed from destination_parts")
            .fetch_all(&mut *connection)
            .await?;
        let rules = query(
            "select id, tenant_id, vendor_id, pattern, job, provider_id, destination_id, params, enabled,
                 created_at
             from rules order by created_at, id",
        )
        .fetch_all(&mut *connection)
        .await?;
        let privacy = query("select tenant_id, encrypt, keep_days, sealed, shredded_at from tenant_privacy")
            .fetch_all(&mut *connection)
            .await?;
        // Read at the same instant, so that no value comes without its key.
        let data_keys = keys::read(&mut *connection).await?;
        let schemas = schemas::in_use(&mut *connection).await?;
        let mappings = schemas::mappings_in_use(&mut *connection).await?;
        let pauses = switches::pauses(&mut *connection).await?;
        let switched = switches::breakers(&mut *connection).await?;
        let thresholds = breakers::thresholds(&mut *connection).await?;
        let work_limits = work_limits::all(&mut *connection).await?;
        transaction.commit().await?;
        Ok(ConfigRows {
            version,
            data_keys,
            tenants: rows::all(&tenants, rows::tenant)?,
            vendors: rows::all(&vendors, rows::vendor)?,
            secrets: rows::all(&secrets, |row| Ok((rows::secret(row)?, Sealed(rows::get(row, "sealed")?))))?,
            providers: rows::all(&providers, |row| Ok((rows::provider(row)?, sealed(row)?)))?,
            destinations: rows::all(&destinations, |row| Ok((rows::destination(row)?, sealed(row)?)))?,
            destination_parts: rows::all(&parts, rows::sealed_part)?,
            rules: rows::all(&rules, rows::rule)?,
            privacy: rows::all(&privacy, |row| Ok((rows::tenant_privacy(row)?, sealed(row)?)))?,
            schemas,
            mappings,
            pauses,
            breakers: switched,
            thresholds,
            work_limits,
        })
    }

    async fn add_tenant(&self, tenant: &Tenant, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let added = query("insert into tenants (id, slug, name, created_at) values ($1, $2, $3, $4)")
            .bind(tenant.id.uuid())
            .bind(tenant.slug.as_str())
            .bind(clean(&tenant.name))
            .bind(tenant.created_at.0)
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn add_vendor(
        &self,
        vendor: &Vendor,
        secret: Option<(&SecretInfo, &Sealed)>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let added = query(
            "insert into vendors (id, tenant_id, slug, preset, options, enabled, max_body, policy, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(vendor.id.uuid())
        .bind(vendor.tenant_id.uuid())
        .bind(vendor.slug.as_str())
        .bind(clean(&vendor.preset))
        .bind(to_json(&vendor.options)?)
        .bind(vendor.enabled)
        .bind(vendor.max_body.map(i64::from))
        .bind(to_json(&vendor.policy)?)
        .bind(vendor.created_at.0)
        .execute(&mut *transaction)
        .await?;
        if let Some((secret, value)) = secret {
            insert_secret(&mut transaction, secret, secret.version, value).await?;
        }
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn set_vendor_enabled(&self, vendor: VendorId, enabled: bool, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query("update vendors set enabled = $2 where id = $1")
            .bind(vendor.uuid())
            .bind(enabled)
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn secrets_of(&self, vendor: VendorId) -> Result<Vec<SecretInfo>> {
        let found = query(
            "select id, vendor_id, version, state, not_after, created_at from secrets
             where vendor_id = $1 order by version desc",
        )
        .bind(vendor.uuid())
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::secret)
    }

    async fn secret_values_of(&self, vendor: VendorId) -> Result<Vec<(SecretInfo, Sealed)>> {
        let found = query(
            "select id, vendor_id, version, state, not_after, created_at, sealed from secrets
             where vendor_id = $1 order by version desc",
        )
        .bind(vendor.uuid())
        .fetch_all(&self.read)
        .await?;
        found.iter().map(|row| Ok((rows::secret(row)?, Sealed(rows::get(row, "sealed")?)))).collect()
    }

    async fn rotate_secret(
        &self,
        secret: &SecretInfo,
        value: &Sealed,
        old_until: Timestamp,
        audit: &AuditEntry,
    ) -> Result<i32> {
        let mut transaction = self.begin_change().await?;
        let newest: Option<i32> = query_scalar("select max(version) from secrets where vendor_id = $1")
            .bind(secret.vendor_id.uuid())
            .fetch_one(&mut *transaction)
            .await?;
        let version = newest.unwrap_or(0) + 1;
        query(
            "update secrets set state = 'retiring', not_after = $2
             where vendor_id = $1 and state = 'active'",
        )
        .bind(secret.vendor_id.uuid())
        .bind(old_until.0)
        .execute(&mut *transaction)
        .await?;
        let next = SecretInfo { state: SecretState::Active, not_after: None, ..secret.clone() };
        insert_secret(&mut transaction, &next, version, value).await?;
        end_change(transaction, 1, audit).await?;
        Ok(version)
    }

    async fn set_secret_state(
        &self,
        secret: SecretId,
        state: SecretState,
        not_after: Option<Timestamp>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let changed = query("update secrets set state = $2, not_after = $3 where id = $1")
            .bind(secret.uuid())
            .bind(state.as_str())
            .bind(not_after.map(|at| at.0))
            .execute(&mut *transaction)
            .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn add_provider(
        &self,
        provider: &Provider,
        key: Option<&Sealed>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let added = query(
            "insert into providers
                 (id, tenant_id, slug, kind, base_url, model, enabled, created_at, sealed)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(provider.id.uuid())
        .bind(provider.tenant_id.uuid())
        .bind(provider.slug.as_str())
        .bind(provider.kind.as_str())
        .bind(clean_opt(provider.base_url.as_ref()))
        .bind(clean(&provider.model))
        .bind(provider.enabled)
        .bind(provider.created_at.0)
        .bind(key.map(|key| &*key.0))
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn add_destination(
        &self,
        destination: &Destination,
        secret: Option<&Sealed>,
        headers: Option<&Sealed>,
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let added = query(
            "insert into destinations
                 (id, tenant_id, slug, kind, url, user_name, auth, route, method, enabled, created_at, sealed)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(destination.id.uuid())
        .bind(destination.tenant_id.uuid())
        .bind(destination.slug.as_str())
        .bind(destination.kind.as_str())
        .bind(clean(&destination.url))
        .bind(clean_opt(destination.user.as_ref()))
        .bind(destination.auth.as_str())
        .bind(destination.route.as_str())
        .bind(destination.method.as_str())
        .bind(destination.enabled)
        .bind(destination.created_at.0)
        .bind(secret.map(|secret| &*secret.0))
        .execute(&mut *transaction)
        .await?;
        if let Some(headers) = headers {
            query(
                "insert into destination_parts (destination_id, part, not_after, created_at, sealed)
                 values ($1, 'headers', null, $2, $3)",
            )
            .bind(destination.id.uuid())
            .bind(destination.created_at.0)
            .bind(&*headers.0)
            .execute(&mut *transaction)
            .await?;
        }
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn add_rule(&self, rule: &Rule, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let added = query(
            "insert into rules
                 (id, tenant_id, vendor_id, pattern, job, provider_id, destination_id, params, enabled,
                  created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(rule.id.uuid())
        .bind(rule.tenant_id.uuid())
        .bind(rule.vendor_id.uuid())
        .bind(clean(&rule.pattern))
        .bind(rule.job.as_str())
        .bind(rule.provider_id.map(ProviderId::uuid))
        .bind(rule.destination_id.map(DestinationId::uuid))
        .bind(to_json(&rule.params)?)
        .bind(rule.enabled)
        .bind(rule.created_at.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, added.rows_affected(), audit).await
    }

    async fn remove_rule(&self, rule: RuleId, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let removed =
            query("delete from rules where id = $1").bind(rule.uuid()).execute(&mut *transaction).await?;
        end_change(transaction, removed.rows_affected(), audit).await
    }
}
