//! The verdict on a kept request: the interpreter that ingress uses, with the secrets and the vendor's keys of now, and
//! the clock of then. A key that is not in this process's memory is fetched once, for which a person waits longer than a
//! vendor would.

use super::Services;
use crate::{
    ingress::{
        capture::Capture,
        keys::{
            NotAtHand,
            request::{UNAVAILABLE, needed},
        },
    },
    live::LiveVendor,
};
use domain::{refusal::Recheck, time::Timestamp};
use signature::Refusal;
use std::{sync::Arc, time::Duration};

/// How long a person waits for a key: longer than the longest fetch.
const PATIENCE: Duration = Duration::from_secs(12);

/// What the interpreter says of a kept request.
pub(super) enum Judged {
    /// It would be accepted: it fits this version of the secret, or a key the vendor publishes.
    Fits(Option<i32>),
    /// It would be refused again.
    Refused(Refusal),
    /// The vendor's preset cannot be used.
    NoPreset,
    /// Nobody can say: the vendor's own key could not be had.
    NoKey {
        /// Seconds after which another try may find it.
        seconds: u64,
        /// What went wrong, where that is known.
        failure: Option<String>,
    },
}

impl Judged {
    /// A code and a sentence for people.
    pub(super) fn in_words(self) -> (String, String) {
        match self {
            Self::Fits(version) => {
                let whose = match version {
                    Some(version) => format!("version {version} of the secret"),
                    None => "a key that the vendor publishes".to_owned(),
                };
                let words = format!("The signature fits {whose}. The request would have been accepted.");
                (Recheck::VALID.to_owned(), words)
            }
            Self::Refused(refusal) => (refusal.code().to_owned(), refusal.detail()),
            Self::NoPreset => ("unknown_preset".to_owned(), "The vendor's preset cannot be used.".to_owned()),
            Self::NoKey { seconds, failure } => {
                let why = failure.map(|words| format!(" ({words})")).unwrap_or_default();
                let words = format!(
                    "The vendor's own keys could not be fetched{why}, so nothing is known yet. Check again in {seconds} s."
                );
                (UNAVAILABLE.to_owned(), words)
            }
        }
    }
}

impl Services {
    /// The verdict on a request that came `then`.
    pub(super) async fn judge(&self, live: &Arc<LiveVendor>, capture: &Capture, then: Timestamp) -> Judged {
        let Some(preset) = &live.preset else { return Judged::NoPreset };
        let now = self.clock.now();
        let wanted = capture.with_request(&self.public_url, |request| needed(live, preset, request, now));
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(refusal) => return Judged::Refused(refusal),
        };
        let mut keys = match wanted.obtain_within(&self.keys, PATIENCE).await {
            Ok(keys) => keys,
            Err(NotAtHand { seconds }) => {
                let failure = self.keys.standing(live.vendor.id, preset).failure;
                return Judged::NoKey { seconds, failure };
            }
        };
        let check = |set: Option<&str>, certificate: Option<&str>| -> Result<Option<i32>, Refusal> {
            let secrets = match set {
                // Fetched keys are no version of a secret.
                Some(_) => Vec::new(),
                None => live.secrets_at(now),
            };
            let values: Vec<&str> = match set {
                Some(set) => vec![set],
                None => secrets.iter().map(|(_, value)| *value).collect(),
            };
            let verified = capture.check_under(preset, &values, certificate, &self.public_url, then)?;
            Ok(secrets.get(verified.secret_index).map(|(version, _)| *version))
        };
        let mut judged = check(keys.set.as_deref(), keys.certificate.as_deref());
        if let Err(refusal) = &judged
            && let Some(newer) = keys.renewed_within(&self.keys, refusal.code(), PATIENCE).await
        {
            keys = newer;
            judged = check(keys.set.as_deref(), keys.certificate.as_deref());
        }
        judged.map_or_else(Judged::Refused, Judged::Fits)
    }
}
