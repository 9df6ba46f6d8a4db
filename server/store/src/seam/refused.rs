//! Refused requests: keeping them within bounds, listing them, and what people do about them.

use super::{AuditEntry, NewEvent, Recorded, Result, Sealed};
use async_trait::async_trait;
use domain::{
    id::{RequestId, TenantId, VendorId},
    place::{Place, RefusedFilter},
    refusal::{Acceptance, ReasonCount, Recheck, RefusedRequest},
};

/// A refused request to keep.
#[derive(Clone, Debug)]
pub struct NewRefused {
    /// What is listed. Its `captured`, `rechecked` and `accepted` are not written.
    pub request: RefusedRequest,
    /// The request itself.
    pub capture: Option<Sealed>,
}

/// How much is kept of one vendor's refused requests; the oldest go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedBounds {
    /// Rows.
    pub rows: i64,
    /// Bytes of captures.
    pub bytes: i64,
}

/// Refused requests. `scope` is the tenant whose requests may be seen; `None` sees all.
#[async_trait]
pub trait RefusedStore {
    /// Keeps refused requests, dropping what goes beyond the bounds of their vendors.
    async fn record_refused(&self, batch: &[NewRefused], keep: RefusedBounds) -> Result<()>;
    /// Newest first, after `after`; at most `limit`.
    async fn refused(
        &self,
        scope: Option<TenantId>,
        filter: &RefusedFilter,
        after: Option<Place>,
        limit: i64,
    ) -> Result<Vec<RefusedRequest>>;
    /// One of them.
    async fn refused_request(&self, scope: Option<TenantId>, id: RequestId) -> Result<RefusedRequest>;
    /// The request itself; `NotFound` when it is not kept.
    async fn refused_capture(&self, id: RequestId) -> Result<Sealed>;
    /// Reasons and how often each occurs among the kept ones, the most frequent first.
    async fn refused_reasons(
        &self,
        scope: Option<TenantId>,
        vendor: Option<VendorId>,
    ) -> Result<Vec<ReasonCount>>;
    /// Notes what a later check said.
    async fn note_recheck(&self, id: RequestId, recheck: &Recheck, audit: &AuditEntry) -> Result<()>;
    /// Stores a refused request as an event, in one durable transaction with its mark and audit entry. When it was
    /// accepted before, or its event is there already, that event is the answer; accepted before, nothing is written.
    async fn accept_refused(
        &self,
        id: RequestId,
        event: &NewEvent,
        acceptance: &Acceptance,
        audit: &AuditEntry,
    ) -> Result<Recorded>;
}
