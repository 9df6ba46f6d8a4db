//! Events in the order they came.

use super::{Adapter, CHECKED_EQUALS, Connection, Database, along, fits, is_one_of, rows};
use crate::{ArchiveStore, ArchivedEvent, Result, StoreError, StoredPayload, text::clean};
use async_trait::async_trait;
use domain::{
    event::Event,
    id::{EventId, TenantId, VendorId},
    replay::ReplayLink,
    selection::{EventCursor, Selection},
};
use rows::event_columns;
use sqlx::{QueryBuilder, query};
use std::collections::HashMap;
use uuid::Uuid;

/// Goes on with ` from events where …`: the events that are meant, along the index that brings them in order.
fn narrow(statement: &mut QueryBuilder<Database>, scope: Option<TenantId>, filter: &Selection) {
    statement.push(" from events");
    match (filter.id, scope) {
        // The primary key finds it.
        (Some(_), _) => {}
        (None, Some(_)) => along(statement, "events_of_tenant"),
        (None, None) => along(statement, "events_newest"),
    }
    statement.push(" where true");
    if let Some(tenant) = scope {
        statement.push(" and tenant_id = ").push_bind(tenant.uuid());
    }
    if let Some(id) = filter.id {
        statement.push(" and id = ").push_bind(id.uuid());
    }
    if let Some(vendor) = filter.vendor_id {
        statement.push(" and vendor_id").push(CHECKED_EQUALS).push_bind(vendor.uuid());
    }
    if let Some(pattern) = &filter.event_type {
        fits(statement, "event_type", pattern);
    }
    if let Some(subject) = &filter.subject_id {
        statement.push(" and subject_id = ").push_bind(clean(subject).into_owned());
    }
    if let Some(since) = filter.since {
        statement.push(" and received_at >= ").push_bind(since.0);
    }
    if let Some(until) = filter.until {
        statement.push(" and received_at < ").push_bind(until.0);
    }
    if filter.originals {
        statement.push(" and not exists (select 1 from replayed_events where event_id = events.id)");
    }
}

fn beyond(statement: &mut QueryBuilder<Database>, after: Option<EventCursor>) {
    if let Some(EventCursor { received_at, id }) = after {
        statement
            .push(" and (received_at, id) > (")
            .push_bind(received_at.0)
            .push(", ")
            .push_bind(id.uuid())
            .push(")");
    }
}

fn body_hash(row: &super::Row) -> Result<[u8; 32]> {
    let bytes: Vec<u8> = rows::get(row, "body_hash")?;
    bytes.try_into().map_err(|_| StoreError::Corrupt("body_hash: not 32 bytes".to_owned()))
}

/// Notes that events are copies; what is noted already stays.
pub(super) async fn link(connection: &mut Connection, links: &[ReplayLink]) -> Result<()> {
    // A few at a time, so that both databases take them in one statement.
    for piece in links.chunks(1_000) {
        let mut insert =
            QueryBuilder::<Database>::new("insert into replayed_events (event_id, origin_id, replay_id) ");
        insert.push_values(piece, |mut row, link| {
            row.push_bind(link.event_id.uuid())
                .push_bind(link.origin_id.uuid())
                .push_bind(link.replay_id.uuid());
        });
        insert.push(" on conflict (event_id) do nothing");
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

#[async_trait]
impl ArchiveStore for Adapter {
    async fn archived_events(
        &self,
        scope: Option<TenantId>,
        filter: &Selection,
        after: Option<EventCursor>,
        limit: i64,
    ) -> Result<Vec<ArchivedEvent>> {
        let mut list = QueryBuilder::new(concat!("select ", event_columns!(), ", body_hash"));
        narrow(&mut list, scope, filter);
        beyond(&mut list, after);
        list.push(" order by received_at, id limit ").push_bind(limit);
        let found = list.build().persistent(false).fetch_all(&self.read).await?;
        let ids = found.iter().map(|row| rows::get(row, "id")).collect::<Result<Vec<Uuid>>>()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut bytes =
            QueryBuilder::new("select event_id, headers, body, sealed from event_payloads where event_id");
        is_one_of(&mut bytes, ids.iter().copied());
        let mut payloads: HashMap<Uuid, StoredPayload> = HashMap::with_capacity(ids.len());
        for row in bytes.build().fetch_all(&self.read).await? {
            payloads.insert(rows::get(&row, "event_id")?, rows::event_payload(&row)?);
        }
        let events: Vec<EventId> = ids.into_iter().map(EventId::new).collect();
        let links = self.origins_of(&events).await?;
        let links: HashMap<EventId, ReplayLink> =
            links.into_iter().map(|link| (link.event_id, link)).collect();
        found
            .iter()
            .map(|row| {
                let event = rows::event(row)?;
                Ok(ArchivedEvent {
                    body_hash: body_hash(row)?,
                    payload: payloads.remove(&event.id.uuid()),
                    copy: links.get(&event.id).copied(),
                    event,
                })
            })
            .collect()
    }

    async fn newest_event(&self, tenant: TenantId, vendor: VendorId) -> Result<Option<Event>> {
        let of_vendor = Selection { vendor_id: Some(vendor), ..Selection::default() };
        let mut newest = QueryBuilder::new(concat!("select ", event_columns!()));
        narrow(&mut newest, Some(tenant), &of_vendor);
        newest.push(" order by received_at desc, id desc limit 1");
        let row = newest.build().persistent(false).fetch_optional(&self.read).await?;
        row.as_ref().map(rows::event).transpose()
    }

    async fn count_events(&self, scope: Option<TenantId>, filter: &Selection) -> Result<i64> {
        let mut count = QueryBuilder::<Database>::new("select count(*)");
        narrow(&mut count, scope, filter);
        Ok(count.build_query_scalar().persistent(false).fetch_one(&self.read).await?)
    }

    async fn known_events(&self, ids: &[EventId]) -> Result<Vec<EventId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = QueryBuilder::<Database>::new("select id from events where id");
        is_one_of(&mut known, ids.iter().map(|id| id.uuid()));
        let known: Vec<Uuid> = known.build_query_scalar().fetch_all(&self.read).await?;
        Ok(known.into_iter().map(EventId::new).collect())
    }

    async fn origins_of(&self, events: &[EventId]) -> Result<Vec<ReplayLink>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let mut links = QueryBuilder::<Database>::new(
            "select event_id, origin_id, replay_id from replayed_events where event_id",
        );
        is_one_of(&mut links, events.iter().map(|id| id.uuid()));
        rows::all(&links.build().fetch_all(&self.read).await?, rows::replay_link)
    }

    async fn copies_of(&self, origin: EventId, limit: i64) -> Result<Vec<ReplayLink>> {
        let found = query(
            "select event_id, origin_id, replay_id from replayed_events where origin_id = $1
             order by event_id limit $2",
        )
        .bind(origin.uuid())
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::replay_link)
    }

    async fn link_copies(&self, links: &[ReplayLink]) -> Result<()> {
        let mut transaction = self.begin().await?;
        link(&mut transaction, links).await?;
        Ok(transaction.commit().await?)
    }
}
