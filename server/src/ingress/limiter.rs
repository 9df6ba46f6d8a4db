//! How many requests are taken in a time: token buckets that all nodes of an installation share.
//!
//! A bucket is a row with one number, the moment at which it will be full again. A node takes tokens from what it knows
//! of the row and tells the row soon after, many tokens and many buckets in one transaction, so a request does not wait
//! for the database. It waits only when its node has taken a whole slice (a tenth of the burst, at least one) that the
//! row does not know of yet.
//!
//! How exact that is, for `n` nodes:
//! - Nothing is refused that one bucket in one place would have taken: what a node knows of a row can only be too
//!   little. (As far as the nodes' clocks agree.)
//! - At any moment at most `n - 1` slices too many were taken, one by each node that had not yet heard of the others.
//!   They are taken from the row all the same, so in the long run exactly the rate is taken.
//! - While the database does not answer each node goes by what it last knew; nothing can be stored then anyway.

use crate::clock::SharedClock;
use domain::{id::VendorId, policy::Rate, time::SECOND};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{Spent, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause between two rounds of telling the rows, unless somebody waits for one.
const PAUSE: Duration = Duration::from_millis(25);
/// Longest a round may take, and the longest a request waits for one.
const LONGEST: Duration = Duration::from_secs(1);

/// What a bucket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One vendor's requests.
    Vendor(VendorId),
    /// Those of the whole installation.
    Installation,
}

impl Scope {
    fn name(self) -> String {
        match self {
            Self::Vendor(id) => format!("vendor:{}", id.uuid().simple()),
            Self::Installation => "installation".to_owned(),
        }
    }
}

/// A request is one too many; microseconds until there may be a token again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub i64);

impl TooMany {
    /// For `Retry-After`: whole seconds, at least one.
    pub fn seconds(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0).div_ceil(SECOND as u64).max(1)
    }
}

/// The buckets as one node knows them.
pub struct Limiter {
    clock: SharedClock,
    /// A std mutex: held for a few additions, never across an await.
    buckets: Mutex<HashMap<Scope, Bucket>>,
    /// A token was taken that its row does not know of.
    taken: Notify,
    /// A request waits for the next round.
    urgent: Notify,
    /// A round is over.
    told: Notify,
}

impl Limiter {
    /// Buckets as if nothing had been taken yet.
    pub fn new(clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            clock,
            buckets: Mutex::default(),
            taken: Notify::new(),
            urgent: Notify::new(),
            told: Notify::new(),
        })
    }

    /// Whether a token would be refused now. Takes none; for refusing early what would be refused in the end.
    ///
    /// # Errors
    /// [`TooMany`] when it would be refused.
    pub fn look(&self, scope: Scope, rate: Rate) -> Result<(), TooMany> {
        let now = self.clock.now().0;
        self.lock().get(&scope).map_or(Ok(()), |bucket| bucket.room(rate, now))
    }

    /// Takes one token.
    ///
    /// # Errors
    /// [`TooMany`] when the bucket is empty.
    pub async fn take(&self, scope: Scope, rate: Rate) -> Result<(), TooMany> {
        let give_up = tokio::time::Instant::now() + LONGEST;
        loop {
            let mut told = std::pin::pin!(self.told.notified());
            // Before the look, so that a round which ends right after it is not missed.
            told.as_mut().enable();
            let waited_enough = tokio::time::Instant::now() >= give_up;
            if self.lock().entry(scope).or_default().take(rate, self.clock.now().0, waited_enough)? {
                self.taken.notify_one();
                return Ok(());
            }
            self.urgent.notify_one();
            // A round that does not end in time is answered above: by what is known.
            let _ = tokio::time::timeout_at(give_up, told).await;
        }
    }

    /// Tells the rows what was taken until `stop`.
    pub async fn settle(self: Arc<Self>, store: Arc<dyn Store>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.taken.notified()).await.is_some() {
            self.round(store.as_ref()).await;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.urgent.notified() => self.taken.notify_one(),
                () = stop.cancelled() => {}
            }
        }
    }

    async fn round(&self, store: &dyn Store) {
        let (scopes, spent): (Vec<Scope>, Vec<Spent>) = self
            .lock()
            .iter_mut()
            .filter(|(_, bucket)| bucket.untold > 0)
            .map(|(scope, bucket)| {
                bucket.telling = std::mem::take(&mut bucket.untold);
                (*scope, Spent { bucket: scope.name(), micros: bucket.telling })
            })
            .unzip();
        if spent.is_empty() {
            return;
        }
        let levels = tokio::time::timeout(LONGEST, store.spend(&spent, self.clock.now())).await;
        match &levels {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the rate limits could not be told to the other nodes"),
            Err(_) => tracing::warn!("the rate limits could not be told to the other nodes in time"),
        }
        let levels = levels.ok().and_then(Result::ok);
        let mut buckets = self.lock();
        for (at, scope) in scopes.into_iter().enumerate() {
            let bucket = buckets.entry(scope).or_default();
            match levels.as_ref().and_then(|levels| levels.get(at)) {
                Some(full_at) => bucket.full_at = full_at.0,
                None => bucket.untold += bucket.telling,
            }
            bucket.telling = 0;
        }
        drop(buckets);
        self.told.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one node knows of one bucket. All in microseconds: a token is worth the time in which it is refilled.
#[derive(Default)]
struct Bucket {
    /// The row, as last seen.
    full_at: i64,
    /// What was taken here and the row is being told of.
    telling: i64,
    /// What was taken here and the row does not know of.
    untold: i64,
}

impl Bucket {
    fn room(&self, rate: Rate, now: i64) -> Result<(), TooMany> {
        let token = token(rate);
        let full_at = self.full_at.max(now) + self.telling + self.untold;
        let over = full_at + token - now - token * i64::from(rate.burst.max(1));
        if over > 0 { Err(TooMany(over)) } else { Ok(()) }
    }

    /// Takes a token if the bucket has one. `false`: it has, but the row must be told first of those taken before.
    fn take(&mut self, rate: Rate, now: i64, regardless: bool) -> Result<bool, TooMany> {
        self.room(rate, now)?;
        let token = token(rate);
        if !regardless && self.telling + self.untold + token > token * slice(rate) {
            return Ok(false);
        }
        self.untold += token;
        Ok(true)
    }
}

/// The time in which one token is refilled.
fn token(rate: Rate) -> i64 {
    (SECOND / i64::from(rate.per_second.max(1))).max(1)
}

/// Tokens a node may take before it must tell the row: a tenth of the burst or of a second, whichever is more, but no
/// more than the burst.
fn slice(rate: Rate) -> i64 {
    i64::from((rate.burst / 10).max(rate.per_second / 10).min(rate.burst).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use domain::time::Timestamp;
    use store::OpenOptions;

    const SCOPE: Scope = Scope::Installation;

    /// Nodes on one new database, all reading one clock that stands still.
    async fn nodes(count: usize) -> (Vec<Arc<Limiter>>, Arc<ManualClock>, std::path::PathBuf) {
        let folder =
            std::env::temp_dir().join(format!("tidegate-limiter-{}", crate::clock::fresh().simple()));
        let url = format!("sqlite://{}", folder.join("tidegate.db").display());
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix(1_790_000_000)));
        let mut limiters = Vec::new();
        for _ in 0..count {
            let store = store::open(&url, &OpenOptions::default()).await.unwrap();
            store.migrate().await.unwrap();
            let limiter = Limiter::new(clock.clone());
            tokio::spawn(limiter.clone().settle(store, CancellationToken::new()));
            limiters.push(limiter);
        }
        (limiters, clock, folder)
    }

    /// How many of `each` requests to every node are taken, when all come at once.
    async fn flood(limiters: &[Arc<Limiter>], rate: Rate, each: usize) -> usize {
        let mut asked = tokio::task::JoinSet::new();
        for limiter in limiters {
            for _ in 0..each {
                let limiter = limiter.clone();
                asked.spawn(async move { limiter.take(SCOPE, rate).await.is_ok() });
            }
        }
        asked.join_all().await.into_iter().filter(|taken| *taken).count()
    }

    #[tokio::test]
    async fn one_node_takes_the_burst_and_then_what_is_refilled() {
        let (limiters, clock, folder) = nodes(1).await;
        let rate = Rate { per_second: 10, burst: 25 };
        assert_eq!(flood(&limiters, rate, 100).await, 25);
        assert_eq!(limiters[0].take(SCOPE, rate).await, Err(TooMany(100_000)));
        assert_eq!(limiters[0].look(SCOPE, rate), Err(TooMany(100_000)));
        clock.advance(SECOND / 2);
        assert_eq!(limiters[0].look(SCOPE, rate), Ok(()));
        assert_eq!(flood(&limiters, rate, 100).await, 5);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn two_nodes_share_one_bucket_but_for_a_slice_and_pay_that_back() {
        let (limiters, clock, folder) = nodes(2).await;
        let rate = Rate { per_second: 10, burst: 100 };
        let at_once = flood(&limiters, rate, 300).await as i64;
        assert!((100..=100 + slice(rate)).contains(&at_once), "{at_once}");
        let mut all = at_once;
        for _ in 0..20 {
            clock.advance(SECOND);
            all += flood(&limiters, rate, 30).await as i64;
        }
        // After twenty seconds the two have taken what one alone might have, and at most a slice more.
        assert!((300..=300 + slice(rate)).contains(&all), "{all}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_slowest_bucket_has_whole_tokens_and_the_fastest_a_slice_within_its_burst() {
        let slow = Rate { per_second: 1, burst: 1 };
        assert_eq!((token(slow), slice(slow)), (SECOND, 1));
        let fast = Rate { per_second: 1_000_000, burst: 5 };
        assert_eq!((token(fast), slice(fast)), (1, 5));
    }

    #[test]
    fn the_wait_is_told_in_whole_seconds_and_never_as_none() {
        assert_eq!([0, 1, SECOND, SECOND + 1].map(|micros| TooMany(micros).seconds()), [1, 1, 1, 2]);
    }
}
