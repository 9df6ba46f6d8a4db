//! The name of a time zone, as it is written: `Europe/Berlin`. Whether there is one of this name, and what its clocks show,
//! is worked out where the rules of all zones are at hand.

use serde::{Deserialize, Serialize};

/// 1–64 of letters, digits, `_`, `+`, `-` and `/`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(String);

/// Why a text cannot be the name of a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is written like Europe/Berlin")]
pub struct BadZone;

impl Zone {
    /// What its clocks show where nothing else is said.
    pub const UTC: &'static str = "UTC";

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Zone {
    type Error = BadZone;
    fn try_from(text: String) -> Result<Self, BadZone> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-/".contains(&b));
        if fits { Ok(Self(text)) } else { Err(BadZone) }
    }
}

impl std::str::FromStr for Zone {
    type Err = BadZone;
    fn from_str(text: &str) -> Result<Self, BadZone> {
        Self::try_from(text.to_owned())
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_told_from_the_text_around_it_is_no_zone() {
        for bad in ["", "Europe/ Berlin", "+01:00", "1", "Europa/Köln", &"x".repeat(65)] {
            assert_eq!(bad.parse::<Zone>(), Err(BadZone), "{bad}");
        }
        for good in
            ["UTC", "Europe/Berlin", "Etc/GMT+5", "America/Port-au-Prince", "America/Argentina/La_Rioja"]
        {
            assert_eq!(good.parse::<Zone>().unwrap().as_str(), good);
        }
    }
}
