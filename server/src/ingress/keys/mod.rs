//! The keys vendors publish: fetched off the hot path, kept in this node's memory, renewed before they end.
//! Owns when to ask and how long to keep an answer; [`fetch`] owns how to ask and what to believe.
//!
//! A request whose key is not at hand waits for it, but not long: vendors give up after a few seconds and come
//! back. It is then answered 503 with `Retry-After`, never 401: a refusal would say that the sender is false, some
//! vendors count it against the address, and it would be untrue. The fetch goes on meanwhile, so that the vendor's
//! next try finds the key.
//!
//! What strangers can make this server fetch is bounded: addresses are the preset's own, one fetch per address is
//! under way at a time, a failure is not repeated for some seconds, an unknown key id renews a set once a minute,
//! and each vendor may ask for a few new addresses a minute.

pub mod fetch;
pub mod request;

use crate::{
    clock::SharedClock,
    live::{LiveConfig, LiveVendor},
};
use async_trait::async_trait;
use domain::{
    id::VendorId,
    time::{DAY, MINUTE, SECOND, Timestamp},
};
use signature::{KeySource, Preset};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// How long a request waits for a key that is being fetched; the most impatient vendors wait 3 s for an answer.
const WAIT: Duration = Duration::from_millis(2_000);
/// Keys kept. A vendor has a handful at a time.
const MOST: usize = 256;
/// Fetches at the same time.
const AT_ONCE: usize = 8;
/// Addresses and keys not known yet that one vendor may have fetched in a minute.
const NEW_PER_MINUTE: u32 = 12;
/// A key id that a set does not hold renews the set no sooner than this after it was last asked for.
const UNKNOWN_AFTER: i64 = MINUTE;
/// Pause after a first failure; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: i64 = 5 * SECOND;
/// Longest pause between tries.
const LONGEST_PAUSE: i64 = MINUTE;
/// How often keys are looked over.
const TEND_EVERY: Duration = Duration::from_secs(15);
/// Certificates nobody needed for this long are forgotten.
const UNUSED: i64 = DAY;

/// Which key: where it is, and for keys given to one account only, whose and which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A key set.
    Set {
        /// Its address.
        url: String,
    },
    /// One key of an account.
    Key {
        /// Whom to ask.
        url: String,
        /// Whose account.
        vendor: VendorId,
        /// Which key.
        key_id: String,
    },
    /// A certificate.
    Certificate {
        /// Its address.
        url: String,
    },
}

/// What to fetch, with what is needed to judge the answer.
#[derive(Clone)]
pub struct Wanted {
    /// Which key.
    pub source: Source,
    /// Whose way of signing it is for.
    pub preset: Arc<Preset>,
    /// Credentials of the account, where the vendor asks for them.
    pub credentials: Vec<(String, zeroize::Zeroizing<String>)>,
    /// Which vendor made it wanted.
    pub vendor: VendorId,
}

/// A fetched and checked key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// A key set or a certificate, as text.
    pub text: Arc<str>,
    /// When it must be fetched anew.
    pub until: Timestamp,
}

/// How keys are fetched. Takes no longer than ten seconds.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Asks for one key; the error is for people and holds no secret.
    async fn fetch(&self, wanted: &Wanted) -> Result<Fetched, String>;
}

/// The key is not at hand; seconds after which another try may find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAtHand {
    /// For `Retry-After`.
    pub seconds: u64,
}

/// What is known about fetching a vendor's keys, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When keys were last fetched.
    pub fetched_at: Option<Timestamp>,
    /// What went wrong the last time, when it did.
    pub failure: Option<String>,
}

struct Entry {
    wanted: Wanted,
    kept: Option<(Fetched, Timestamp)>,
    tried_at: Timestamp,
    used_at: Timestamp,
    failures: u32,
    failure: Option<String>,
    /// Closed when the fetch that is under way has ended.
    flight: Option<watch::Receiver<()>>,
}

impl Entry {
    fn text(&self, now: Timestamp) -> Option<Arc<str>> {
        self.kept.as_ref().filter(|(fetched, _)| now < fetched.until).map(|(fetched, _)| fetched.text.clone())
    }

    /// Whether three quarters of its life are over.
    fn grows_old(&self, now: Timestamp) -> bool {
        self.kept.as_ref().is_none_or(|(fetched, at)| now.since(*at) >= fetched.until.since(*at) / 4 * 3)
    }

    fn pause_ends(&self) -> Timestamp {
        match self.failures {
            0 => self.tried_at,
            n => self.tried_at.plus((FIRST_PAUSE << (n - 1).min(8)).min(LONGEST_PAUSE)),
        }
    }

    fn under_way(&self) -> Option<watch::Receiver<()>> {
        self.flight.clone().filter(|flight| flight.has_changed().is_ok())
    }
}

/// All fetched keys of this node.
pub struct Keyring {
    fetch: Arc<dyn Fetch>,
    clock: SharedClock,
    entries: Mutex<HashMap<Source, Entry>>,
    /// New sources each vendor had fetched in the minute that began then.
    fresh: Mutex<HashMap<VendorId, (Timestamp, u32)>>,
    slots: Arc<Semaphore>,
}

enum Look {
    Have(Arc<str>),
    Wait(watch::Receiver<()>),
    Later(NotAtHand),
}

impl Keyring {
    /// An empty one.
    pub fn new(fetch: Arc<dyn Fetch>, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            fetch,
            clock,
            entries: Mutex::default(),
            fresh: Mutex::default(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// The key that is wanted: from memory, or fetched within two seconds. `key_id` is the key of a set that is
    /// needed; a set without it is renewed, at most once a minute, and then given as it is.
    ///
    /// # Errors
    /// When it is not at hand in time.
    pub async fn obtain(
        self: &Arc<Self>,
        wanted: Wanted,
        key_id: Option<&str>,
    ) -> Result<Arc<str>, NotAtHand> {
        self.obtain_within(wanted, key_id, WAIT).await
    }

    /// The same for somebody with more patience.
    ///
    /// # Errors
    /// When it is not at hand in time.
    pub async fn obtain_within(
        self: &Arc<Self>,
        wanted: Wanted,
        key_id: Option<&str>,
        patience: Duration,
    ) -> Result<Arc<str>, NotAtHand> {
        let source = wanted.source.clone();
        let flight = match self.look(wanted, key_id) {
            Look::Have(text) => return Ok(text),
            Look::Later(later) => return Err(later),
            Look::Wait(flight) => flight,
        };
        self.ended(flight, patience).await;
        let now = self.clock.now();
        let entries = self.entries();
        let entry = entries.get(&source).ok_or(NotAtHand { seconds: 1 })?;
        entry.text(now).ok_or_else(|| not_at_hand(entry, now))
    }

    /// A newer set than `old`, when one can be had within two seconds: for vendors that name no key in their
    /// requests, whose signature fits none of those at hand. Asks at most once a minute.
    pub async fn renewed(self: &Arc<Self>, wanted: Wanted, old: &str) -> Option<Arc<str>> {
        self.renewed_within(wanted, old, WAIT).await
    }

    /// The same for somebody with more patience.
    pub async fn renewed_within(
        self: &Arc<Self>,
        wanted: Wanted,
        old: &str,
        patience: Duration,
    ) -> Option<Arc<str>> {
        let source = wanted.source.clone();
        let now = self.clock.now();
        let flight = {
            let mut entries = self.entries();
            let entry = entries.get_mut(&source)?;
            match entry.under_way() {
                Some(flight) => flight,
                None if now.since(entry.tried_at) < UNKNOWN_AFTER => return None,
                None => self.begin(entry, now)?,
            }
        };
        self.ended(flight, patience).await;
        let now = self.clock.now();
        self.entries().get(&source)?.text(now).filter(|text| **text != *old)
    }

    /// What is known about fetching the keys of these addresses.
    pub fn standing(&self, vendor: VendorId, preset: &Preset) -> Standing {
        let set = match signature::key_source(preset) {
            KeySource::Jwks { url, .. } => Some(Source::Set { url }),
            _ => None,
        };
        let entries = self.entries();
        let ours = entries
            .iter()
            .filter(|(source, entry)| match &set {
                Some(set) => *source == set,
                None => entry.wanted.vendor == vendor,
            })
            .map(|(_, entry)| entry);
        let mut standing = Standing::default();
        let mut last = Timestamp(i64::MIN);
        for entry in ours {
            standing.fetched_at = standing.fetched_at.max(entry.kept.as_ref().map(|(_, at)| *at));
            if entry.tried_at >= last {
                last = entry.tried_at;
                standing.failure.clone_from(&entry.failure);
            }
        }
        standing
    }

    /// Keeps keys fresh until `stop`: fetches the sets of all vendors ahead of their first request, renews what has
    /// lived three quarters of its time, forgets what nobody needs.
    pub async fn keep(self: Arc<Self>, live: Arc<LiveConfig>, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            self.tend(live.now().vendors().filter_map(|live| published(live, now)).collect());
            if stop.run_until_cancelled(tokio::time::sleep(TEND_EVERY)).await.is_none() {
                return;
            }
        }
    }

    fn tend(self: &Arc<Self>, wanted: Vec<Wanted>) {
        let now = self.clock.now();
        let mut entries = self.entries();
        for wanted in wanted {
            let entry = entries.entry(wanted.source.clone()).or_insert_with(|| entry(wanted, now));
            entry.used_at = now;
        }
        entries.retain(|_, entry| entry.under_way().is_some() || now.since(entry.used_at) < UNUSED);
        for entry in entries.values_mut() {
            if entry.grows_old(now) && now >= entry.pause_ends() && entry.under_way().is_none() {
                self.begin(entry, now);
            }
        }
        self.fresh().retain(|_, (began, _)| now.since(*began) < MINUTE);
    }

    fn look(self: &Arc<Self>, wanted: Wanted, key_id: Option<&str>) -> Look {
        let now = self.clock.now();
        let mut entries = self.entries();
        if !entries.contains_key(&wanted.source) {
            if !self.may_be_new(wanted.vendor, now) || !make_room(&mut entries) {
                return Look::Later(NotAtHand { seconds: 60 });
            }
            entries.insert(wanted.source.clone(), entry(wanted.clone(), now));
        }
        let Some(entry) = entries.get_mut(&wanted.source) else {
            return Look::Later(NotAtHand { seconds: 1 });
        };
        entry.used_at = now;
        // An account's credentials may have changed since.
        entry.wanted = wanted;
        let kept = entry.text(now);
        let lacks = kept.as_ref().is_some_and(|set| key_id.is_some_and(|id| !signature::holds_key(set, id)));
        if let (Some(text), false) = (&kept, lacks) {
            return Look::Have(text.clone());
        }
        if let Some(flight) = entry.under_way() {
            return Look::Wait(flight);
        }
        let too_soon = match lacks {
            true => now.since(entry.tried_at) < UNKNOWN_AFTER,
            false => now < entry.pause_ends(),
        };
        match (too_soon, kept) {
            (true, Some(text)) => Look::Have(text),
            (true, None) => Look::Later(not_at_hand(entry, now)),
            (false, kept) => match (self.begin(entry, now), kept) {
                (Some(flight), _) => Look::Wait(flight),
                (None, Some(text)) => Look::Have(text),
                (None, None) => Look::Later(NotAtHand { seconds: 1 }),
            },
        }
    }

    /// Begins a fetch, when one of the slots is free.
    fn begin(self: &Arc<Self>, entry: &mut Entry, now: Timestamp) -> Option<watch::Receiver<()>> {
        let slot = self.slots.clone().try_acquire_owned().ok()?;
        let (done, flight) = watch::channel(());
        entry.tried_at = now;
        entry.flight = Some(flight.clone());
        let (ring, wanted) = (self.clone(), entry.wanted.clone());
        tokio::spawn(async move {
            let outcome = ring.fetch.fetch(&wanted).await;
            ring.land(&wanted.source, outcome);
            drop((slot, done));
        });
        Some(flight)
    }

    fn land(&self, source: &Source, outcome: Result<Fetched, String>) {
        let now = self.clock.now();
        let label = if outcome.is_ok() { "fetched" } else { "failed" };
        metrics::counter!("tidegate_key_fetches_total", "outcome" => label).increment(1);
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(source) else { return };
        entry.flight = None;
        match outcome {
            Ok(fetched) => {
                tracing::info!(
                    preset = entry.wanted.preset.id,
                    until = fetched.until.rfc3339(),
                    "a vendor's keys were fetched"
                );
                entry.kept = Some((fetched, now));
                entry.failures = 0;
                entry.failure = None;
            }
            Err(words) => {
                tracing::warn!(
                    preset = entry.wanted.preset.id,
                    error = words,
                    "a vendor's keys could not be fetched"
                );
                entry.failures = entry.failures.saturating_add(1);
                entry.failure = Some(words);
            }
        }
    }

    /// Waits for the end of a fetch, but not longer than this.
    async fn ended(&self, mut flight: watch::Receiver<()>, patience: Duration) {
        // Closed is what it waits for; whoever gives up looks what is there, too.
        let _ = tokio::time::timeout(patience, async { while flight.changed().await.is_ok() {} }).await;
    }

    fn may_be_new(&self, vendor: VendorId, now: Timestamp) -> bool {
        let mut fresh = self.fresh();
        let (began, count) = fresh.entry(vendor).or_insert((now, 0));
        if now.since(*began) >= MINUTE {
            (*began, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= NEW_PER_MINUTE
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Source, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<VendorId, (Timestamp, u32)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(wanted: Wanted, now: Timestamp) -> Entry {
    Entry { wanted, kept: None, tried_at: now, used_at: now, failures: 0, failure: None, flight: None }
}

fn not_at_hand(entry: &Entry, now: Timestamp) -> NotAtHand {
    let micros = entry.pause_ends().since(now).max(SECOND);
    NotAtHand { seconds: u64::try_from(micros / SECOND).unwrap_or(1) }
}

/// Makes room for one more; forgets what was used longest ago.
fn make_room(entries: &mut HashMap<Source, Entry>) -> bool {
    if entries.len() < MOST {
        return true;
    }
    let idle = entries.iter().filter(|(_, entry)| entry.under_way().is_none());
    let oldest = idle.min_by_key(|(_, entry)| entry.used_at).map(|(source, _)| source.clone());
    oldest.is_some_and(|source| entries.remove(&source).is_some())
}

/// The key set of a vendor whose keys are published, unless keys were given by hand.
fn published(live: &LiveVendor, now: Timestamp) -> Option<Wanted> {
    let preset = live.preset.as_ref().filter(|_| live.vendor.enabled)?;
    let KeySource::Jwks { url, .. } = signature::key_source(preset) else { return None };
    live.secrets_at(now).is_empty().then(|| Wanted {
        source: Source::Set { url },
        preset: preset.clone(),
        credentials: Vec::new(),
        vendor: live.vendor.id,
    })
}

#[cfg(test)]
mod tests;
