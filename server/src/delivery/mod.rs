//! Bringing results to where they belong. Every call carries an idempotency key, so that the far side sees a
//! repeated one once.
//!
//! - [`outbound`]: the HTTP client all outgoing calls use; [`guard`]: the addresses it refuses; [`redirect`]: where it goes on
//! - [`wordpress`]: posts, with our plugin or without
//! - [`endpoint`]: what every call to an HTTP endpoint carries: headers, key, signatures
//! - [`callback`]: our message about a result; [`forward`]: a body a rule makes, or the event's own
//! - [`headers`]: which headers an endpoint can be given
//! - [`probe`]: asking a destination whether it would take a result

pub mod callback;
pub mod endpoint;
pub mod forward;
pub mod guard;
pub mod headers;
pub mod outbound;
pub mod probe;
pub mod redirect;
pub mod wordpress;

use crate::tokens::Tokens;
use domain::{
    event::Event,
    id::{DestinationId, JobId},
    job::Usage,
    time::Timestamp,
};
use outbound::Outbound;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use wordpress::{Gather, Plugin, Sites, offers::Offers};

/// What is delivered.
#[derive(Debug)]
pub struct Package {
    /// What the far side knows it by.
    pub external_id: String,
    /// The delivering job.
    pub job_id: JobId,
    /// The event behind it.
    pub event: Event,
    /// The event's vendor.
    pub vendor: String,
    /// The same for every try of one delivery.
    pub idempotency_key: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
    /// Model that wrote the text.
    pub model: Option<String>,
    /// What the text cost.
    pub usage: Usage,
    /// Decides which of two results about one subject is newer.
    pub occurred_at: Timestamp,
    /// How often the number of those it may go with in one call is halved.
    pub halvings: u32,
}

/// All ways to deliver.
pub struct Delivery {
    outbound: Outbound,
    sites: Sites,
    plugin: Arc<Plugin>,
    gather: Arc<Gather>,
    offers: Arc<Offers>,
    tokens: Arc<Tokens>,
    /// Sites found to be without our plugin, so that each post needs no second look. Forgotten at restart.
    without_plugin: Mutex<HashMap<DestinationId, Timestamp>>,
}

impl Delivery {
    /// Calls go out through `outbound`; sites that believe our tokens are shown those of `tokens`.
    pub fn new(outbound: Outbound, tokens: Arc<Tokens>) -> Self {
        let sites = Sites::new(outbound.clone(), tokens.clone());
        let offers = Arc::new(Offers::default());
        let plugin = Arc::new(Plugin { sites: sites.clone(), offers: offers.clone() });
        let gather = Gather::new(plugin.clone());
        Self { outbound, sites, plugin, gather, offers, tokens, without_plugin: Mutex::default() }
    }

    /// What sites without a password of ours are shown.
    pub const fn tokens(&self) -> &Arc<Tokens> {
        &self.tokens
    }

    /// How many posts each site takes in one call.
    pub const fn offers(&self) -> &Arc<Offers> {
        &self.offers
    }

    fn is_without_plugin(&self, id: DestinationId, now: Timestamp) -> bool {
        let known = self.without_plugin.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).is_some_and(|seen| now.since(*seen) < domain::time::HOUR)
    }

    fn note_without_plugin(&self, id: DestinationId, now: Timestamp) {
        self.without_plugin.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
    }
}
