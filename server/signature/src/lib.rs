//! How vendors sign webhooks, as data, and the one interpreter that checks them.
//!
//! | module | owns |
//! |---|---|
//! | `preset`, `definition`, `options` | the catalogue `presets.toml`, custom schemes, per-vendor overrides |
//! | `scheme`, `selector`, `template` | a definition compiled once into something quick to run |
//! | `delivery` | one request, parsed at most once, and where values are found in it |
//! | `verify`, `mac`, `asymmetric`, `twilio`, `altered` | the verdict |
//! | `key` | secret text to key bytes, checking and making secrets |
//! | `normalize`, `handshake`, `timestamp` | what an accepted request says, and set-up replies |
//! | `sign`, `sample` | the vendor's side, for test traffic |
//!
//! Pure: no clock, no randomness, no network. Replay memory, fetching keys or certificates and
//! rate limits belong to the callers.

mod altered;
mod asymmetric;
mod definition;
mod delivery;
mod handshake;
mod key;
mod mac;
mod normalize;
mod options;
mod preset;
mod refusal;
mod sample;
mod scheme;
mod selector;
mod sign;
mod template;
mod timestamp;
mod twilio;
mod verify;

pub use asymmetric::certificate_url;
pub use definition::{Algorithm, ContentKind, OptionName};
pub use delivery::{Delivery, Request};
pub use handshake::{Reply, handshake};
pub use key::{check_secret, generate_secret};
pub use normalize::{Envelope, normalize};
pub use preset::{Preset, preset, presets};
pub use refusal::Refusal;
pub use sample::{sample_body, sample_type};
pub use scheme::Scheme;
pub use sign::{Sample, SignError, Signed, sign};
pub use verify::{Verified, verify};
