//! HMAC of the algorithms presets use, and comparing without telling where the difference is.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::Algorithm;

/// The tag of `message`; HMAC-SHA256 for anything that is no HMAC, which loading rules out.
pub(crate) fn hmac(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::HmacSha1 | Algorithm::Twilio => tag::<Hmac<Sha1>>(key, message),
        Algorithm::HmacSha512 => tag::<Hmac<Sha512>>(key, message),
        _ => tag::<Hmac<Sha256>>(key, message),
    }
}

fn tag<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("RFC 2104: HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Remembers which secret fitted, without branching on it before all were tried.
#[derive(Default)]
pub(crate) struct Tally {
    index: u32,
    hit: u8,
}

impl Tally {
    pub(crate) fn record(&mut self, index: usize, fits: Choice) {
        let first = fits & !Choice::from(self.hit);
        self.index = u32::conditional_select(&self.index, &u32::try_from(index).unwrap_or(u32::MAX), first);
        self.hit |= fits.unwrap_u8();
    }

    /// The first secret that fitted.
    pub(crate) fn result(&self) -> Option<usize> {
        (self.hit == 1).then_some(self.index as usize)
    }
}

/// Whether any candidate equals `expected`; every candidate is compared.
pub(crate) fn any_equal(expected: &[u8], candidates: &[Vec<u8>]) -> Choice {
    candidates.iter().fold(Choice::from(0), |any, candidate| any | expected.ct_eq(candidate))
}
