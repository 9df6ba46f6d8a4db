//! Plaid's scheme: a token under one of Plaid's keys with the hash of the body.
//! <https://plaid.com/docs/api/webhooks/webhook-verification/>

use subtle::ConstantTimeEq as _;

use crate::delivery::Delivery;
use crate::jwt::{self, Alg};
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::verify::Verified;

/// Seconds a token counts, to both sides.
const TOLERANCE: i64 = 300;

pub(crate) fn verify(
    delivery: &Delivery<'_>,
    scheme: &Scheme,
    secrets: &[&str],
    now_unix: i64,
) -> Result<Verified, Refusal> {
    let token = jwt::verify(delivery, &scheme.signature.from, Alg::Es256, secrets, now_unix)?;
    let issued = token.claims["iat"].as_i64().ok_or(Refusal::TimestampFormat)?;
    let age = now_unix.saturating_sub(issued);
    if age > TOLERANCE {
        return Err(Refusal::TimestampStale { seconds: age });
    }
    if age < -TOLERANCE {
        return Err(Refusal::TimestampFuture { seconds: age.saturating_neg() });
    }
    let said = token.claims["request_body_sha256"].as_str().ok_or(Refusal::BodyUnbound)?;
    let hash = delivery.body_sha256();
    if bool::from(said.as_bytes().ct_eq(hash.as_bytes())) {
        Ok(Verified { secret_index: token.secret_index, timestamp_unix: Some(issued) })
    } else {
        Err(Refusal::SignatureMismatch)
    }
}
