//! How vendors sign webhooks, as data, and the one interpreter that checks them.
//!
//! | module | owns |
//! |---|---|
//! | `preset`, `definition`, `options` | the catalogue in `presets/`, custom schemes, per-vendor overrides |
//! | `scheme`, `selector`, `template` | a definition compiled once into something quick to run |
//! | `delivery` | one request, parsed at most once, and where values are found in it |
//! | `verify`, `mac`, `asymmetric` | the verdict on schemes that are data |
//! | `twilio`, `gemini`, `plaid`, `sns`, `adyen`, `jwt` | the verdict on schemes that are code |
//! | `altered`, `diagnose`, `guess`, `spelling` | why a signature does not fit, for a person |
//! | `key`, `key_source` | secret text to key bytes, checking and making secrets; where vendors publish keys |
//! | `certificate` | whether a fetched certificate is the vendor's: chain, name, time |
//! | `once` | values that must not come again with other content |
//! | `facts` | what a person wants to know of a preset |
//! | `handshake`, `handshake_rule` | set-up requests and their replies |
//! | `normalize`, `timestamp` | what an accepted request says |
//! | `sign`, `sample` | the vendor's side, for test traffic |
//! | `recipe` | how to sign, told to whoever builds a sender |
//!
//! Pure: no clock, no randomness, no network. Replay memory, fetching keys or certificates and
//! rate limits belong to the callers.

mod adyen;
mod altered;
mod asymmetric;
mod certificate;
mod definition;
mod delivery;
mod diagnose;
mod facts;
mod gemini;
mod guess;
mod handshake;
mod handshake_rule;
mod jwt;
mod key;
mod key_source;
mod mac;
mod normalize;
mod once;
mod options;
mod plaid;
mod preset;
mod recipe;
mod refusal;
mod sample;
mod scheme;
mod selector;
mod sign;
mod sns;
mod spelling;
mod template;
mod timestamp;
mod twilio;
mod verify;

pub use asymmetric::certificate_url;
pub use certificate::{CertificateFault, TrustedCertificate, check_certificate, issuer_der};
pub use definition::{Algorithm, ContentKind, OptionName};
pub use delivery::{Delivery, Request};
pub use diagnose::{Likely, diagnose};
pub use facts::SecretOrigin;
pub use handshake::{FollowUp, Reply, handshake};
pub use key::{check_secret, generate_secret};
pub use key_source::{KeyNeed, KeySource, holds_key, key_id, key_need, key_source};
pub use normalize::{Envelope, normalize};
pub use once::Once;
pub use preset::{Preset, preset, presets};
pub use refusal::Refusal;
pub use sample::{sample_body, sample_type};
pub use scheme::Scheme;
pub use sign::{Sample, SignError, Signed, sign};
pub use verify::{Verified, verify};
