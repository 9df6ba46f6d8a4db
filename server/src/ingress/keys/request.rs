//! What of a vendor's keys one request needs, and getting it.

use super::{Keyring, NotAtHand, Source, WAIT, Wanted};
use crate::{http::problem::Problem, live::LiveVendor};
use axum::http::StatusCode;
use domain::time::Timestamp;
use signature::{KeyNeed, KeySource, Preset};
use std::{sync::Arc, time::Duration};

/// The code when a vendor's key is not at hand.
pub const UNAVAILABLE: &str = "keys_unavailable";

/// The keys one request is judged with, besides the configured secrets.
#[derive(Default)]
pub struct Keys {
    /// Takes the place of the secrets.
    pub set: Option<Arc<str>>,
    /// The vendor's certificate, checked.
    pub certificate: Option<Arc<str>>,
    /// What to ask for when no key of the set fits: set where requests name no key.
    again: Option<Wanted>,
}

/// The key a request needs, found out before anything is awaited.
pub struct Needed {
    wanted: Option<Wanted>,
    key_id: Option<String>,
}

/// What `request` needs.
///
/// # Errors
/// When it cannot be the vendor's whatever the keys are.
pub fn needed(
    live: &LiveVendor,
    preset: &Arc<Preset>,
    request: &signature::Request<'_>,
    now: Timestamp,
) -> Result<Needed, signature::Refusal> {
    let secrets: Vec<&str> = live.secrets_at(now).into_iter().map(|(_, value)| value).collect();
    let wanted =
        |source, credentials| Wanted { source, preset: preset.clone(), credentials, vendor: live.vendor.id };
    Ok(match (signature::key_need(preset, &secrets, request)?, signature::key_source(preset)) {
        (KeyNeed::Set { key_id }, KeySource::Jwks { url, .. }) => {
            Needed { wanted: Some(wanted(Source::Set { url }, Vec::new())), key_id }
        }
        (KeyNeed::Key { key_id, credentials }, KeySource::JwkById { url, .. }) => {
            let credentials = credentials
                .into_iter()
                .map(|(name, secret)| (name, zeroize::Zeroizing::new(secret)))
                .collect();
            let source = Source::Key { url, vendor: live.vendor.id, key_id };
            Needed { wanted: Some(wanted(source, credentials)), key_id: None }
        }
        (KeyNeed::Certificate { url }, _) => {
            Needed { wanted: Some(wanted(Source::Certificate { url }, Vec::new())), key_id: None }
        }
        _ => Needed { wanted: None, key_id: None },
    })
}

impl Needed {
    /// Gets it.
    ///
    /// # Errors
    /// 503 with the time after which another try may succeed.
    pub async fn obtain(self, ring: &Arc<Keyring>) -> Result<Keys, Problem> {
        self.obtain_within(ring, WAIT).await.map_err(|later| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                UNAVAILABLE,
                "The vendor's own key for this signature is not at hand yet. Nothing was kept; send it again.",
            )
            .retry_after(later.seconds)
        })
    }

    /// The same for somebody with another patience than a vendor's.
    ///
    /// # Errors
    /// When it is not at hand in time.
    pub async fn obtain_within(self, ring: &Arc<Keyring>, patience: Duration) -> Result<Keys, NotAtHand> {
        let Some(wanted) = self.wanted else { return Ok(Keys::default()) };
        let text = ring.obtain_within(wanted.clone(), self.key_id.as_deref(), patience).await?;
        Ok(match wanted.source {
            Source::Certificate { .. } => Keys { certificate: Some(text), ..Keys::default() },
            Source::Key { .. } => Keys { set: Some(text), ..Keys::default() },
            Source::Set { .. } => {
                let again = self.key_id.is_none().then_some(wanted);
                Keys { set: Some(text), again, ..Keys::default() }
            }
        })
    }
}

impl Keys {
    /// Newer keys, when `problem` says that none of these fits and newer ones can be had.
    pub async fn renewed(&self, ring: &Arc<Keyring>, problem: &Problem) -> Option<Self> {
        self.renewed_within(ring, problem.code, WAIT).await
    }

    /// The same by the code of the refusal, for somebody with another patience than a vendor's.
    pub async fn renewed_within(&self, ring: &Arc<Keyring>, code: &str, patience: Duration) -> Option<Self> {
        let (Some(again), Some(old), "signature_mismatch") = (&self.again, &self.set, code) else {
            return None;
        };
        let set = ring.renewed_within(again.clone(), old, patience).await?;
        Some(Self { set: Some(set), ..Self::default() })
    }
}
