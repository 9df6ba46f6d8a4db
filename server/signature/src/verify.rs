//! The verdict on a request. Every candidate signature is tried against every secret before the answer
//! is known, so timing does not tell which one was close.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::definition::{Encoding, SignatureDefinition};
use crate::delivery::{Delivery, Request};
use crate::handshake_rule::Handshake;
use crate::mac::{self, Tally};
use crate::preset::Preset;
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::template::{Context, missing};
use crate::{Algorithm, adyen, altered, asymmetric, gemini, key, plaid, sns, timestamp, twilio};

/// What an authentic request proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Which of the given secrets fitted.
    pub secret_index: usize,
    /// The signed timestamp, where the scheme has one.
    pub timestamp_unix: Option<i64>,
}

/// Checks a request against every secret of the vendor.
pub fn verify(
    preset: &Preset,
    secrets: &[&str],
    request: &Request<'_>,
    now_unix: i64,
) -> Result<Verified, Refusal> {
    Delivery::new(*request).verify(preset, secrets, now_unix)
}

impl Delivery<'_> {
    /// As [`verify`], keeping what was parsed.
    pub fn verify(&self, preset: &Preset, secrets: &[&str], now_unix: i64) -> Result<Verified, Refusal> {
        let scheme = &preset.scheme;
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(Refusal::NoSecret);
        }
        match scheme.algorithm {
            Algorithm::Twilio => return accept(twilio::verify(self, secrets)?, None),
            Algorithm::GeminiJwt => return gemini::verify(self, scheme, secrets, now_unix),
            Algorithm::PlaidJwt => return plaid::verify(self, scheme, secrets, now_unix),
            Algorithm::AwsSns => return sns::verify(self, scheme, secrets, now_unix),
            Algorithm::Adyen => return adyen::verify(self, scheme, secrets),
            _ => {}
        }
        if scheme.refuse_empty_body && self.request.body.is_empty() {
            return Err(Refusal::EmptyBody);
        }
        // The handshake signs short texts for anybody; none of them begins like this.
        if scheme.handshake.as_ref().is_some_and(Handshake::signs_for_strangers)
            && !self.request.body.trim_ascii_start().starts_with(b"{")
        {
            return Err(Refusal::BodyNotJson);
        }
        if scheme.algorithm == Algorithm::SharedSecret {
            let from = &scheme.signature.from;
            let found = self.find(from, &[], scheme.json_in_form.as_deref())?.ok_or_else(|| missing(from))?;
            if found.bytes.is_empty() || found.number {
                return Err(Refusal::SignatureMalformed);
            }
            return accept(shared_secret(&found.bytes, secrets), None);
        }
        let evidence = self.evidence(scheme)?;
        self.require(scheme, &evidence)?;
        if let Some((place, ours)) = scheme.account.as_ref().zip(scheme.audience.as_ref()) {
            let said = self.find(place, &evidence.labels, scheme.json_in_form.as_deref())?;
            if said.ok_or_else(|| missing(place))?.bytes.as_ref() != ours.as_bytes() {
                return Err(Refusal::AudienceMismatch);
            }
        }
        let (text, unix) = self.timestamp(scheme, &evidence, now_unix)?;
        let attempt = Attempt { delivery: self, scheme, secrets, evidence: &evidence, timestamp: &text };
        match attempt.run(self.request.body)? {
            Some(index) => accept(Some(index), unix),
            None if altered::explains(&attempt) => Err(Refusal::BodyAltered),
            None => Err(Refusal::SignatureMismatch),
        }
    }

    pub(crate) fn evidence(&self, scheme: &Scheme) -> Result<Evidence, Refusal> {
        let in_form = scheme.json_in_form.as_deref();
        let mut texts = Vec::new();
        for at in std::iter::once(&scheme.signature.from).chain(&scheme.signature.also) {
            let Some(found) = self.find(at, &[], in_form)? else { continue };
            if found.number {
                return Err(Refusal::SignatureMalformed);
            }
            texts.push(found.as_str().ok_or(Refusal::SignatureMalformed)?.to_owned());
        }
        if texts.is_empty() {
            return Err(missing(&scheme.signature.from));
        }
        Evidence::parse(&scheme.signature.written, &texts)
    }

    pub(crate) fn require(&self, scheme: &Scheme, evidence: &Evidence) -> Result<(), Refusal> {
        for selector in &scheme.require {
            match self.find(selector, &evidence.labels, scheme.json_in_form.as_deref())? {
                Some(found) if !found.bytes.is_empty() => {}
                _ => return Err(missing(selector)),
            }
        }
        Ok(())
    }

    pub(crate) fn timestamp(
        &self,
        scheme: &Scheme,
        evidence: &Evidence,
        now_unix: i64,
    ) -> Result<(String, Option<i64>), Refusal> {
        let Some(rule) = &scheme.timestamp else { return Ok((String::new(), None)) };
        let found = self.find(&rule.from, &evidence.labels, scheme.json_in_form.as_deref())?;
        let found = found.ok_or_else(|| missing(&rule.from))?;
        let text = timestamp::text(rule, &found)?;
        let unix = timestamp::check(rule, text, now_unix)?;
        Ok((text.to_owned(), Some(unix)))
    }
}

fn accept(secret: Option<usize>, timestamp_unix: Option<i64>) -> Result<Verified, Refusal> {
    match secret {
        Some(secret_index) => Ok(Verified { secret_index, timestamp_unix }),
        None => Err(Refusal::SignatureMismatch),
    }
}

/// Compares hashes, so that not even the length of a secret shows.
pub(crate) fn shared_secret(sent: &[u8], secrets: &[&str]) -> Option<usize> {
    let sent = Sha256::digest(sent);
    let mut tally = Tally::default();
    for (index, secret) in secrets.iter().enumerate() {
        tally.record(index, Sha256::digest(secret).ct_eq(&sent));
    }
    tally.result()
}

/// What the signature value holds: candidate signatures and other labelled fields.
pub(crate) struct Evidence {
    pub(crate) candidates: Vec<Vec<u8>>,
    /// Those under another label, by a key pair.
    pub(crate) ed25519: Vec<Vec<u8>>,
    pub(crate) labels: Vec<(String, String)>,
}

impl Evidence {
    fn parse(form: &SignatureDefinition, texts: &[String]) -> Result<Self, Refusal> {
        let mut items: Vec<&str> = Vec::new();
        for text in texts {
            let text = text.strip_prefix(form.prefix.as_str()).ok_or(Refusal::SignatureMalformed)?;
            match form.list.as_str() {
                "" => items.push(text),
                between => items.extend(text.split(between)),
            }
        }
        let mut candidates = Vec::new();
        let mut ed25519 = Vec::new();
        let mut labels = Vec::new();
        for item in items {
            let item = if form.trim { item.trim() } else { item };
            if form.label.is_empty() {
                candidates.push(item);
            } else if let Some((label, value)) = item.split_once(form.label.as_str()) {
                labels.push((label.to_owned(), value.to_owned()));
                if form.accept.iter().any(|accepted| accepted == label) {
                    candidates.push(value);
                } else if form.accept_ed25519.iter().any(|accepted| accepted == label) {
                    ed25519.push(value);
                }
            } else if form.bare {
                candidates.push(item);
            }
        }
        if !form.exactly.is_empty() && !labels.iter().map(|(label, _)| label).eq(&form.exactly) {
            return Err(Refusal::SignatureMalformed);
        }
        let decoded = |texts: Vec<&str>| -> Vec<_> {
            texts.into_iter().filter_map(|text| decode(form.encoding, text)).collect()
        };
        let (candidates, ed25519) = (decoded(candidates), decoded(ed25519));
        if candidates.is_empty() && ed25519.is_empty() {
            return Err(Refusal::SignatureMalformed);
        }
        Ok(Self { candidates, ed25519, labels })
    }
}

pub(crate) fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    let decoded = match encoding {
        Encoding::HexLower if text.bytes().any(|b| b.is_ascii_uppercase()) => None,
        Encoding::Hex | Encoding::HexLower => hex::decode(text).ok(),
        Encoding::Base64 => base64::engine::general_purpose::STANDARD.decode(text).ok(),
        Encoding::Text => Some(text.as_bytes().to_vec()),
    };
    decoded.filter(|bytes| !bytes.is_empty())
}

/// Everything needed to try one spelling of the body.
pub(crate) struct Attempt<'t, 'r> {
    pub(crate) delivery: &'t Delivery<'r>,
    pub(crate) scheme: &'t Scheme,
    pub(crate) secrets: &'t [&'t str],
    pub(crate) evidence: &'t Evidence,
    pub(crate) timestamp: &'t str,
}

impl Attempt<'_, '_> {
    /// The secret under which a candidate signs `body`.
    pub(crate) fn run(&self, body: &[u8]) -> Result<Option<usize>, Refusal> {
        let candidates = &self.evidence.candidates;
        let mut tally = Tally::default();
        let mut usable = 0;
        for (index, secret) in self.secrets.iter().enumerate() {
            let message = self.scheme.signed.render(&Context {
                delivery: self.delivery,
                body,
                timestamp: self.timestamp,
                labels: &self.evidence.labels,
                secret,
                json_in_form: self.scheme.json_in_form.as_deref(),
            })?;
            let fits = match self.scheme.algorithm {
                Algorithm::Sha256 => mac::any_equal(&Sha256::digest(&message), candidates),
                _ if !self.scheme.signature.written.accept_ed25519.is_empty()
                    && secret.starts_with("whpk_") =>
                {
                    let Some(key) = asymmetric::whpk(secret) else { continue };
                    asymmetric::ed25519_fits(&key, &message, &self.evidence.ed25519)
                }
                algorithm if algorithm.is_hmac() => {
                    // One unusable secret of several must not stop the others.
                    let Some(key) = key::hmac_key(self.scheme.key, secret) else { continue };
                    mac::any_equal(&mac::hmac(algorithm, &key, &message), candidates)
                }
                _ => match asymmetric::verify(self.scheme, secret, &message, candidates, self.delivery) {
                    Ok(fits) => fits,
                    Err(Refusal::SecretUnusable) => continue,
                    Err(other) => return Err(other),
                },
            };
            usable += 1;
            tally.record(index, fits);
        }
        if usable == 0 {
            return Err(Refusal::SecretUnusable);
        }
        Ok(tally.result())
    }
}
