//! Making events of what waits to be told. Every worker node looks; what two would make at once is made once
//! (`store::NewsStore::tell_news`). A full queue is no reason to wait: that is when people should hear.

use super::make;
use crate::{clock::SharedClock, live::LiveConfig, payloads::CannotSeal, stats::Stats, wake::Wake};
use domain::{news::NewsKind, time::Timestamp};
use std::{sync::Arc, time::Duration};
use store::{Store, StoreError, UntoldNews};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Entries of one look.
const LOOKED_AT: i64 = 500;

/// Why an event was not made. Its entry still waits.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Its payload must be sealed and cannot be, here and now.
    #[error("{0}")]
    CannotSeal(#[from] CannotSeal),
}

/// What tells: a node.
pub struct Teller {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Vendors and their rules.
    pub live: Arc<LiveConfig>,
    /// The time.
    pub clock: SharedClock,
    /// Told of each event.
    pub stats: Arc<Stats>,
    /// Rung when there are jobs.
    pub wake: Arc<Wake>,
    /// What links begin with; `None` where no public URL is set.
    pub public_url: Option<String>,
}

impl Teller {
    /// Tells what waits, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            self.look().await;
        }
    }

    /// Tells what waits now; how many events were made here.
    pub async fn look(&self) -> usize {
        let waiting = match self.store.untold_news(LOOKED_AT).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "what people are to be told could not be looked up");
                return 0;
            }
        };
        let mut made = 0;
        for news in &waiting {
            // What cannot be told must not stand in the way of the others.
            match self.step(news, self.clock.now()).await {
                Ok(true) => made += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(action = news.entry.action, target = news.entry.target, %error, "people could not be told yet");
                }
            }
        }
        if made > 0 {
            self.wake.ring();
        }
        made
    }

    /// Makes the event of an entry at `now`; whether that was done here. One whose vendor was switched off meanwhile makes
    /// none, and one whose vendor this node does not know yet waits.
    ///
    /// # Errors
    /// [`NotTold`].
    pub async fn step(&self, news: &UntoldNews, now: Timestamp) -> Result<bool, NotTold> {
        let entry = &news.entry;
        let snapshot = self.live.now();
        let Some(live) = snapshot.vendor(news.vendor_id) else { return Ok(false) };
        let kind = NewsKind::of(&entry.actor, &entry.action).filter(|_| live.vendor.enabled);
        let Some(kind) = kind else {
            self.store.tell_news(entry.id, None).await?;
            return Ok(false);
        };
        let new = make::event(entry, kind, live, &snapshot, self.public_url.as_deref(), now)?;
        let told = self.store.tell_news(entry.id, Some(&new)).await?;
        if told {
            self.stats.add(live.vendor.tenant_id, &format!("vendor:{}:accepted", live.vendor.id), 1);
            tracing::info!(event.id = %new.event.id, kind = %kind, jobs = new.jobs.len(), "news became an event");
        }
        Ok(told)
    }
}
