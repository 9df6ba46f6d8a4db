//! Data keys and the replacement of the master key.

use super::{Adapter, Connection, Row, audit::end_change, rows};
use crate::{
    AuditEntry, DataKey, KeyRotation, KeyStore, Place, Result, SENDER_LINK_KEY, Sealed, SealedValue,
    StoreError, TOKEN_KEY,
};
use async_trait::async_trait;
use domain::{
    destination::DestinationPart,
    id::{DestinationId, OfferId, ProviderId, RequestId, SecretId, TenantId, VendorId},
    time::Timestamp,
};
use sqlx::{query, query_scalar};
use uuid::Uuid;

async fn insert_key(connection: &mut Connection, key: &DataKey) -> Result<()> {
    query("insert into data_keys (id, created_at) values ($1, $2)")
        .bind(key.id)
        .bind(key.created_at.0)
        .execute(&mut *connection)
        .await?;
    for (master, wrapped) in &key.wraps {
        insert_wrap(connection, key.id, master, wrapped).await?;
    }
    Ok(())
}

async fn insert_wrap(connection: &mut Connection, key: Uuid, master: &[u8], wrapped: &[u8]) -> Result<()> {
    query("insert into data_key_wraps (data_key_id, master_id, wrapped) values ($1, $2, $3)")
        .bind(key)
        .bind(master)
        .bind(wrapped)
        .execute(connection)
        .await?;
    Ok(())
}

/// All data keys, oldest first, as seen by this connection.
pub(super) async fn read(connection: &mut Connection) -> Result<Vec<DataKey>> {
    let found = query("select id, created_at from data_keys order by created_at, id")
        .fetch_all(&mut *connection)
        .await?;
    let mut keys = rows::all(&found, |row| {
        Ok(DataKey {
            id: rows::get(row, "id")?,
            created_at: rows::time(row, "created_at")?,
            wraps: Vec::new(),
        })
    })?;
    let wraps = query("select data_key_id, master_id, wrapped from data_key_wraps order by master_id")
        .fetch_all(&mut *connection)
        .await?;
    for row in &wraps {
        let id: Uuid = rows::get(row, "data_key_id")?;
        if let Some(key) = keys.iter_mut().find(|key| key.id == id) {
            key.wraps.push((rows::get(row, "master_id")?, rows::get(row, "wrapped")?));
        }
    }
    Ok(keys)
}

/// Pages of refused requests are no longer than this: one may be megabytes.
const CAPTURES: i64 = 8;

/// The statements that look for values of each place by their first bytes, in the order of their places. `sealed` is
/// null where nothing is stored.
const OTHERWISE: [&str; 9] = [
    "select id, vendor_id, sealed from secrets
     where substr(sealed, 1, $1) <> $2 and id > $3 order by id limit $4",
    "select id, sealed from providers where substr(sealed, 1, $1) <> $2 and id > $3 order by id limit $4",
    "select id, sealed from destinations where substr(sealed, 1, $1) <> $2 and id > $3 order by id limit $4",
    "select tenant_id as id, sealed from tenant_privacy
     where substr(sealed, 1, $1) <> $2 and tenant_id > $3 order by tenant_id limit $4",
    "select id, vendor_id, sealed from offered_secrets
     where substr(sealed, 1, $1) <> $2 and id > $3 order by id limit $4",
    "select request_id as id, sealed from refused_captures
     where substr(sealed, 1, $1) <> $2 and request_id > $3 order by request_id limit $4",
    "select destination_id as id, part, sealed from destination_parts
     where part = 'headers' and substr(sealed, 1, $1) <> $2 and destination_id > $3
     order by destination_id limit $4",
    "select destination_id as id, part, sealed from destination_parts
     where part = 'retiring' and substr(sealed, 1, $1) <> $2 and destination_id > $3
     order by destination_id limit $4",
    "select id, sealed from token_keys where substr(sealed, 1, $1) <> $2 and id > $3 order by id limit $4",
];
const AT_CAPTURES: usize = 5;
const AT_TOKEN_KEYS: usize = 8;
/// The values that have no id, in the order of their places: after all others.
const SETTINGS: [(&str, Place); 2] =
    [(SENDER_LINK_KEY, Place::SenderLinkKey), (TOKEN_KEY, Place::FirstTokenKey)];
const SETTING_OTHERWISE: &str =
    "select value as sealed from settings where name = $3 and substr(value, 1, $1) <> $2";

fn value(at: usize, row: &Row) -> Result<SealedValue> {
    let id: Uuid = rows::get(row, "id")?;
    let place = match at {
        0 => Place::Secret(SecretId::new(id), VendorId::new(rows::get(row, "vendor_id")?)),
        1 => Place::Provider(ProviderId::new(id)),
        2 => Place::Destination(DestinationId::new(id)),
        3 => Place::Tenant(TenantId::new(id)),
        4 => Place::Offer(OfferId::new(id), VendorId::new(rows::get(row, "vendor_id")?)),
        AT_CAPTURES => Place::Capture(RequestId::new(id)),
        AT_TOKEN_KEYS => Place::TokenKey(id),
        _ => Place::Part(DestinationId::new(id), rows::parse(row, "part")?),
    };
    Ok(SealedValue { place, sealed: Sealed(rows::get(row, "sealed")?) })
}

/// Where a place is in the order: which statement finds it, and after which id the next one begins.
fn position(place: Place) -> (usize, Uuid) {
    match place {
        Place::Secret(id, _) => (0, id.uuid()),
        Place::Provider(id) => (1, id.uuid()),
        Place::Destination(id) => (2, id.uuid()),
        Place::Tenant(id) => (3, id.uuid()),
        Place::Offer(id, _) => (4, id.uuid()),
        Place::Capture(id) => (AT_CAPTURES, id.uuid()),
        Place::Part(id, DestinationPart::Headers) => (6, id.uuid()),
        Place::Part(id, DestinationPart::Retiring) => (7, id.uuid()),
        Place::SenderLinkKey => (OTHERWISE.len() + 1, Uuid::nil()),
        Place::FirstTokenKey => (OTHERWISE.len() + 2, Uuid::nil()),
        Place::TokenKey(id) => (AT_TOKEN_KEYS, id),
    }
}

fn length(head: &[u8]) -> i32 {
    i32::try_from(head.len()).unwrap_or(i32::MAX)
}

#[async_trait]
impl KeyStore for Adapter {
    async fn data_keys(&self) -> Result<Vec<DataKey>> {
        let mut transaction = self.snapshot().await?;
        let keys = read(&mut transaction).await?;
        transaction.commit().await?;
        Ok(keys)
    }

    async fn add_first_data_key(&self, key: &DataKey) -> Result<bool> {
        // A change of the configuration: of two nodes that start at once, one waits for the other.
        let mut transaction = self.begin_change().await?;
        if query("select 1 from data_keys limit 1").fetch_optional(&mut *transaction).await?.is_some() {
            return Ok(false);
        }
        insert_key(&mut transaction, key).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn begin_key_rotation(
        &self,
        rotation: &KeyRotation,
        key: &DataKey,
        wraps: &[(Uuid, Vec<u8>)],
        audit: &AuditEntry,
    ) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let under_way = query("select 1 from key_rotation where finished_at is null")
            .fetch_optional(&mut *transaction)
            .await?;
        if under_way.is_some() {
            return Err(StoreError::Conflict);
        }
        insert_key(&mut transaction, key).await?;
        for (id, wrapped) in wraps {
            insert_wrap(&mut transaction, *id, &rotation.to_master, wrapped).await?;
        }
        query(
            "insert into key_rotation
                 (only_row, from_master, to_master, data_key_id, started_at, resealed, finished_at)
             values (1, $1, $2, $3, $4, 0, null)
             on conflict (only_row) do update set
                 from_master = excluded.from_master, to_master = excluded.to_master,
                 data_key_id = excluded.data_key_id, started_at = excluded.started_at, resealed = 0,
                 finished_at = null",
        )
        .bind(&rotation.from_master)
        .bind(&rotation.to_master)
        .bind(rotation.data_key_id)
        .bind(rotation.started_at.0)
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, 1, audit).await
    }

    async fn key_rotation(&self) -> Result<Option<KeyRotation>> {
        let found = query(
            "select from_master, to_master, data_key_id, started_at, resealed, finished_at from key_rotation",
        )
        .fetch_optional(&self.read)
        .await?;
        let read = |row: &Row| {
            Ok(KeyRotation {
                from_master: rows::get(row, "from_master")?,
                to_master: rows::get(row, "to_master")?,
                data_key_id: rows::get(row, "data_key_id")?,
                started_at: rows::time(row, "started_at")?,
                resealed: rows::get(row, "resealed")?,
                finished_at: rows::get::<Option<i64>>(row, "finished_at")?.map(Timestamp),
            })
        };
        found.as_ref().map(read).transpose()
    }

    async fn sealed_otherwise(
        &self,
        head: &[u8],
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<SealedValue>> {
        let (first, after) = after.map_or((0, Uuid::nil()), position);
        for (at, statement) in OTHERWISE.into_iter().enumerate().skip(first) {
            let found = query(statement)
                .bind(length(head))
                .bind(head)
                .bind(if at == first { after } else { Uuid::nil() })
                .bind(if at == AT_CAPTURES { limit.min(CAPTURES) } else { limit })
                .fetch_all(&self.read)
                .await?;
            if !found.is_empty() {
                return found.iter().map(|row| value(at, row)).collect();
            }
        }
        for (name, place) in SETTINGS.into_iter().skip(first.saturating_sub(OTHERWISE.len())) {
            let found: Option<Vec<u8>> = query_scalar(SETTING_OTHERWISE)
                .bind(length(head))
                .bind(head)
                .bind(name)
                .fetch_optional(&self.read)
                .await?;
            if let Some(sealed) = found {
                return Ok(vec![SealedValue { place, sealed: Sealed(sealed) }]);
            }
        }
        Ok(Vec::new())
    }

    async fn count_sealed_otherwise(&self, head: &[u8]) -> Result<i64> {
        let count = query_scalar(
            "select (select count(*) from secrets where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from providers where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from destinations where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from tenant_privacy where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from offered_secrets where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from refused_captures where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from destination_parts where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from token_keys where substr(sealed, 1, $1) <> $2)
                  + (select count(*) from settings where name in ($3, $4) and substr(value, 1, $1) <> $2)",
        );
        let count = count.bind(length(head)).bind(head).bind(SENDER_LINK_KEY).bind(TOKEN_KEY);
        Ok(count.fetch_one(&self.read).await?)
    }

    async fn reseal(&self, values: &[(SealedValue, Sealed)]) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let mut replaced = 0;
        for (old, new) in values {
            let (statement, id) = match old.place {
                Place::Secret(id, _) => {
                    ("update secrets set sealed = $1 where id = $2 and sealed = $3", id.uuid())
                }
                Place::Provider(id) => {
                    ("update providers set sealed = $1 where id = $2 and sealed = $3", id.uuid())
                }
                Place::Destination(id) => {
                    ("update destinations set sealed = $1 where id = $2 and sealed = $3", id.uuid())
                }
                Place::Tenant(id) => {
                    ("update tenant_privacy set sealed = $1 where tenant_id = $2 and sealed = $3", id.uuid())
                }
                Place::Offer(id, _) => {
                    ("update offered_secrets set sealed = $1 where id = $2 and sealed = $3", id.uuid())
                }
                Place::Capture(id) => (
                    "update refused_captures set sealed = $1 where request_id = $2 and sealed = $3",
                    id.uuid(),
                ),
                Place::TokenKey(id) => {
                    ("update token_keys set sealed = $1 where id = $2 and sealed = $3", id)
                }
                Place::SenderLinkKey | Place::FirstTokenKey => {
                    ("update settings set value = $1 where name = $2 and value = $3", Uuid::nil())
                }
                Place::Part(id, DestinationPart::Headers) => (
                    "update destination_parts set sealed = $1
                     where destination_id = $2 and sealed = $3 and part = 'headers'",
                    id.uuid(),
                ),
                Place::Part(id, DestinationPart::Retiring) => (
                    "update destination_parts set sealed = $1
                     where destination_id = $2 and sealed = $3 and part = 'retiring'",
                    id.uuid(),
                ),
            };
            let changed = query(statement).bind(&*new.0);
            let changed = match old.place {
                Place::SenderLinkKey => changed.bind(SENDER_LINK_KEY),
                Place::FirstTokenKey => changed.bind(TOKEN_KEY),
                _ => changed.bind(id),
            };
            let changed = changed.bind(&*old.sealed.0).execute(&mut *transaction).await?;
            replaced += i64::try_from(changed.rows_affected()).unwrap_or(0);
        }
        query("update key_rotation set resealed = resealed + $1 where finished_at is null")
            .bind(replaced)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(replaced)
    }

    async fn finish_key_rotation(&self, now: Timestamp, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin_change().await?;
        let finished = query("update key_rotation set finished_at = $1 where finished_at is null")
            .bind(now.0)
            .execute(&mut *transaction)
            .await?;
        if finished.rows_affected() == 1 {
            query("delete from data_key_wraps where master_id <> (select to_master from key_rotation)")
                .execute(&mut *transaction)
                .await?;
        }
        end_change(transaction, finished.rows_affected(), audit).await
    }
}
