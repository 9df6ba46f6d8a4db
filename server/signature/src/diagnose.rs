//! Why a signature may not fit, for the person who sets a vendor up: the same check with one thing changed
//! at a time. Runs only after a refusal, does a bounded amount of work, and never accepts anything.
//!
//! A finding says nothing to a stranger: each needs a signature made with the secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::definition::{Algorithm, Encoding};
use crate::delivery::{Delivery, Request};
use crate::guess::{keys, texts, urls};
use crate::preset::Preset;
use crate::refusal::Refusal;
use crate::scheme::Scheme;
use crate::spelling::{Change, LIMIT};
use crate::template::Context;
use crate::verify::{Attempt, Evidence, decode};
use crate::{altered, key, mac, twilio};

/// Bytes to sign at most, and how many secrets and signatures to look at.
const BUDGET: usize = 8 * 1024 * 1024;
const SECRETS: usize = 4;
const SIGNATURES: usize = 8;

/// The likely cause of a signature that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Likely {
    /// The signature fits the JSON with other spacing or escapes.
    BodyRewritten,
    /// The signature fits the body with other line ends.
    LineEnds,
    /// The signature fits the secret read in another way: as it is, as base64, as hexadecimal, without its
    /// prefix or without white space.
    SecretForm,
    /// A good signature is there under a label that is not accepted.
    OtherLabel,
    /// A good signature is there in another encoding.
    SignatureEncoding,
    /// The signature was made with another hash.
    OtherAlgorithm,
    /// The signature covers no timestamp.
    TimestampNotSigned,
    /// The signature covers the same parts put together in another way.
    OtherText,
    /// The signature was made for another URL.
    OtherUrl,
}

impl Likely {
    /// Stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::BodyRewritten => "body_rewritten",
            Self::LineEnds => "line_ends",
            Self::SecretForm => "secret_form",
            Self::OtherLabel => "other_label",
            Self::SignatureEncoding => "signature_encoding",
            Self::OtherAlgorithm => "other_algorithm",
            Self::TimestampNotSigned => "timestamp_not_signed",
            Self::OtherText => "other_text",
            Self::OtherUrl => "other_url",
        }
    }

    /// What it means and what to do, in plain words.
    pub fn detail(self) -> &'static str {
        match self {
            Self::BodyRewritten => {
                "The signature fits this JSON written with other spacing or escapes: a proxy between the \
                 vendor and this server rewrites the body. Let it pass the body through."
            }
            Self::LineEnds => {
                "The signature fits this body with other line ends or another ending: something between \
                 the vendor and this server changes line ends. When sending from a file, send its bytes."
            }
            Self::SecretForm => {
                "The signature fits the configured secret read in another way: as it is, as base64, as \
                 hexadecimal, without its prefix or without the white space around it. Choose the preset \
                 that reads it so, or write the secret in the form the vendor shows."
            }
            Self::OtherLabel => {
                "A good signature is there, under a label or version that this preset does not accept. \
                 Choose the preset or the setting of that version."
            }
            Self::SignatureEncoding => {
                "A good signature is there, but in another encoding: hexadecimal instead of base64 or the \
                 other way round, or in upper case."
            }
            Self::OtherAlgorithm => {
                "The signature fits with another hash. Set the algorithm the vendor uses."
            }
            Self::TimestampNotSigned => {
                "The signature covers the body but not the timestamp. Choose the preset of that form; \
                 without a signed timestamp old requests can be sent again."
            }
            Self::OtherText => {
                "The signature covers the timestamp and the body put together in another way. Choose the \
                 preset of that form."
            }
            Self::OtherUrl => {
                "The signature was made for another URL. Compare scheme, host, port and path in the vendor's \
                 settings with the public URL of this server."
            }
        }
    }
}

/// The likely cause, when a request was refused because its signature does not fit. Call it after
/// [`crate::verify()`] and off the hot path.
pub fn diagnose(preset: &Preset, secrets: &[&str], request: &Request<'_>, now_unix: i64) -> Option<Likely> {
    Delivery::new(*request).diagnose(preset, secrets, now_unix)
}

impl Delivery<'_> {
    /// As [`diagnose`], keeping what was parsed.
    pub fn diagnose(&self, preset: &Preset, secrets: &[&str], now_unix: i64) -> Option<Likely> {
        let scheme = &preset.scheme;
        match self.verify(preset, secrets, now_unix) {
            Err(Refusal::BodyAltered | Refusal::SignatureMismatch | Refusal::SignatureMalformed) => {}
            _ => return None,
        }
        let secrets = &secrets[..secrets.len().min(SECRETS)];
        if self.request.body.len() > LIMIT {
            return None;
        }
        if scheme.algorithm == Algorithm::Twilio {
            let fits = |url: &String| {
                let other = Delivery::new(Request { url, ..self.request });
                matches!(twilio::verify(&other, secrets), Ok(Some(_)))
            };
            return urls(self).iter().any(fits).then_some(Likely::OtherUrl);
        }
        if scheme.algorithm.is_code() || scheme.algorithm == Algorithm::SharedSecret {
            return None;
        }
        Search::new(self, scheme, secrets, now_unix)?.run()
    }
}

struct Search<'s, 'r> {
    delivery: &'s Delivery<'r>,
    scheme: &'s Scheme,
    secrets: &'s [&'s str],
    evidence: Evidence,
    timestamp: String,
    /// Signatures that the preset would not have looked at, and why it would not.
    others: Vec<(Likely, Vec<u8>)>,
    budget: usize,
}

impl<'s, 'r> Search<'s, 'r> {
    fn new(
        delivery: &'s Delivery<'r>,
        scheme: &'s Scheme,
        secrets: &'s [&'s str],
        now_unix: i64,
    ) -> Option<Self> {
        let (labels, others) = others(delivery, scheme)?;
        let mut evidence = match delivery.evidence(scheme) {
            Ok(evidence) => evidence,
            Err(_) => Evidence { candidates: Vec::new(), ed25519: Vec::new(), labels },
        };
        evidence.candidates.truncate(SIGNATURES);
        delivery.require(scheme, &evidence).ok()?;
        let (timestamp, _) = delivery.timestamp(scheme, &evidence, now_unix).ok()?;
        Some(Self { delivery, scheme, secrets, evidence, timestamp, others, budget: BUDGET })
    }

    fn run(mut self) -> Option<Likely> {
        let scheme = self.scheme;
        let message = |secret: &str| scheme.signed.render(&self.context(secret)).ok();
        let messages: Vec<(&str, Vec<u8>)> =
            self.secrets.iter().filter_map(|secret| Some((*secret, message(secret)?))).collect();
        let own_key = |secret: &str| key::hmac_key(scheme.key, secret).map(|key| key.into_owned());
        if scheme.algorithm.is_hmac() || scheme.algorithm == Algorithm::Sha256 {
            for (secret, message) in &messages {
                let tag = self.tag(scheme.algorithm, own_key(secret), message)?;
                if let Some(likely) = self.other(&tag) {
                    return Some(likely);
                }
            }
        }
        if scheme.algorithm.is_hmac() {
            for (secret, message) in &messages {
                for key in keys(secret) {
                    let tag = self.tag(scheme.algorithm, Some(key), message)?;
                    if self.sent(&tag) || self.other(&tag).is_some() {
                        return Some(Likely::SecretForm);
                    }
                }
                for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256, Algorithm::HmacSha512] {
                    let tag = self.tag(algorithm, own_key(secret), message)?;
                    if self.sent(&tag) {
                        return Some(Likely::OtherAlgorithm);
                    }
                }
                if !scheme.signed.covers_body() {
                    continue;
                }
                for (likely, text) in texts(self.delivery, &self.timestamp) {
                    let tag = self.tag(scheme.algorithm, own_key(secret), &text)?;
                    let covered = scheme.signed.covers_timestamp();
                    if self.sent(&tag) && (covered || likely == Likely::OtherText) {
                        return Some(likely);
                    }
                }
            }
        }
        self.elsewhere().or_else(|| self.altered())
    }

    fn context<'c>(&'c self, secret: &'c str) -> Context<'c, 'r> {
        Context {
            delivery: self.delivery,
            body: self.delivery.request.body,
            timestamp: &self.timestamp,
            labels: &self.evidence.labels,
            secret,
            json_in_form: self.scheme.json_in_form.as_deref(),
        }
    }

    /// The signature of `message`; nothing when the work for one request is used up.
    fn tag(&mut self, algorithm: Algorithm, key: Option<Vec<u8>>, message: &[u8]) -> Option<Vec<u8>> {
        self.budget = self.budget.checked_sub(message.len() + 128)?;
        Some(match (algorithm, key) {
            (Algorithm::Sha256, _) => Sha256::digest(message).to_vec(),
            (_, Some(key)) => mac::hmac(algorithm, &key, message),
            // Equal to nothing that was sent, since empty signatures are never kept.
            (_, None) => Vec::new(),
        })
    }

    fn sent(&self, tag: &[u8]) -> bool {
        bool::from(mac::any_equal(tag, &self.evidence.candidates))
    }

    fn other(&self, tag: &[u8]) -> Option<Likely> {
        let mut found = self.others.iter();
        found
            .find(|(_, sent)| bool::from(mac::any_equal(tag, std::slice::from_ref(sent))))
            .map(|(likely, _)| *likely)
    }

    fn elsewhere(&mut self) -> Option<Likely> {
        if !self.scheme.signed.covers_url() {
            return None;
        }
        for url in urls(self.delivery) {
            let cost = (self.delivery.request.body.len() + url.len()) * self.secrets.len();
            self.budget = self.budget.checked_sub(cost)?;
            let other = Delivery::new(Request { url: &url, ..self.delivery.request });
            if matches!(self.attempt(&other).run(self.delivery.request.body), Ok(Some(_))) {
                return Some(Likely::OtherUrl);
            }
        }
        None
    }

    fn altered(&self) -> Option<Likely> {
        Some(match altered::change(&self.attempt(self.delivery), self.budget)? {
            Change::Json => Likely::BodyRewritten,
            Change::Lines => Likely::LineEnds,
        })
    }

    fn attempt<'a>(&'a self, delivery: &'a Delivery<'r>) -> Attempt<'a, 'r> {
        Attempt {
            delivery,
            scheme: self.scheme,
            secrets: self.secrets,
            evidence: &self.evidence,
            timestamp: &self.timestamp,
        }
    }
}

type Others = (Vec<(String, String)>, Vec<(Likely, Vec<u8>)>);

/// The labelled fields of a signature header, and the signatures in it that the preset passes over.
fn others(delivery: &Delivery<'_>, scheme: &Scheme) -> Option<Others> {
    let form = &scheme.signature.written;
    let found = delivery.find(&scheme.signature.from, &[], scheme.json_in_form.as_deref()).ok()??;
    let text = found.as_str()?;
    let text = text.strip_prefix(form.prefix.as_str()).unwrap_or(text);
    let items: Vec<&str> = match form.list.as_str() {
        "" => vec![text],
        between => text.split(between).take(2 * SIGNATURES).collect(),
    };
    let between = if form.label.is_empty() { "=" } else { form.label.as_str() };
    let mut labels = Vec::new();
    let mut out = Vec::new();
    for item in items {
        let item = item.trim();
        let split = item.split_once(between).filter(|(label, value)| label.len() <= 16 && !value.is_empty());
        // A value in base64 may end in the `=` that else ends a label.
        let labelled = split.filter(|(_, value)| value.bytes().any(|b| b != b'='));
        let (known, value) = match labelled {
            Some((label, value)) => {
                labels.push((label.to_owned(), value.to_owned()));
                (form.accept.iter().any(|accepted| accepted == label), value)
            }
            None => (form.label.is_empty(), item),
        };
        if !known {
            out.extend(decode(form.encoding, value).map(|tag| (Likely::OtherLabel, tag)));
        }
        let hex = hex::decode(value).ok();
        for tag in [hex, STANDARD.decode(value).ok()].into_iter().flatten().filter(|tag| !tag.is_empty()) {
            if decode(form.encoding, value).as_ref() != Some(&tag) && form.encoding != Encoding::Text {
                out.push((Likely::SignatureEncoding, tag));
            }
        }
    }
    out.truncate(2 * SIGNATURES);
    Some((labels, out))
}
