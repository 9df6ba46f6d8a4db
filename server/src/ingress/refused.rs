//! Keeping what was turned away, so that a person can see why. Bounded in memory and in the database, and never in
//! the way of an answer: what does not fit is only counted. Before it is written, each kept request is sealed, and
//! for the first of a burst the likely cause is looked for.

use super::{
    capture::Capture,
    event,
    why::{self, Known, OtherSecret, Whose},
};
use crate::{
    live::{LiveConfig, LiveVendor, purpose},
    vault::Vault,
};
use domain::{
    id::{EventId, VendorId},
    refusal::{Finding, RefusedRequest},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{NewRefused, RefusedBounds, Store, StoreError};
use tokio::sync::mpsc;

/// What is kept per vendor.
pub const KEEP: RefusedBounds = RefusedBounds { rows: 200, bytes: 8 * 1024 * 1024 };
/// Refused requests that may wait to be written.
const MAX_WAITING: usize = 2_000;
/// Bytes of captures that may wait to be written; a request beyond them is listed without being kept itself.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// A flood of forged requests costs one transaction per this time, not one each.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// Requests whose cause is looked for, per write and vendor, and per write in all. The others can be checked by hand.
const EXPLAINED_PER_VENDOR: usize = 2;
const EXPLAINED: usize = 8;

/// A refused request on its way into the database.
pub struct Refused {
    /// What is listed.
    pub request: RefusedRequest,
    /// The request itself.
    pub capture: Option<Capture>,
}

/// Where refused requests go.
#[derive(Clone)]
pub struct RefusedLog {
    queue: mpsc::Sender<Refused>,
    waiting: Arc<AtomicUsize>,
}

impl RefusedLog {
    /// Starts the writer; it ends with the last sender.
    pub fn start(writer: RefusedWriter) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, incoming) = mpsc::channel(MAX_WAITING);
        let waiting = Arc::new(AtomicUsize::new(0));
        let log = Self { queue, waiting: waiting.clone() };
        (log, tokio::spawn(Arc::new(writer).write(incoming, waiting)))
    }

    /// Keeps a refused request if there is room.
    pub fn keep(&self, mut refused: Refused) {
        let weight = refused.capture.as_ref().map_or(0, Capture::weight);
        let before = self.waiting.fetch_add(weight, Ordering::Relaxed);
        if before + weight > MAX_WAITING_BYTES && weight > 0 {
            self.waiting.fetch_sub(weight, Ordering::Relaxed);
            refused.capture = None;
        }
        if let Err(full) = self.queue.try_send(refused) {
            let back = full.into_inner().capture.map_or(0, |capture| capture.weight());
            self.waiting.fetch_sub(back, Ordering::Relaxed);
            metrics::counter!("tidegate_refused_not_kept_total").increment(1);
        }
    }
}

/// What the writer works with.
pub struct RefusedWriter {
    /// Where refused requests are kept.
    pub store: Arc<dyn Store>,
    /// Seals them.
    pub vault: Arc<Vault>,
    /// Vendors and their secrets.
    pub live: Arc<LiveConfig>,
    /// How the outside reaches this server; some vendors sign the URL.
    pub public_url: String,
}

/// A refused request with what it takes to look for its cause.
struct Prepared {
    refused: Refused,
    question: Option<(Arc<LiveVendor>, Known)>,
}

impl RefusedWriter {
    async fn write(self: Arc<Self>, mut incoming: mpsc::Receiver<Refused>, waiting: Arc<AtomicUsize>) {
        let mut batch = Vec::new();
        while incoming.recv_many(&mut batch, MAX_WAITING).await > 0 {
            let requests = batch.len();
            let weight = batch.iter().filter_map(|one| one.capture.as_ref()).map(Capture::weight).sum();
            let prepared = self.prepare(std::mem::take(&mut batch)).await;
            let this = self.clone();
            // Sealing and looking for causes is computing: not on the threads that answer.
            let sealed = tokio::task::spawn_blocking(move || this.seal(prepared)).await;
            waiting.fetch_sub(weight, Ordering::Relaxed);
            let written = match sealed {
                Ok(rows) => self.store.record_refused(&rows, KEEP).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = written {
                tracing::warn!(error, requests, "refused requests could not be kept");
            }
            tokio::time::sleep(WRITE_EVERY).await;
        }
    }

    /// Adds what the first few of each vendor are compared with.
    async fn prepare(&self, batch: Vec<Refused>) -> Vec<Prepared> {
        let snapshot = self.live.now();
        let mut explained: HashMap<VendorId, usize> = HashMap::new();
        let mut left = EXPLAINED;
        let mut prepared = Vec::with_capacity(batch.len());
        for refused in batch {
            let vendor = refused.request.vendor_id;
            let of_vendor = explained.entry(vendor).or_default();
            let may = left > 0 && *of_vendor < EXPLAINED_PER_VENDOR;
            let question = match (&refused.capture, snapshot.vendor(vendor)) {
                (Some(capture), Some(live)) if may => {
                    left -= 1;
                    *of_vendor += 1;
                    Some((live.clone(), self.known(live, &refused.request, capture).await))
                }
                _ => None,
            };
            prepared.push(Prepared { refused, question });
        }
        prepared
    }

    fn seal(&self, prepared: Vec<Prepared>) -> Vec<NewRefused> {
        prepared
            .into_iter()
            .map(|Prepared { refused: Refused { mut request, capture }, question }| {
                if let Some(((live, known), capture)) = question.as_ref().zip(capture.as_ref()) {
                    request.finding = self.finding(live, known, &request, capture);
                }
                let capture = capture.map(|capture| capture.seal(&self.vault, request.id));
                NewRefused { request, capture }
            })
            .collect()
    }

    fn finding(
        &self,
        live: &LiveVendor,
        known: &Known,
        request: &RefusedRequest,
        capture: &Capture,
    ) -> Option<Finding> {
        why::finding(live.preset.as_deref()?, known, capture, &self.public_url, request.received_at)
    }

    /// What a request is compared with to find out why it was refused.
    async fn known(&self, live: &LiveVendor, request: &RefusedRequest, capture: &Capture) -> Known {
        known(self.store.as_ref(), &self.vault, &self.live, live, request, capture, &self.public_url)
            .await
            .unwrap_or_else(|error| {
                tracing::debug!(%error, "a refused request is explained without earlier secrets");
                Known { current: current(live, request), ..Known::default() }
            })
    }
}

fn current(live: &LiveVendor, request: &RefusedRequest) -> Vec<zeroize::Zeroizing<String>> {
    live.secrets_at(request.received_at)
        .into_iter()
        .map(|(_, value)| zeroize::Zeroizing::new(value.to_owned()))
        .collect()
}

/// What a refused request is compared with: the secrets in use, earlier versions, those of the tenant's other
/// vendors, and whether its body is stored already.
///
/// # Errors
/// When the store does not answer.
pub async fn known(
    store: &dyn Store,
    vault: &Vault,
    config: &LiveConfig,
    live: &LiveVendor,
    request: &RefusedRequest,
    capture: &Capture,
    public_url: &str,
) -> Result<Known, StoreError> {
    let mut others = Vec::new();
    for (info, sealed) in store.secret_values_of(live.vendor.id).await? {
        if info.accepts(request.received_at) {
            continue;
        }
        if let Ok(value) = vault.unseal(&purpose::vendor(live.vendor.id), &sealed) {
            others.push(OtherSecret {
                whose: Whose::Earlier { version: info.version, state: info.state },
                value,
            });
        }
    }
    let snapshot = config.now();
    let neighbours = snapshot
        .vendors()
        .filter(|other| other.vendor.tenant_id == live.vendor.tenant_id && other.vendor.id != live.vendor.id);
    for other in neighbours {
        let slug = other.vendor.slug.to_string();
        others.extend(other.secrets_at(request.received_at).into_iter().map(|(_, value)| OtherSecret {
            whose: Whose::OtherVendor { slug: slug.clone() },
            value: zeroize::Zeroizing::new(value.to_owned()),
        }));
    }
    let stored_as = stored_as(store, live, request, capture, public_url).await?;
    Ok(Known { current: current(live, request), others, stored_as })
}

/// The event this very body is stored as.
async fn stored_as(
    store: &dyn Store,
    live: &LiveVendor,
    request: &RefusedRequest,
    capture: &Capture,
    public_url: &str,
) -> Result<Option<EventId>, StoreError> {
    let Some(preset) = live.preset.as_deref() else { return Ok(None) };
    let hash: [u8; 32] = Sha256::digest(&capture.body).into();
    let envelope = capture.with_delivery(public_url, |delivery| delivery.normalize(preset).ok());
    let Some(envelope) = envelope else { return Ok(None) };
    let external_id = event::external_id(preset, &envelope, request.id, &hash);
    store.event_with_body(live.vendor.id, &external_id, hash).await
}
