//! Events as people see them: lists, the versions of one, and marks.

use super::{Adapter, CHECKED_EQUALS, Database, along, rows};
use crate::{EventListStore, Result, text::clean};
use async_trait::async_trait;
use domain::{
    event::{ByHand, Event, EventVersion},
    id::{EventId, TenantId, VendorId},
    place::{EventFilter, Place},
};
use rows::event_columns;
use sqlx::{QueryBuilder, query, query_scalar};
use uuid::Uuid;

const OF_TENANT: &str = "events_of_tenant";

/// The index that brings a list in its order and passes by the fewest events that are not in it.
fn index_of(scope: Option<TenantId>, filter: &EventFilter) -> &'static str {
    match filter {
        EventFilter { subject_id: Some(_), .. } => "events_of_subject",
        EventFilter { event_type: Some(_), .. } => "events_of_type",
        EventFilter { vendor_id: Some(_), .. } => "events_of_vendor",
        _ if scope.is_some() => OF_TENANT,
        _ => "events_newest",
    }
}

fn list(
    scope: Option<TenantId>,
    filter: &EventFilter,
    after: Option<Place>,
    limit: i64,
) -> QueryBuilder<Database> {
    let index = index_of(scope, filter);
    let mut list = QueryBuilder::new(concat!("select ", event_columns!(), " from events"));
    along(&mut list, index);
    list.push(" where true");
    let equals = |wanted: &str| if index == wanted { " = " } else { CHECKED_EQUALS };
    if let Some(tenant) = scope {
        list.push(" and tenant_id").push(equals(OF_TENANT)).push_bind(tenant.uuid());
    }
    if let Some(vendor) = filter.vendor_id {
        list.push(" and vendor_id").push(equals("events_of_vendor")).push_bind(vendor.uuid());
    }
    if let Some(kind) = &filter.event_type {
        list.push(" and event_type").push(equals("events_of_type")).push_bind(clean(kind).into_owned());
    }
    if let Some(subject) = &filter.subject_id {
        list.push(" and subject_id = ").push_bind(clean(subject).into_owned());
    }
    if let Some(since) = filter.since {
        list.push(" and received_at >= ").push_bind(since.0);
    }
    if let Some(until) = filter.until {
        list.push(" and received_at < ").push_bind(until.0);
    }
    if let Some(Place { at, id }) = after {
        list.push(" and (received_at, id) < (").push_bind(at.0).push(", ").push_bind(id).push(")");
    }
    list.push(" order by received_at desc, id desc limit ").push_bind(limit);
    list
}

#[async_trait]
impl EventListStore for Adapter {
    async fn events(
        &self,
        scope: Option<TenantId>,
        filter: &EventFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<Event>> {
        // Not kept prepared, for the reason given at the list of jobs.
        let found = list(scope, filter, after, limit).build().persistent(false).fetch_all(&self.read).await?;
        rows::all(&found, rows::event)
    }

    async fn event_in(&self, scope: Option<TenantId>, id: EventId) -> Result<Event> {
        let row = query(concat!(
            "select ",
            event_columns!(),
            " from events where id = $1 and ($2 is null or tenant_id = $2)"
        ))
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        rows::event(&row)
    }

    async fn event_versions(&self, event: &Event, limit: i64) -> Result<Vec<EventVersion>> {
        let found = query(
            "select id, received_at, event_type, body_len from events
             where vendor_id = $1 and external_id = $2
                 and not exists (select 1 from replayed_events where event_id = events.id)
             order by received_at, id limit $3",
        )
        .bind(event.vendor_id.uuid())
        .bind(clean(&event.external_id))
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::event_version)
    }

    async fn taken_by_hand(&self, id: EventId) -> Result<Option<ByHand>> {
        let row = query("select request_id, at, actor, reason from events_by_hand where event_id = $1")
            .bind(id.uuid())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(rows::by_hand).transpose()
    }

    async fn event_with_body(
        &self,
        vendor: VendorId,
        external_id: &str,
        body_hash: [u8; 32],
    ) -> Result<Option<EventId>> {
        let found: Option<Uuid> = query_scalar(
            "select id from events where vendor_id = $1 and external_id = $2 and body_hash = $3",
        )
        .bind(vendor.uuid())
        .bind(clean(external_id))
        .bind(body_hash.as_slice())
        .fetch_optional(&self.read)
        .await?;
        Ok(found.map(EventId::new))
    }
}
