//! Overrides of a preset for one vendor: other header names, prefix, tolerance, algorithm.
//! Only what the preset lists in `options` may be changed.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

use crate::definition::{Algorithm, Definition, OptionName};
use crate::preset::Preset;
use crate::selector::header_name;

impl OptionName {
    /// The name [`Preset::with_options`] knows it by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignatureHeader => "signature_header",
            Self::TimestampHeader => "timestamp_header",
            Self::IdHeader => "id_header",
            Self::Prefix => "prefix",
            Self::Tolerance => "tolerance",
            Self::Algorithm => "algorithm",
            Self::EventId => "event_id",
            Self::EventType => "event_type",
            Self::Audience => "audience",
            Self::OneTime => "one_time",
        }
    }
}

impl Preset {
    /// What applies of a setting while it is not changed; empty where nothing does.
    pub fn default_of(&self, option: OptionName) -> String {
        let definition = &self.definition;
        let bare = |selector: &str| selector.strip_prefix("header:").unwrap_or_default().to_owned();
        match option {
            OptionName::SignatureHeader => bare(&definition.signature.from),
            OptionName::TimestampHeader => {
                definition.timestamp.as_ref().map(|timestamp| bare(&timestamp.from)).unwrap_or_default()
            }
            OptionName::IdHeader => {
                let header = definition.event.id.iter().find(|id| id.starts_with("header:"));
                header.map(|id| bare(id)).unwrap_or_default()
            }
            OptionName::Prefix => definition.signature.prefix.clone(),
            OptionName::Tolerance => {
                self.tolerance_secs().map(|(past, _)| past.to_string()).unwrap_or_default()
            }
            OptionName::Algorithm => match definition.algorithm {
                Algorithm::HmacSha1 => "hmac-sha1".to_owned(),
                Algorithm::HmacSha256 => "hmac-sha256".to_owned(),
                Algorithm::HmacSha512 => "hmac-sha512".to_owned(),
                _ => String::new(),
            },
            OptionName::EventId => definition.event.id.join(" "),
            OptionName::EventType => definition.event.kind.join(" "),
            OptionName::Audience => definition.audience.clone().unwrap_or_default(),
            OptionName::OneTime => definition.one_time.clone().unwrap_or_default(),
        }
    }

    /// This preset with its settings changed, keyed by the names of [`OptionName`] in snake case.
    pub fn with_options(&self, options: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut definition = self.definition.clone();
        for (name, value) in options {
            let deserializer: StrDeserializer<'_, Error> = name.as_str().into_deserializer();
            let known = OptionName::deserialize(deserializer).ok();
            let option = known.filter(|option| self.options.contains(option));
            let option = option.ok_or_else(|| format!("{} has no option `{name}`", self.name))?;
            apply(&mut definition, option, value.trim()).map_err(|error| format!("{name}: {error}"))?;
        }
        Self::compile(definition)
    }
}

fn apply(definition: &mut Definition, option: OptionName, value: &str) -> Result<(), String> {
    match option {
        OptionName::SignatureHeader => definition.signature.from = header(value)?,
        OptionName::TimestampHeader => timestamp(definition)?.from = header(value)?,
        OptionName::IdHeader => {
            // The default id header is required; its replacement must be too.
            let old = definition.event.id.iter().find(|id| id.starts_with("header:")).cloned();
            let new = header(value)?;
            definition.require.retain(|required| Some(required) != old.as_ref());
            definition.require.push(new.clone());
            definition.event.id.retain(|id| Some(id) != old.as_ref());
            definition.event.id.insert(0, new);
        }
        OptionName::Prefix => definition.signature.prefix = value.to_owned(),
        OptionName::Tolerance => {
            let seconds = value.parse::<u32>().ok().filter(|seconds| (1..=86_400).contains(seconds));
            let seconds = seconds.ok_or("a number of seconds from 1 to 86400 is needed")?;
            let rule = timestamp(definition)?;
            (rule.past, rule.future) = (seconds, seconds);
        }
        OptionName::Algorithm => {
            let deserializer: StrDeserializer<'_, Error> = value.into_deserializer();
            let algorithm = Algorithm::deserialize(deserializer).ok().filter(|a| a.is_hmac());
            definition.algorithm = algorithm.ok_or("hmac-sha1, hmac-sha256 or hmac-sha512 is needed")?;
        }
        OptionName::Audience => {
            if value.is_empty() || value.len() > 1024 {
                return Err("the audience of a token is needed".to_owned());
            }
            definition.audience = Some(value.to_owned());
        }
        OptionName::OneTime => definition.one_time = (!value.is_empty()).then(|| value.to_owned()),
        OptionName::EventId => definition.event.id = selectors(value),
        OptionName::EventType => definition.event.kind = selectors(value),
    }
    Ok(())
}

fn header(name: &str) -> Result<String, String> {
    match header_name(name) {
        true => Ok(format!("header:{}", name.to_ascii_lowercase())),
        false => Err(format!("`{name}` is not a header name")),
    }
}

fn timestamp(definition: &mut Definition) -> Result<&mut crate::definition::TimestampDefinition, String> {
    definition.timestamp.as_mut().ok_or_else(|| "this preset has no timestamp".to_owned())
}

fn selectors(value: &str) -> Vec<String> {
    value.split_ascii_whitespace().map(str::to_owned).collect()
}
