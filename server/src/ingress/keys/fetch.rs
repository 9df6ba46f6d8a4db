//! Asking a vendor for a key and believing the answer: addresses of the preset only, no redirects, through the
//! address guard, small answers, a certificate only with a chain to a trusted root.

use super::{Fetch, Fetched, Source, Wanted};
use crate::{clock::SharedClock, delivery::outbound::Outbound, trust::Trust};
use async_trait::async_trait;
use domain::time::{SECOND, Timestamp};
use reqwest::RequestBuilder;
use signature::{CertificateFault, KeySource, Preset};
use std::{sync::Arc, time::Duration};

/// Longest to a whole answer.
const ASK: Duration = Duration::from_secs(4);
/// Longest for everything one key needs.
const WHOLE: Duration = Duration::from_secs(10);
/// Largest key set or certificate file.
const MAX_ANSWER: usize = 64 * 1024;
/// Certificates fetched to complete one chain.
const MAX_ISSUERS: usize = 3;

/// Fetches keys over HTTPS.
pub struct Fetcher {
    /// The way out.
    pub outbound: Outbound,
    /// Whom certificates must come from in the end.
    pub trust: Arc<Trust>,
    /// The time.
    pub clock: SharedClock,
}

#[async_trait]
impl Fetch for Fetcher {
    async fn fetch(&self, wanted: &Wanted) -> Result<Fetched, String> {
        let fetched = tokio::time::timeout(WHOLE, async {
            match &wanted.source {
                Source::Set { url } => self.set(url, &wanted.preset).await,
                Source::Key { url, key_id, .. } => self.key(url, key_id, wanted).await,
                Source::Certificate { url } => self.certificate(url, &wanted.preset).await,
            }
        });
        fetched.await.unwrap_or_else(|_| Err("no answer within 10 s".to_owned()))
    }
}

impl Fetcher {
    async fn set(&self, url: &str, preset: &Preset) -> Result<Fetched, String> {
        let text = utf8(self.ask(self.outbound.client().get(url), url).await?)?;
        signature::check_secret(preset, &text)
            .map_err(|_| format!("what {} answered is no key set with a key of this kind", host(url)))?;
        Ok(self.kept(text, max_age(preset), None))
    }

    /// Plaid's way: one key for each id, for the account's own credentials.
    async fn key(&self, url: &str, key_id: &str, wanted: &Wanted) -> Result<Fetched, String> {
        let mut last = "no credentials are configured".to_owned();
        // Old and new credentials are both tried while one replaces the other.
        for (name, secret) in &wanted.credentials {
            let question =
                serde_json::json!({"client_id": name, "secret": secret.as_str(), "key_id": key_id});
            match self.ask(self.outbound.client().post(url).json(&question), url).await {
                Ok(answer) => {
                    let text = utf8(answer)?;
                    let fits = signature::check_secret(&wanted.preset, &text).is_ok();
                    let key: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                    let set = serde_json::json!({"keys": [key["key"]]}).to_string();
                    if fits && signature::holds_key(&set, key_id) {
                        return Ok(self.kept(set, max_age(&wanted.preset), None));
                    }
                    last = format!("what {} answered is not the key that was asked for", host(url));
                }
                Err(words) => last = words,
            }
        }
        Err(last)
    }

    async fn certificate(&self, url: &str, preset: &Preset) -> Result<Fetched, String> {
        let pem = utf8(self.ask(self.outbound.client().get(url), url).await?)?;
        let source = signature::key_source(preset);
        let mut issuers: Vec<Vec<u8>> = Vec::new();
        loop {
            let now = self.clock.now().unix();
            match signature::check_certificate(&source, &pem, &issuers, self.trust.anchors(), now) {
                Ok(good) => return Ok(self.kept(pem, max_age(preset), Some(good.not_after_unix))),
                Err(CertificateFault::IssuerMissing { url }) if issuers.len() < MAX_ISSUERS => {
                    let answer = self.ask(self.outbound.client().get(url.as_str()), &url).await?;
                    let issuer = signature::issuer_der(&answer);
                    let issuer = issuer.filter(|der| !issuers.contains(der));
                    issuers.push(issuer.ok_or_else(|| format!("{} gave no certificate", host(&url)))?);
                }
                Err(fault) => {
                    return Err(format!("the certificate of {} is not believed: {fault}", host(url)));
                }
            }
        }
    }

    /// The whole answer to one question, when it is a success and small.
    async fn ask(&self, request: RequestBuilder, url: &str) -> Result<Vec<u8>, String> {
        self.outbound.check(url).map_err(|failure| failure.words)?;
        let answer =
            self.outbound.send_within(request, host(url), ASK, MAX_ANSWER + 1).await.map_err(|f| f.words)?;
        match answer.status {
            200 if answer.body.len() <= MAX_ANSWER => Ok(answer.body),
            200 => Err(format!("the answer of {} is larger than {MAX_ANSWER} bytes", host(url))),
            status => Err(format!("{status} from {}", host(url))),
        }
    }

    fn kept(&self, text: String, max_age_secs: u32, not_after_unix: Option<i64>) -> Fetched {
        let until = self.clock.now().plus(i64::from(max_age_secs) * SECOND);
        let until = match not_after_unix {
            Some(end) => until.min(Timestamp::from_unix(end)),
            None => until,
        };
        Fetched { text: text.into(), until }
    }
}

fn max_age(preset: &Preset) -> u32 {
    match signature::key_source(preset) {
        KeySource::Jwks { max_age_secs, .. }
        | KeySource::JwkById { max_age_secs, .. }
        | KeySource::CertificateUrl { max_age_secs, .. } => max_age_secs,
        KeySource::None => 0,
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "the answer is no text".to_owned())
}

/// The host of an address, for people.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}
