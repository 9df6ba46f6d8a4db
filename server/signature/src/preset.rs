//! The catalogue: the files of `presets` loaded once, one preset per way of signing, and schemes of one's own.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::definition::{Algorithm, ContentKind, Definition, KeyKind, OptionName};
use crate::scheme::Scheme;
use crate::selector::Selector;

/// One way a vendor signs, with what a person and the ingress need to know about it.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Stable name, as kept with a vendor.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where the vendor describes it.
    pub doc_url: String,
    /// What is special, in plain words; empty when nothing is.
    pub notes: String,
    /// Status the vendor wants for a stored delivery.
    pub success_status: u16,
    /// Limit of the body in bytes, unless set for the vendor.
    pub default_max_body: usize,
    /// Seconds the vendor waits for an answer, where known.
    pub deadline_secs: Option<u32>,
    /// How it retries, in plain words; empty where unknown.
    pub retries: String,
    /// Body types it sends.
    pub content: Vec<ContentKind>,
    /// What [`Preset::with_options`] accepts.
    pub options: Vec<OptionName>,
    /// The compiled scheme.
    pub scheme: Scheme,
    pub(crate) definition: Definition,
}

/// Longest text of a scheme of one's own, in bytes.
const MAX_SCHEME: usize = 16 * 1024;

/// What is wrong and where, without the drawing TOML's own message has.
fn in_one_line(error: &toml::de::Error, text: &str) -> String {
    let line = error.span().map(|span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
    let words = error.message().trim().replace('\n', ", ");
    line.map_or_else(|| words.clone(), |line| format!("{words} (line {line})"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    preset: Vec<Definition>,
}

/// In the order people should see them.
const FILES: [&str; 7] = [
    include_str!("presets/ai.toml"),
    include_str!("presets/standard.toml"),
    include_str!("presets/money.toml"),
    include_str!("presets/code.toml"),
    include_str!("presets/messages.toml"),
    include_str!("presets/work.toml"),
    include_str!("presets/generic.toml"),
];

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let all: Result<Vec<_>, _> = FILES.iter().map(|text| load(text)).collect();
    all.expect("the embedded presets are loaded by a test of this crate").concat()
});

fn load(text: &str) -> Result<Vec<Preset>, String> {
    let catalogue: Catalogue = toml::from_str(text).map_err(|error| error.to_string())?;
    catalogue
        .preset
        .into_iter()
        .map(|written| {
            let id = written.id.clone();
            Preset::compile(written).map_err(|error| format!("{id}: {error}"))
        })
        .collect()
}

/// Every preset, in the order people should see them.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The preset of this id.
pub fn preset(id: &str) -> Option<&'static Preset> {
    presets().iter().find(|preset| preset.id == id)
}

impl Preset {
    /// A scheme of one's own, as TOML or JSON with the fields of a preset. Without an `id` it is called `custom`.
    ///
    /// # Errors
    /// In words that name the field, and the line where the text cannot be read.
    pub fn custom(text: &str) -> Result<Self, String> {
        if text.len() > MAX_SCHEME {
            return Err(format!("a scheme has at most {MAX_SCHEME} bytes"));
        }
        // `from_str` of both keeps the place of an error; a table in between would lose it.
        let written: Result<Definition, String> = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| error.to_string()),
            false => toml::from_str(text).map_err(|error| in_one_line(&error, text)),
        };
        let mut written = written?;
        if written.id.is_empty() {
            written.id = "custom".to_owned();
        }
        // Where keys are fetched from is not for everybody who may add a vendor to say.
        if written.keys.is_some() || written.algorithm.is_code() {
            return Err("a scheme of one's own has its keys as secrets, and no vendor's algorithm".to_owned());
        }
        if matches!(written.key, KeyKind::Certificate) {
            return Err("a scheme of one's own cannot fetch certificates".to_owned());
        }
        Self::compile(written)
    }

    pub(crate) fn compile(definition: Definition) -> Result<Self, String> {
        if definition.id.is_empty() {
            return Err("`id` is empty".to_owned());
        }
        if !(200..300).contains(&definition.answer.status) {
            return Err("a delivery is accepted with 2xx".to_owned());
        }
        Ok(Self {
            scheme: Scheme::compile(&definition)?,
            id: definition.id.clone(),
            name: match definition.name.is_empty() {
                true => definition.id.clone(),
                false => definition.name.clone(),
            },
            doc_url: definition.docs.clone(),
            notes: definition.notes.clone(),
            success_status: definition.answer.status,
            default_max_body: definition.max_body,
            deadline_secs: definition.answer.within,
            retries: definition.answer.retries.clone(),
            content: definition.content.clone(),
            options: definition.options.clone(),
            definition,
        })
    }

    /// How the signature is computed.
    pub fn algorithm(&self) -> Algorithm {
        self.scheme.algorithm
    }

    /// Lower-case names of the headers that verification reads.
    pub fn security_headers(&self) -> Vec<&str> {
        let scheme = &self.scheme;
        let mut names: Vec<&str> = std::iter::once(&scheme.signature.from)
            .chain(scheme.timestamp.as_ref().map(|t| &t.from))
            .chain(&scheme.require)
            .chain(scheme.signed.selectors())
            .filter_map(|selector| match selector {
                Selector::Header(name) => Some(name.as_str()),
                Selector::Basic => Some("authorization"),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Seconds a timestamp may be in the past and in the future, where the vendor sends one.
    pub fn tolerance_secs(&self) -> Option<(u32, u32)> {
        self.scheme.timestamp.as_ref().map(|t| (t.past, t.future))
    }

    /// Method of the set-up handshake, where there is one; `GET` must be let through to it.
    pub fn handshake_method(&self) -> Option<&str> {
        self.scheme.handshake.as_ref().map(|handshake| handshake.method.as_str())
    }

    /// Whether the handshake is answered before the signature check, because the vendor does not sign it.
    pub fn handshake_is_unsigned(&self) -> bool {
        self.scheme.handshake.as_ref().is_some_and(|handshake| handshake.unsigned)
    }

    /// Whether the secret is the vendor's public key or certificate id, which only the vendor can give.
    pub fn secret_is_the_vendors(&self) -> bool {
        self.scheme.algorithm.has_public_secret()
    }

    /// Whether the same bytes again are another event, because the vendor sends nothing that tells its
    /// notifications apart. Such events must not be dropped as duplicates.
    pub fn repeats(&self) -> bool {
        self.definition.event.repeats
    }

    /// Whether every byte of the body is signed. Where not, look up what matters through the vendor's API.
    pub fn signs_whole_body(&self) -> bool {
        match self.scheme.algorithm {
            Algorithm::SharedSecret | Algorithm::Adyen => false,
            Algorithm::GeminiJwt | Algorithm::PlaidJwt | Algorithm::Twilio => true,
            Algorithm::AwsSns => false,
            _ => self.scheme.signed.covers_body() && !self.scheme.signed.covers_crc(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_presets_load_and_have_distinct_ids() {
        for text in FILES {
            load(text).expect("presets");
        }
        let mut ids: Vec<_> = presets().iter().map(|preset| preset.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), presets().len());
        assert_eq!(ids.len(), 85);
    }

    #[test]
    fn every_preset_says_its_name_and_where_it_is_described() {
        for preset in presets() {
            assert_ne!(preset.name, preset.id, "{}", preset.id);
            assert!(preset.doc_url.starts_with("https://"), "{}", preset.id);
        }
    }
}
