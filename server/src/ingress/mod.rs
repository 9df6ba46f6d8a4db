//! The way of one webhook from the socket to its 202. Between a sender and its answer stand one signature check, one
//! look at the body and one commit. Calls out for one thing only, and waits for it no more than two seconds: a key
//! of the vendor's that is not at hand yet.
//!
//! - [`receive`]: the HTTP side, one request from method check to answer
//! - [`guard`]: what a request must look like before anything in it is believed
//! - [`keys`]: the keys vendors publish
//! - [`once`]: values that count once
//! - [`greetings`]: what comes after a vendor tried the address out
//! - [`rules`]: which jobs an event starts; [`unique`]: by what their work is known
//! - [`limiter`], [`pressure`]: how many are taken, by time and by what waits already
//! - [`room`]: how much memory bodies may take
//! - [`commit`]: the group commit across requests
//! - [`redact`]: what of a request is never kept
//! - [`event`]: the event a request becomes
//! - [`refused`]: keeping what was turned away; [`capture`]: the request itself; [`why`]: the likely cause

pub mod capture;
pub mod commit;
pub mod event;
pub mod greetings;
pub mod guard;
pub mod keys;
pub mod limiter;
pub mod once;
pub mod pressure;
pub mod receive;
pub mod redact;
pub mod refused;
pub mod room;
pub mod rules;
pub mod unique;
pub mod why;

use crate::{
    clock::SharedClock, http::client::TrustedProxies, live::LiveConfig, schema::catalogue::Catalogue,
    stats::Stats,
};
use domain::policy::Rate;
use std::sync::Arc;
use store::Store;

/// What ingress works with.
pub struct Ingress {
    /// Vendors, secrets and rules.
    pub live: Arc<LiveConfig>,
    /// Where events are stored.
    pub committer: commit::Committer,
    /// Where refused requests are kept.
    pub refused: refused::RefusedLog,
    /// Keys that vendors publish.
    pub keys: Arc<keys::Keyring>,
    /// Where answered greetings are noted.
    pub greetings: greetings::GreetingLog,
    /// Remembers across nodes what counts once.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// Counters.
    pub stats: Arc<Stats>,
    /// Which event types were seen.
    pub catalogue: Arc<Catalogue>,
    /// How the outside reaches this server; some vendors sign the URL.
    pub public_url: String,
    /// How full the queue is.
    pub pressure: Arc<pressure::Pressure>,
    /// Token buckets.
    pub limiter: Arc<limiter::Limiter>,
    /// How many requests the whole installation takes; any number when `None`.
    pub rate: Option<Rate>,
    /// Memory for bodies.
    pub room: room::Room,
    /// Whose word about the client's address is taken.
    pub proxies: TrustedProxies,
}
