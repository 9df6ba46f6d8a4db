//! What a preset lets one choose when a vendor is added: header names, tolerance, audience and the like. Owns the words;
//! what a choice does is the signature crate's business, where the same names stand.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Something a preset may let one choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresetOption {
    /// Header that carries the signature or the shared secret.
    SignatureHeader,
    /// Header that carries the timestamp.
    TimestampHeader,
    /// Header that carries the event id.
    IdHeader,
    /// Text before the encoded signature.
    Prefix,
    /// The hash of the HMAC.
    Algorithm,
    /// Seconds a timestamp may be off.
    Tolerance,
    /// Whom a signed token must be for.
    Audience,
    /// Places of the event id.
    EventId,
    /// Places of the event type.
    EventType,
    /// Place of a value that counts once.
    OneTime,
}

impl PresetOption {
    /// All of them, in the order forms have them.
    pub const ALL: [Self; 10] = [
        Self::SignatureHeader,
        Self::TimestampHeader,
        Self::IdHeader,
        Self::Prefix,
        Self::Algorithm,
        Self::Tolerance,
        Self::Audience,
        Self::EventId,
        Self::EventType,
        Self::OneTime,
    ];

    /// Its name on the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignatureHeader => "signature_header",
            Self::TimestampHeader => "timestamp_header",
            Self::IdHeader => "id_header",
            Self::Prefix => "prefix",
            Self::Algorithm => "algorithm",
            Self::Tolerance => "tolerance",
            Self::Audience => "audience",
            Self::EventId => "event_id",
            Self::EventType => "event_type",
            Self::OneTime => "one_time",
        }
    }

    /// What people read above its field.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SignatureHeader => "Signature header",
            Self::TimestampHeader => "Time header",
            Self::IdHeader => "Id header",
            Self::Prefix => "Prefix of the signature",
            Self::Algorithm => "Algorithm",
            Self::Tolerance => "Tolerance in seconds",
            Self::Audience => "Audience",
            Self::EventId => "Place of the event’s id",
            Self::EventType => "Place of the event’s type",
            Self::OneTime => "Value that counts once",
        }
    }

    /// Whether it stays as it was when the vendor was added: it says what an event's id and type are, and events, counters
    /// and rules that are there would mean something else.
    pub const fn decided_once(self) -> bool {
        matches!(self, Self::IdHeader | Self::EventId | Self::EventType)
    }

    /// What people call it in the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignatureHeader | Self::TimestampHeader | Self::IdHeader => "header name",
            Self::Prefix => "prefix",
            Self::Algorithm => "algorithm",
            Self::Tolerance => "tolerance",
            Self::Audience => "audience",
            Self::EventId | Self::EventType | Self::OneTime => "place",
        }
    }

    /// What it is for.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::SignatureHeader => "Carries the signature, or the secret itself.",
            Self::TimestampHeader => "Carries the time that is signed.",
            Self::IdHeader => "Carries the event’s id.",
            Self::Prefix => "Stands before the signature in its header, such as v1= or sha256=.",
            Self::Algorithm => "The hash of the HMAC.",
            Self::Tolerance => "How far the signed time may be off, to either side.",
            Self::Audience => {
                "Whom the signature must be for: without it the vendor’s other accounts pass, too."
            }
            Self::EventId | Self::EventType => {
                "Such as json:data.id or header:x-id. Of several, apart by spaces, the first that holds something counts."
            }
            Self::OneTime => {
                "Write signed for the text that is signed. With another id the same text is then refused as a replay; the same event again is answered as a repetition."
            }
        }
    }

    /// What to write, for somebody whose text could not be taken.
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::SignatureHeader | Self::TimestampHeader | Self::IdHeader => {
                "Give one header name, such as X-Signature."
            }
            Self::Prefix => "This is not a valid prefix.",
            Self::Algorithm => "Choose hmac-sha1, hmac-sha256 or hmac-sha512.",
            Self::Tolerance => "Give a number of seconds from 1 to 86,400.",
            Self::Audience => "Give the audience as the vendor writes it, at most 1,024 characters.",
            Self::EventId | Self::EventType => {
                "Give places such as json:data.id or header:x-id, apart by spaces."
            }
            Self::OneTime => "Write signed, or one place such as json:token.",
        }
    }
}

impl FromStr for PresetOption {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|option| option.as_str() == text).ok_or(())
    }
}

/// What a preset lets one choose, and what applies while nobody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionChoice {
    /// What.
    pub option: PresetOption,
    /// What applies otherwise; empty where nothing does.
    pub default: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_found_by_its_name() {
        for option in PresetOption::ALL {
            assert_eq!(option.as_str().parse(), Ok(option));
        }
        assert_eq!("bogus".parse::<PresetOption>(), Err(()));
    }
}
