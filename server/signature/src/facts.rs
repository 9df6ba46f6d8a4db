//! What a person wants to know of a preset before using it, in plain words: what the vendor's first request is
//! about, and where its secret comes from.

use crate::Algorithm;
use crate::key_source::KeySource;
use crate::preset::Preset;

/// Where the secret of a vendor comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretOrigin {
    /// Made here, or by the vendor: both ways are usual.
    Either,
    /// Only the vendor can give it.
    Vendor,
    /// The vendor sends it in its first request; a person accepts it.
    FirstRequest,
    /// None is needed: the vendor publishes its keys.
    Published,
}

impl Preset {
    /// Where its secret comes from.
    pub fn secret_origin(&self) -> SecretOrigin {
        if matches!(self.scheme.keys, KeySource::Jwks { .. }) {
            SecretOrigin::Published
        } else if self.scheme.handshake.as_ref().is_some_and(|handshake| handshake.captures.is_some()) {
            SecretOrigin::FirstRequest
        } else if self.secret_is_the_vendors() {
            SecretOrigin::Vendor
        } else {
            SecretOrigin::Either
        }
    }

    /// How the vendor tries an address out, in one sentence; `None` where it sends events only.
    pub fn greeting(&self) -> Option<&'static str> {
        if self.scheme.algorithm == Algorithm::AwsSns {
            return Some("Asks to confirm the subscription; that is done at once, by one request to Amazon.");
        }
        let handshake = self.scheme.handshake.as_ref()?;
        Some(match (handshake.captures.is_some(), handshake.method.as_str(), handshake.unsigned) {
            (true, ..) => "Hands its secret over in the first request; an admin accepts it.",
            (_, "HEAD", _) => "Asks with HEAD whether somebody is there.",
            (_, "GET", _) => "Asks with GET and wants its challenge answered.",
            (_, _, true) => "Sends an unsigned test first and wants it answered.",
            _ => "Sends a signed challenge first and wants it answered.",
        })
    }
}
