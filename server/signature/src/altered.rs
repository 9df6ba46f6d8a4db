//! Explains a mismatch: does the signature fit the same body written differently? Something on the way
//! then rewrote the body. It names the cause only; the request stays refused.

use serde::de::IgnoredAny;

use crate::spelling::{Change, LIMIT, spellings};
use crate::verify::Attempt;

/// Bytes to sign at most for one explanation, since anybody may ask for one with a bad signature.
const BUDGET: usize = 3 * 512 * 1024;

pub(crate) fn explains(attempt: &Attempt<'_, '_>) -> bool {
    attempt.scheme.algorithm.is_hmac() && change(attempt, BUDGET).is_some()
}

/// How the body was changed on its way, if that is why the signature does not fit.
pub(crate) fn change(attempt: &Attempt<'_, '_>, mut budget: usize) -> Option<Change> {
    let body = attempt.delivery.request.body;
    let scheme = attempt.scheme;
    if !scheme.signed.covers_body() || scheme.signed.covers_crc() || body.len() > LIMIT {
        return None;
    }
    let json = !attempt.delivery.is_form() && serde_json::from_slice::<IgnoredAny>(body).is_ok();
    for (change, other) in spellings(body, json) {
        let cost = (other.len() + 64) * attempt.secrets.len();
        budget = budget.checked_sub(cost)?;
        if matches!(attempt.run(&other), Ok(Some(_))) {
            return Some(change);
        }
    }
    None
}
