//! A definition compiled once: selectors and templates parsed, nonsense refused when loaded rather
//! than per request. Runs nothing itself.

use crate::definition::{Algorithm, Definition, Encoding, KeyKind, SignatureDefinition, Unit};
use crate::handshake_rule::Handshake;
use crate::key_source::KeySource;
use crate::selector::Selector;
use crate::template::Template;

/// How one vendor signs, ready to run.
#[derive(Debug, Clone)]
pub struct Scheme {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: KeyKind,
    pub(crate) keys: KeySource,
    pub(crate) audience: Option<String>,
    pub(crate) account: Option<Selector>,
    pub(crate) signature: SignatureForm,
    pub(crate) timestamp: Option<TimestampRule>,
    pub(crate) signed: Template,
    pub(crate) require: Vec<Selector>,
    pub(crate) refuse_empty_body: bool,
    pub(crate) one_time: Option<OneTime>,
    pub(crate) event: EventSelectors,
    pub(crate) handshake: Option<Handshake>,
    pub(crate) json_in_form: Option<String>,
}

/// What of a request counts once.
#[derive(Debug, Clone)]
pub(crate) enum OneTime {
    /// The value at a place.
    At(Selector),
    /// The text that is signed, whatever the signature is written like.
    Signed,
}

impl OneTime {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "signed" => Ok(Self::Signed),
            place => Selector::parse(place).map(Self::At),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SignatureForm {
    pub(crate) from: Selector,
    pub(crate) also: Vec<Selector>,
    pub(crate) written: SignatureDefinition,
}

#[derive(Debug, Clone)]
pub(crate) struct TimestampRule {
    pub(crate) from: Selector,
    pub(crate) unit: Unit,
    pub(crate) past: u32,
    pub(crate) future: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct EventSelectors {
    pub(crate) id: Vec<Selector>,
    pub(crate) kind: Vec<Selector>,
    pub(crate) subject: Vec<Selector>,
    pub(crate) occurred: Vec<Selector>,
    pub(crate) version: Vec<Selector>,
}

impl Scheme {
    pub(crate) fn compile(written: &Definition) -> Result<Self, String> {
        let signed = Template::parse(&written.signed)?;
        let timestamp = match &written.timestamp {
            Some(t) => Some(TimestampRule {
                from: Selector::parse(&t.from)?,
                unit: t.unit,
                past: t.past,
                future: t.future,
            }),
            None => None,
        };
        let scheme = Self {
            algorithm: written.algorithm,
            key: written.key,
            keys: written.keys.as_ref().map_or(Ok(KeySource::None), KeySource::compile)?,
            audience: written.audience.clone(),
            account: written.account.as_deref().map(Selector::parse).transpose()?,
            signature: SignatureForm {
                from: Selector::parse(&written.signature.from)?,
                also: Selector::parse_all(&written.signature.also)?,
                written: written.signature.clone(),
            },
            timestamp,
            signed,
            require: Selector::parse_all(&written.require)?,
            refuse_empty_body: written.refuse_empty_body,
            one_time: written.one_time.as_deref().map(OneTime::parse).transpose()?,
            event: EventSelectors {
                id: Selector::parse_all(&written.event.id)?,
                kind: Selector::parse_all(&written.event.kind)?,
                subject: Selector::parse_all(&written.event.subject)?,
                occurred: Selector::parse_all(&written.event.occurred)?,
                version: Selector::parse_all(&written.event.version)?,
            },
            handshake: written.handshake.as_ref().map(Handshake::compile).transpose()?,
            json_in_form: written.json_in_form.clone(),
        };
        scheme.check()?;
        Ok(scheme)
    }

    fn check(&self) -> Result<(), String> {
        let written = &self.signature.written;
        if written.label.is_empty() != written.accept.is_empty() {
            return Err("`label` and `accept` belong together".to_owned());
        }
        if matches!(self.one_time, Some(OneTime::Signed)) && self.signed.is_empty() {
            return Err("nothing is signed that could count once".to_owned());
        }
        let mut places = std::iter::once(&self.signature.from).chain(&self.signature.also);
        if places.any(|place| matches!(place, Selector::Label(_) | Selector::BodySha256)) {
            return Err("a signature cannot be taken from there".to_owned());
        }
        let takes_pairs = self.algorithm.is_hmac() && self.key == KeyKind::Whsec;
        if !written.accept_ed25519.is_empty() && !takes_pairs {
            return Err("`accept_ed25519` goes with an HMAC and keys of the kind `whsec`".to_owned());
        }
        if let Some(handshake) = &self.handshake {
            handshake.check(&self.signed)?;
        }
        let labels_used = self.signed.selectors().chain(&self.require);
        let labels_used = labels_used.chain(self.timestamp.as_ref().map(|t| &t.from));
        if written.label.is_empty() && labels_used.into_iter().any(|s| matches!(s, Selector::Label(_))) {
            return Err("`sig:` needs a signature with labels".to_owned());
        }
        if self.account.as_ref().is_some_and(|place| !self.signed.selectors().any(|signed| signed == place)) {
            return Err("`account` must be among what is signed".to_owned());
        }
        if self.timestamp.is_none() && self.signed.covers_timestamp() {
            return Err("`{ts}` needs a `timestamp`".to_owned());
        }
        if self.signed.selectors().any(|s| matches!(s, Selector::Basic)) {
            return Err("credentials are not signed text".to_owned());
        }
        let fits = match self.algorithm {
            algorithm if algorithm == Algorithm::SharedSecret || algorithm.is_code() => {
                return match self.timestamp.is_none() && self.signed.selectors().next().is_none() {
                    true => Ok(()),
                    false => Err("this algorithm has neither `signed` nor `timestamp`".to_owned()),
                };
            }
            Algorithm::Sha256 => {
                if !self.signed.covers_secret() {
                    return Err("a plain hash proves nothing without `{secret}`".to_owned());
                }
                self.key == KeyKind::Raw
            }
            Algorithm::Ed25519 => matches!(self.key, KeyKind::Hex | KeyKind::Base64 | KeyKind::Jwks),
            Algorithm::EcdsaP256Sha256 => self.key == KeyKind::SpkiBase64,
            Algorithm::RsaSha256 => self.key == KeyKind::Certificate,
            _ => !matches!(self.key, KeyKind::SpkiBase64 | KeyKind::Jwks | KeyKind::Certificate),
        };
        if !fits {
            return Err("this kind of key does not go with this algorithm".to_owned());
        }
        let varies = self.signed.covers_body() || self.signed.covers_timestamp();
        if !varies && self.signed.selectors().next().is_none() {
            return Err("`signed` covers nothing of the request".to_owned());
        }
        if written.encoding == Encoding::Text {
            return Err("a signature is hexadecimal or base64".to_owned());
        }
        Ok(())
    }
}
