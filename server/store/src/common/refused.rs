//! Refused requests. Kept in a hasty transaction: losing the last of them to a power cut costs an explanation, not
//! an event.

use super::{
    Adapter, CHECKED_EQUALS, Database, along,
    audit::{self, end_change},
    events, insert, rows,
};
use crate::{
    AuditEntry, NewEvent, NewRefused, Recorded, RefusedBounds, RefusedStore, Result, Sealed, StoreError,
    text::clean,
};
use async_trait::async_trait;
use domain::{
    id::{EventId, RequestId, TenantId, VendorId},
    place::{Place, RefusedFilter},
    refusal::{Acceptance, ReasonCount, Recheck, RefusedRequest},
};
use rows::refused_columns;
use sqlx::{QueryBuilder, query, query_scalar};
use std::collections::BTreeSet;
use uuid::Uuid;

const OF_VENDOR: &str = "refused_requests_of_vendor";
const OF_TENANT: &str = "refused_requests_of_tenant";
const NEWEST: &str = "refused_requests_newest";

fn list(
    scope: Option<TenantId>,
    filter: &RefusedFilter,
    after: Option<Place>,
    limit: i64,
) -> QueryBuilder<Database> {
    let index = match (filter.vendor_id, scope) {
        (Some(_), _) => OF_VENDOR,
        (None, Some(_)) => OF_TENANT,
        (None, None) => NEWEST,
    };
    let mut list = QueryBuilder::new(concat!("select ", refused_columns!(), " from refused_requests"));
    along(&mut list, index);
    list.push(" where true");
    if let Some(tenant) = scope {
        list.push(" and tenant_id").push(if index == OF_TENANT { " = " } else { CHECKED_EQUALS });
        list.push_bind(tenant.uuid());
    }
    if let Some(vendor) = filter.vendor_id {
        list.push(" and vendor_id = ").push_bind(vendor.uuid());
    }
    if let Some(reason) = &filter.reason {
        list.push(" and reason = ").push_bind(clean(reason).into_owned());
    }
    if let Some(Place { at, id }) = after {
        list.push(" and (received_at, id) < (").push_bind(at.0).push(", ").push_bind(id).push(")");
    }
    list.push(" order by received_at desc, id desc limit ").push_bind(limit);
    list
}

#[async_trait]
impl RefusedStore for Adapter {
    async fn record_refused(&self, batch: &[NewRefused], keep: RefusedBounds) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        insert::refused_requests(&mut transaction, batch).await?;
        insert::refused_captures(&mut transaction, batch).await?;
        // Sorted, so that two nodes clean up in the same order and cannot wait for each other in a circle.
        for vendor in batch.iter().map(|new| new.request.vendor_id).collect::<BTreeSet<_>>() {
            query(
                "delete from refused_requests
                 where vendor_id = $1 and (received_at, id) <= (
                     select received_at, id from refused_requests where vendor_id = $1
                     order by received_at desc, id desc limit 1 offset $2)",
            )
            .bind(vendor.uuid())
            .bind(keep.rows.max(0))
            .execute(&mut *transaction)
            .await?;
            query(
                "delete from refused_captures
                 where vendor_id = $1 and (
                     not exists (select 1 from refused_requests where id = refused_captures.request_id)
                     or request_id in (
                         select request_id from (
                             select request_id, sum(bytes) over (
                                 order by received_at desc, request_id desc
                                 rows between unbounded preceding and current row) as bytes_so_far
                             from refused_captures where vendor_id = $1) as sums
                         where bytes_so_far > $2))",
            )
            .bind(vendor.uuid())
            .bind(keep.bytes.max(0))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn refused(
        &self,
        scope: Option<TenantId>,
        filter: &RefusedFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<RefusedRequest>> {
        let found = list(scope, filter, after, limit).build().persistent(false).fetch_all(&self.read).await?;
        rows::all(&found, rows::refused_request)
    }

    async fn refused_request(&self, scope: Option<TenantId>, id: RequestId) -> Result<RefusedRequest> {
        let row = query(concat!(
            "select ",
            refused_columns!(),
            " from refused_requests where id = $1 and ($2 is null or tenant_id = $2)"
        ))
        .bind(id.uuid())
        .bind(scope.map(TenantId::uuid))
        .fetch_one(&self.read)
        .await?;
        rows::refused_request(&row)
    }

    async fn refused_capture(&self, id: RequestId) -> Result<Sealed> {
        let sealed = query_scalar("select sealed from refused_captures where request_id = $1")
            .bind(id.uuid())
            .fetch_one(&self.read)
            .await?;
        Ok(Sealed(sealed))
    }

    async fn refused_reasons(
        &self,
        scope: Option<TenantId>,
        vendor: Option<VendorId>,
    ) -> Result<Vec<ReasonCount>> {
        let mut reasons = QueryBuilder::<Database>::new(
            "select reason, count(*) as requests, max(received_at) as last_at from refused_requests where true",
        );
        if let Some(tenant) = scope {
            reasons.push(" and tenant_id = ").push_bind(tenant.uuid());
        }
        if let Some(vendor) = vendor {
            reasons.push(" and vendor_id = ").push_bind(vendor.uuid());
        }
        reasons.push(" group by reason order by requests desc, reason");
        rows::all(&reasons.build().fetch_all(&self.read).await?, rows::reason_count)
    }

    async fn note_recheck(&self, id: RequestId, recheck: &Recheck, audit: &AuditEntry) -> Result<()> {
        let mut transaction = self.begin().await?;
        let changed = query(
            "update refused_requests
             set rechecked_at = $2, rechecked_by = $3, recheck = $4, recheck_words = $5 where id = $1",
        )
        .bind(id.uuid())
        .bind(recheck.at.0)
        .bind(clean(&recheck.by))
        .bind(clean(&recheck.code))
        .bind(clean(&recheck.words))
        .execute(&mut *transaction)
        .await?;
        end_change(transaction, changed.rows_affected(), audit).await
    }

    async fn accept_refused(
        &self,
        id: RequestId,
        event: &NewEvent,
        acceptance: &Acceptance,
        audit: &AuditEntry,
    ) -> Result<Recorded> {
        let mut transaction = self.begin().await?;
        // Claimed first: whoever accepts the same request at the same time waits here and then finds the mark.
        let claimed = query(
            "update refused_requests set accepted_at = $2, accepted_by = $3
             where id = $1 and accepted_at is null",
        )
        .bind(id.uuid())
        .bind(acceptance.at.0)
        .bind(clean(&acceptance.by))
        .execute(&mut *transaction)
        .await?;
        if claimed.rows_affected() == 0 {
            let known: Uuid = query_scalar("select event_id from refused_requests where id = $1")
                .bind(id.uuid())
                .fetch_one(&mut *transaction)
                .await?;
            return Ok(Recorded { id: EventId::new(known), duplicate: true });
        }
        let stored = events::store(&mut transaction, std::slice::from_ref(event)).await?;
        let recorded = *stored.first().ok_or_else(|| StoreError::Corrupt("nothing was stored".to_owned()))?;
        query("update refused_requests set event_id = $2 where id = $1")
            .bind(id.uuid())
            .bind(recorded.id.uuid())
            .execute(&mut *transaction)
            .await?;
        if !recorded.duplicate {
            query(
                "insert into events_by_hand (event_id, request_id, at, actor, reason)
                 select $1, id, $3, $4, reason from refused_requests where id = $2",
            )
            .bind(recorded.id.uuid())
            .bind(id.uuid())
            .bind(acceptance.at.0)
            .bind(clean(&acceptance.by))
            .execute(&mut *transaction)
            .await?;
        }
        audit::write(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(recorded)
    }
}
