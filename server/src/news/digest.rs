//! Dead letters are told together: a tenant hears within two minutes of the first, and then at most once an hour how many
//! there were since. One node at a time looks. Jobs that bring news are not counted: a channel that is down would tell of
//! itself without end.

use crate::{by_itself, clock::SharedClock, live::LiveConfig};
use domain::{
    audit::AuditFilter,
    id::NodeId,
    news::{BY_ITSELF, NewsKind},
    time::{HOUR, MINUTE, Timestamp},
    vendor::Vendor,
};
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);
/// How long the turn of a node lasts: another takes over when it missed two.
const TURN: i64 = 3 * MINUTE;
/// What ended less than this ago is counted next time: its node may not have written it yet.
const SETTLING: i64 = MINUTE;
/// The least time between two of a tenant.
const PAUSE: i64 = HOUR;

/// What counts them: a node.
pub struct Digest {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Who is told.
    pub live: Arc<LiveConfig>,
    /// The time.
    pub clock: SharedClock,
    /// Which node.
    pub node: NodeId,
}

impl Digest {
    /// Counts, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "dead letters could not be counted");
            }
        }
    }

    /// Counts now, if it is this node's turn; how many tenants are to be told.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look(&self) -> Result<usize, StoreError> {
        let snapshot = self.live.now();
        let mut told = snapshot.vendors().map(|live| &live.vendor).filter(|v| v.tells_news() && v.enabled);
        let Some(first) = told.next() else { return Ok(0) };
        let now = self.clock.now();
        if !self.store.take_turn("count-dead-letters", self.node, now, now.plus(TURN)).await? {
            return Ok(0);
        }
        let mut noted = 0;
        for vendor in std::iter::once(first).chain(told) {
            noted += usize::from(self.count(vendor, now).await?);
        }
        Ok(noted)
    }

    /// Notes how many of a tenant's jobs became dead letters, if any did and it is not too soon.
    async fn count(&self, vendor: &Vendor, now: Timestamp) -> Result<bool, StoreError> {
        let filter = AuditFilter {
            actor: Some(BY_ITSELF.to_owned()),
            action: Some(NewsKind::JobDead.to_string()),
            target: None,
        };
        let tenant = vendor.tenant_id;
        let last = self.store.audit_page(Some(tenant), &filter, None, 1).await?;
        // Where it was told before, the entry's time is the end of what it counted.
        let since = last.first().map_or(vendor.created_at, |entry| entry.at.max(vendor.created_at));
        let until = now.plus(-SETTLING);
        if !last.is_empty() && until.since(since) < PAUSE {
            return Ok(false);
        }
        let dead = self.store.dead_letters(tenant, since, until, vendor.id).await?;
        if dead == 0 {
            return Ok(false);
        }
        let jobs = if dead == 1 { "1 job".to_owned() } else { format!("{dead} jobs") };
        let detail = format!("since {}", since.rfc3339());
        let entry = by_itself::audit(until, tenant, NewsKind::JobDead.as_str(), jobs, detail);
        self.store.note(&entry).await?;
        Ok(true)
    }
}
