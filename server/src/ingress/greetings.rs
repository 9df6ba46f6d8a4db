//! What comes after a vendor's greeting was answered: noting it, keeping a secret it handed over for a person's yes,
//! and making the one request it asked for. Never in the way of the answer, and bounded: what does not fit is dropped.
//!
//! A secret that came with an unsigned request is believed by nobody here. It is sealed and waits; an admin accepts
//! it, or not. The first few of a day are kept, so that whoever floods the address pushes nothing out.

use crate::{
    by_itself,
    clock::{SharedClock, fresh},
    delivery::outbound::Outbound,
    live::{LiveVendor, purpose},
    vault::Vault,
};
use domain::{
    connection::{FollowUp, OFFER_LASTS, OfferedSecret},
    id::{OfferId, RequestId, VendorId},
    time::Timestamp,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::Store;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Greetings that may wait to be written.
const MAX_WAITING: usize = 1_000;
/// A flood of greetings costs one transaction per vendor and this time.
const WRITE_EVERY: Duration = Duration::from_millis(100);
/// Offers that wait per vendor.
const OFFERS: i64 = 5;
/// Longest a completing request may take.
const ASK: Duration = Duration::from_secs(10);
/// Most of its answer that is read.
const ANSWER: usize = 16 * 1024;

/// One greeting that was answered.
struct Greeting {
    vendor: Arc<LiveVendor>,
    request: RequestId,
    at: Timestamp,
    offered: Option<Zeroizing<String>>,
    follow_up: Option<String>,
}

/// Where greetings go.
#[derive(Clone)]
pub struct GreetingLog {
    queue: mpsc::Sender<Greeting>,
}

/// What the writer works with.
pub struct Greeter {
    /// Where it is noted.
    pub store: Arc<dyn Store>,
    /// Seals what was handed over.
    pub vault: Arc<Vault>,
    /// The way out.
    pub outbound: Outbound,
    /// The time.
    pub clock: SharedClock,
}

impl GreetingLog {
    /// Starts the writer; it ends with the last sender.
    pub fn start(greeter: Greeter) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, mut waiting) = mpsc::channel(MAX_WAITING);
        let writer = tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, MAX_WAITING).await > 0 {
                greeter.write(std::mem::take(&mut batch)).await;
                tokio::time::sleep(WRITE_EVERY).await;
            }
        });
        (Self { queue }, writer)
    }

    /// Notes a greeting that is being answered, if there is room.
    pub fn note(
        &self,
        vendor: &Arc<LiveVendor>,
        request: RequestId,
        at: Timestamp,
        reply: &signature::Reply,
    ) {
        let greeting = Greeting {
            vendor: vendor.clone(),
            request,
            at,
            offered: reply.captured_secret.clone().map(Zeroizing::new),
            follow_up: reply.follow_up.as_ref().map(|signature::FollowUp::Get(url)| url.clone()),
        };
        if self.queue.try_send(greeting).is_err() {
            metrics::counter!("tidegate_greetings_not_kept_total").increment(1);
        }
    }
}

impl Greeter {
    async fn write(&self, batch: Vec<Greeting>) {
        let mut counted: HashMap<VendorId, (i64, Timestamp)> = HashMap::new();
        for greeting in &batch {
            let (times, last) = counted.entry(greeting.vendor.vendor.id).or_insert((0, greeting.at));
            *times += 1;
            *last = (*last).max(greeting.at);
        }
        for greeting in &batch {
            if let Some(secret) = &greeting.offered
                && let Err(error) = self.offer(greeting, secret).await
            {
                tracing::warn!(%error, vendor = %greeting.vendor.vendor.slug, "a secret that was handed over could not be kept");
            }
        }
        // After the offers, so that whoever sees a greeting counted finds what it brought; before the requests, which
        // may take long.
        for (vendor, (times, at)) in counted {
            if let Err(error) = self.store.note_greetings(vendor, times, at).await {
                tracing::warn!(%error, "greetings of a vendor could not be noted");
            }
        }
        let mut asked = Vec::new();
        for greeting in &batch {
            if let Some(url) = &greeting.follow_up
                && !asked.contains(&url)
            {
                asked.push(url);
                self.follow_up(greeting, url).await;
            }
        }
    }

    /// Keeps an offered secret, unless it waits already or is in use.
    async fn offer(&self, greeting: &Greeting, secret: &str) -> Result<(), store::StoreError> {
        let live = &greeting.vendor;
        let id = live.vendor.id;
        if live.secrets_at(greeting.at).iter().any(|(_, known)| *known == secret) {
            return Ok(());
        }
        self.store.forget_offers(greeting.at.plus(-OFFER_LASTS)).await?;
        let waiting = self.store.offers(id, Timestamp(i64::MIN)).await?;
        let known = waiting.iter().any(|(_, sealed)| {
            self.vault.unseal(&purpose::offer(id), sealed).is_ok_and(|value| value.as_str() == secret)
        });
        if known {
            return Ok(());
        }
        let offer = OfferedSecret {
            id: OfferId::new(fresh()),
            vendor_id: id,
            request_id: greeting.request,
            offered_at: greeting.at,
        };
        let kept =
            self.store.offer_secret(&offer, &self.vault.seal(&purpose::offer(id), secret), OFFERS).await?;
        tracing::info!(vendor = %live.vendor.slug, request.id = %greeting.request, kept, "a secret was offered and waits for an admin");
        Ok(())
    }

    /// Makes the one request that completes a greeting. Its address is the vendor's own, as crate `signature` has
    /// checked; it is asked once, because whoever wants it again sends the greeting again.
    async fn follow_up(&self, greeting: &Greeting, url: &str) {
        let live = &greeting.vendor;
        let (ok, words) = match self.outbound.check(url) {
            Ok(url) => {
                let request = self.outbound.client().get(url);
                match self.outbound.send_within(request, "the vendor", ASK, ANSWER).await {
                    Ok(answer) if answer.is_success() => {
                        (true, "The vendor took the confirmation.".to_owned())
                    }
                    Ok(answer) => {
                        (false, format!("The vendor answered {} to the confirmation.", answer.status))
                    }
                    Err(failure) => (false, failure.words),
                }
            }
            Err(failure) => (false, failure.words),
        };
        let now = self.clock.now();
        tracing::info!(vendor = %live.vendor.slug, request.id = %greeting.request, ok, words, "a subscription was confirmed or not");
        let of = &live.vendor;
        let audit = by_itself::audit(now, of.tenant_id, "vendor.confirm", &of.slug, words.as_str());
        let outcome = FollowUp { at: now, ok, words };
        if let Err(error) = self.store.note_follow_up(live.vendor.id, &outcome, &audit).await {
            tracing::warn!(%error, "what came of a confirmation could not be noted");
        }
    }
}
