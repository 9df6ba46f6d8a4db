//! What a tenant decides about the bytes of its events. Which parts of them are never stored at all is each vendor's
//! ([`crate::redaction`]).

use crate::{id::TenantId, time::Timestamp};
use serde::{Deserialize, Serialize};

/// How the payloads of one tenant are kept. A tenant that never decided has [`TenantPrivacy::of`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantPrivacy {
    /// Whose.
    pub tenant_id: TenantId,
    /// Whether new payloads are sealed under the tenant's data key; old ones stay as they were stored.
    pub encrypt: bool,
    /// Whether there is a data key, so that payloads sealed under it can be read.
    pub has_key: bool,
    /// Days that events and what came of them are kept; `None` for as long as there is room.
    pub keep_days: Option<i32>,
    /// When a data key was last destroyed.
    pub shredded_at: Option<Timestamp>,
}

impl TenantPrivacy {
    /// Before anybody decided: plain, kept for ever.
    pub const fn of(tenant_id: TenantId) -> Self {
        Self { tenant_id, encrypt: false, has_key: false, keep_days: None, shredded_at: None }
    }
}
