//! Schemas and mappings in versions, the catalogue of event types, and the jobs that wait for a schema.

use super::{
    Adapter, Connection, Row, along,
    audit::{self, end_change},
    rows,
};
use crate::{
    AuditEntry, Result, SAMPLES_KEPT, SchemaStore, Sighting, StoreError,
    text::{clean, clean_opt, to_json},
};
use async_trait::async_trait;
use domain::{
    id::{EventId, JobId, TenantId, VendorId},
    job::{Job, JobParams},
    schema::{EventTypeSeen, HELD_BY_SCHEMA, MappingVersion, SchemaUse, SchemaVersion, TypeKey},
    time::Timestamp,
};
use rows::job_columns;
use sqlx::{QueryBuilder, query, query_scalar};

fn key(row: &Row) -> Result<TypeKey> {
    Ok(TypeKey {
        vendor_id: rows::get(row, "vendor_id").map(VendorId::new)?,
        event_type: rows::get(row, "event_type")?,
    })
}

fn schema(row: &Row) -> Result<SchemaVersion> {
    Ok(SchemaVersion {
        of: key(row)?,
        version: rows::get(row, "version")?,
        text: rows::get(row, "text")?,
        origin: rows::parse(row, "origin")?,
        samples: rows::get(row, "samples")?,
        created_at: rows::time(row, "created_at")?,
        created_by: rows::get(row, "created_by")?,
    })
}

fn schema_use(row: &Row) -> Result<SchemaUse> {
    Ok(SchemaUse { of: key(row)?, version: rows::get(row, "version")?, mode: rows::parse(row, "mode")? })
}

fn mapping(row: &Row) -> Result<MappingVersion> {
    let from: String = rows::get(row, "from_version")?;
    Ok(MappingVersion {
        of: key(row)?,
        version: rows::get(row, "version")?,
        from_version: (!from.is_empty()).then_some(from),
        text: rows::get(row, "text")?,
        active: rows::get(row, "active")?,
        created_at: rows::time(row, "created_at")?,
        created_by: rows::get(row, "created_by")?,
    })
}

fn seen(row: &Row) -> Result<EventTypeSeen> {
    Ok(EventTypeSeen {
        tenant_id: rows::get(row, "tenant_id").map(TenantId::new)?,
        of: key(row)?,
        events: rows::get(row, "events")?,
        first_seen: rows::time(row, "first_seen")?,
        last_seen: rows::time(row, "last_seen")?,
        sample: rows::get(row, "sample_id").map(EventId::new)?,
        shape_hash: rows::get(row, "shape_hash")?,
        shape_since: rows::time_opt(row, "shape_since")?,
        good: rows::id_opt(row, "good_id", EventId::new)?,
        broken: rows::get(row, "broken")?,
        drift_since: rows::time_opt(row, "drift_since")?,
    })
}

/// The schemas that check something, with their use; part of the configuration.
pub(super) async fn in_use(connection: &mut Connection) -> Result<Vec<(SchemaUse, SchemaVersion)>> {
    let found = query(
        "select vendor_id, event_type, version, mode, text, origin, samples, created_at, created_by
         from event_schema_uses join event_schemas using (vendor_id, event_type, version)
         where mode <> 'off' order by vendor_id, event_type",
    )
    .fetch_all(connection)
    .await?;
    rows::all(&found, |row| Ok((schema_use(row)?, schema(row)?)))
}

/// The mappings in use; part of the configuration.
pub(super) async fn mappings_in_use(connection: &mut Connection) -> Result<Vec<MappingVersion>> {
    let found = query(
        "select vendor_id, event_type, version, from_version, text, active, created_at, created_by
         from event_mappings where active order by vendor_id, event_type, version",
    )
    .fetch_all(connection)
    .await?;
    rows::all(&found, mapping)
}

/// Forgets since when a type does not fit: what it must fit has changed.
async fn end_drift(connection: &mut Connection, of: &TypeKey) -> Result<()> {
    query("update event_types set drift_since = null where vendor_id = $1 and event_type = $2")
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .execute(connection)
        .await?;
    Ok(())
}

async fn set_use(connection: &mut Connection, used: &SchemaUse) -> Result<u64> {
    let set = query(
        "insert into event_schema_uses (vendor_id, event_type, version, mode)
         select vendor_id, event_type, version, $4 from event_schemas
         where vendor_id = $1 and event_type = $2 and version = $3
         on conflict (vendor_id, event_type)
         do update set version = excluded.version, mode = excluded.mode",
    )
    .bind(used.of.vendor_id.uuid())
    .bind(clean(&used.of.event_type))
    .bind(used.version)
    .bind(used.mode.as_str())
    .execute(&mut *connection)
    .await?;
    end_drift(connection, &used.of).await?;
    Ok(set.rows_affected())
}

/// Lets go of the mapping used for the same payloads.
async fn free_place(connection: &mut Connection, of: &TypeKey, from_version: &str) -> Result<()> {
    query(
        "update event_mappings set active = false
         where vendor_id = $1 and event_type = $2 and from_version = $3 and active",
    )
    .bind(of.vendor_id.uuid())
    .bind(clean(&of.event_type))
    .bind(from_version)
    .execute(connection)
    .await?;
    Ok(())
}

async fn sight(connection: &mut Connection, seen: &Sighting, most: i64) -> Result<bool> {
    let vendor = seen.of.vendor_id.uuid();
    let event_type = clean(&seen.of.event_type);
    let added = query(
        "insert into event_types (tenant_id, vendor_id, event_type, events, first_seen, last_seen, sample_id,
             shape_hash, shape_since, good_id, broken, drift_since)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
         where (select count(*) from event_types where vendor_id = $2) < $13
             or exists (select 1 from event_types where vendor_id = $2 and event_type = $3)
         on conflict (vendor_id, event_type) do update set
             events = event_types.events + excluded.events,
             first_seen = case when event_types.first_seen < excluded.first_seen
                 then event_types.first_seen else excluded.first_seen end,
             last_seen = case when event_types.last_seen > excluded.last_seen
                 then event_types.last_seen else excluded.last_seen end,
             sample_id = excluded.sample_id,
             shape_since = case when excluded.shape_hash is null or excluded.shape_hash = event_types.shape_hash
                 then event_types.shape_since else excluded.shape_since end,
             shape_hash = coalesce(excluded.shape_hash, event_types.shape_hash),
             good_id = coalesce(excluded.good_id, event_types.good_id),
             broken = event_types.broken + excluded.broken,
             drift_since = coalesce(event_types.drift_since, excluded.drift_since)",
    )
    .bind(seen.tenant_id.uuid())
    .bind(vendor)
    .bind(&event_type)
    .bind(seen.events)
    .bind(seen.first.0)
    .bind(seen.last.0)
    .bind(seen.sample.uuid())
    .bind(clean_opt(seen.shape_hash.as_ref()))
    .bind(seen.shape_hash.as_ref().map(|_| seen.last.0))
    .bind(seen.good.map(EventId::uuid))
    .bind(seen.broken)
    .bind(seen.first_broken.map(|at| at.0))
    .bind(most)
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() == 0 {
        return Ok(false);
    }
    for sample in &seen.samples {
        query(
            "insert into event_type_samples (vendor_id, event_type, event_id) values ($1, $2, $3)
             on conflict do nothing",
        )
        .bind(vendor)
        .bind(&event_type)
        .bind(sample.uuid())
        .execute(&mut *connection)
        .await?;
    }
    // Ids begin with their time, so the smallest are the oldest.
    query(
        "delete from event_type_samples where vendor_id = $1 and event_type = $2 and event_id <= (
             select event_id from event_type_samples where vendor_id = $1 and event_type = $2
             order by event_id desc limit 1 offset $3)",
    )
    .bind(vendor)
    .bind(&event_type)
    .bind(SAMPLES_KEPT)
    .execute(&mut *connection)
    .await?;
    Ok(true)
}

#[async_trait]
impl SchemaStore for Adapter {
    async fn add_schema(&self, schema: &SchemaVersion, used: &SchemaUse, audit: &AuditEntry) -> Result<i32> {
        let mut transaction = self.begin_change().await?;
        let newest: Option<i32> =
            query_scalar("select max(version) from event_schemas where vendor_id = $1 and event_type = $2")
                .bind(schema.of.vendor_id.uuid())
                .bind(clean(&schema.of.event_type))
                .fetch_one(&mut *transaction)
                .await?;
        let version = newest.unwrap_or(0) + 1;
        let added = query(
            "insert into event_schemas
                 (vendor_id, event_type, version, text, origin, samples, created_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(schema.of.vendor_id.uuid())
        .bind(clean(&schema.of.event_type))
        .bind(version)
        .bind(clean(&schema.text))
        .bind(schema.origin.as_str())
        .bind(schema.samples)
        .bind(schema.created_at.0)
        .bind(clean(&schema.created_by))
        .execute(&mut *transaction)
        .await?;
        set_use(&mut transaction, &SchemaUse { version, ..used.clone() }).await?;
        end_change(transaction, added.rows_affected(), audit).await?;
        Ok(version)
    }

    async fn use_schema(&self, used: &SchemaUse, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let set = set_use(&mut transaction, used).await?;
        end_change(transaction, set, audit).await
    }

    async fn schemas_of(&self, of: &TypeKey) -> Result<Vec<SchemaVersion>> {
        let found = query(
            "select vendor_id, event_type, version, text, origin, samples, created_at, created_by
             from event_schemas where vendor_id = $1 and event_type = $2 order by version desc",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, schema)
    }

    async fn schema_use(&self, of: &TypeKey) -> Result<Option<SchemaUse>> {
        let found = query(
            "select vendor_id, event_type, version, mode from event_schema_uses
             where vendor_id = $1 and event_type = $2",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .fetch_optional(&self.read)
        .await?;
        found.as_ref().map(schema_use).transpose()
    }

    async fn add_mapping(&self, mapping: &MappingVersion, audit: &AuditEntry) -> Result<i32> {
        let mut transaction = self.begin_change().await?;
        let newest: Option<i32> =
            query_scalar("select max(version) from event_mappings where vendor_id = $1 and event_type = $2")
                .bind(mapping.of.vendor_id.uuid())
                .bind(clean(&mapping.of.event_type))
                .fetch_one(&mut *transaction)
                .await?;
        let version = newest.unwrap_or(0) + 1;
        let from_version = clean_opt(mapping.from_version.as_ref()).unwrap_or_default();
        if mapping.active {
            free_place(&mut transaction, &mapping.of, &from_version).await?;
        }
        let added = query(
            "insert into event_mappings
                 (vendor_id, event_type, version, from_version, text, active, created_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(mapping.of.vendor_id.uuid())
        .bind(clean(&mapping.of.event_type))
        .bind(version)
        .bind(&*from_version)
        .bind(clean(&mapping.text))
        .bind(mapping.active)
        .bind(mapping.created_at.0)
        .bind(clean(&mapping.created_by))
        .execute(&mut *transaction)
        .await?;
        end_drift(&mut transaction, &mapping.of).await?;
        end_change(transaction, added.rows_affected(), audit).await?;
        Ok(version)
    }

    async fn use_mapping(&self, of: &TypeKey, version: i32, active: bool, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let from_version: Option<String> = query_scalar(
            "select from_version from event_mappings
             where vendor_id = $1 and event_type = $2 and version = $3",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .bind(version)
        .fetch_optional(&mut *transaction)
        .await?;
        let from_version = from_version.ok_or(StoreError::NotFound)?;
        if active {
            free_place(&mut transaction, of, &from_version).await?;
        }
        let changed = query(
            "update event_mappings set active = $4
             where vendor_id = $1 and event_type = $2 and version = $3",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .bind(version)
        .bind(active)
        .execute(&mut *transaction)
        .await?;
        end_drift(&mut transaction, of).await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn mappings_of(&self, of: &TypeKey) -> Result<Vec<MappingVersion>> {
        let found = query(
            "select vendor_id, event_type, version, from_version, text, active, created_at, created_by
             from event_mappings where vendor_id = $1 and event_type = $2 order by version desc",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, mapping)
    }

    async fn mapping(&self, of: &TypeKey, version: i32) -> Result<MappingVersion> {
        let found = query(
            "select vendor_id, event_type, version, from_version, text, active, created_at, created_by
             from event_mappings where vendor_id = $1 and event_type = $2 and version = $3",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .bind(version)
        .fetch_one(&self.read)
        .await?;
        mapping(&found)
    }

    async fn sight_types(&self, seen: &[Sighting], most: i64) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        for one in seen {
            sight(&mut transaction, one, most).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn event_types(
        &self,
        scope: Option<TenantId>,
        vendor: Option<VendorId>,
    ) -> Result<Vec<EventTypeSeen>> {
        let found = query(
            "select tenant_id, vendor_id, event_type, events, first_seen, last_seen, sample_id, shape_hash,
                 shape_since, good_id, broken, drift_since
             from event_types
             where ($1 is null or tenant_id = $1) and ($2 is null or vendor_id = $2)
             order by vendor_id, event_type",
        )
        .bind(scope.map(TenantId::uuid))
        .bind(vendor.map(VendorId::uuid))
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, seen)
    }

    async fn event_type(&self, of: &TypeKey) -> Result<EventTypeSeen> {
        let found = query(
            "select tenant_id, vendor_id, event_type, events, first_seen, last_seen, sample_id, shape_hash,
                 shape_since, good_id, broken, drift_since
             from event_types where vendor_id = $1 and event_type = $2",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .fetch_one(&self.read)
        .await?;
        seen(&found)
    }

    async fn samples_of(&self, of: &TypeKey, limit: i64) -> Result<Vec<EventId>> {
        let found = query(
            "select event_id from event_type_samples where vendor_id = $1 and event_type = $2
             order by event_id desc limit $3",
        )
        .bind(of.vendor_id.uuid())
        .bind(clean(&of.event_type))
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, |row| rows::get(row, "event_id").map(EventId::new))
    }

    async fn held_by_schema(
        &self,
        of: &TypeKey,
        after: Option<(Timestamp, JobId)>,
        limit: i64,
    ) -> Result<Vec<Job>> {
        let mut list = QueryBuilder::new(concat!("select ", job_columns!(), " from jobs"));
        along(&mut list, "jobs_held");
        list.push(" where state = 'held' and vendor_id = ").push_bind(of.vendor_id.uuid());
        list.push(" and reason like ").push_bind(format!("{HELD_BY_SCHEMA}%"));
        list.push(
            " and exists (select 1 from events where events.id = jobs.event_id and events.event_type = ",
        );
        list.push_bind(clean(&of.event_type)).push(")");
        if let Some((created_at, id)) = after {
            list.push(" and (created_at, id) > (")
                .push_bind(created_at.0)
                .push(", ")
                .push_bind(id.uuid())
                .push(")");
        }
        list.push(" order by created_at, id limit ").push_bind(limit);
        rows::all(&list.build().persistent(false).fetch_all(&self.read).await?, rows::job)
    }

    async fn release(&self, jobs: &[(JobId, JobParams)], now: Timestamp, audit: &AuditEntry) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let mut sorted: Vec<_> = jobs.iter().collect();
        // As everywhere: jobs are locked in the order of their ids.
        sorted.sort_by_key(|(id, _)| *id);
        let mut released = 0;
        for (id, params) in sorted {
            let changed = query(
                "update jobs set state = 'pending', next_run_at = $2, params = $3, reason = null, held_by = null,
                     updated_at = $2, gives_up_at = $4
                 where id = $1 and state = 'held'",
            )
            .bind(id.uuid())
            .bind(now.0)
            .bind(to_json(params)?)
            .bind(now.plus(params.gives_up_after()).0)
            .execute(&mut *transaction)
            .await?;
            released += changed.rows_affected();
        }
        if released == 0 {
            return Ok(0);
        }
        audit::write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(released)
    }
}
