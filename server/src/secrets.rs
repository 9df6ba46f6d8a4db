//! Where secret values come from: the database, sealed, or somewhere else, by reference.
//!
//! - [`mod@reference`]: what a reference says, and which ones the settings allow
//! - [`resolver`]: reading them, keeping what was read, noticing changes
//! - [`hashicorp`]: the key-value store of HashiCorp Vault, over HTTP
//!
//! A reference is sealed like a value, so that whoever can write to the database cannot point a secret elsewhere. What
//! tells the two apart is a control character in front, which no pasted secret has.

pub mod hashicorp;
pub mod reference;
pub mod resolver;

use reference::Reference;
use zeroize::Zeroizing;

/// Stands in front of a sealed reference.
const MARK: char = '\u{1}';

/// What is sealed in place of a secret.
pub enum Kept {
    /// The secret itself.
    Value(Zeroizing<String>),
    /// Where it is.
    Reference(Reference),
}

impl Kept {
    /// From what a person gave: a reference by its prefix, anything else is the secret.
    pub fn given(text: &str) -> Self {
        match text.parse() {
            Ok(reference) => Self::Reference(reference),
            Err(_) => Self::Value(Zeroizing::new(text.to_owned())),
        }
    }

    /// From what was sealed.
    pub fn unsealed(text: Zeroizing<String>) -> Self {
        match text.strip_prefix(MARK).and_then(|reference| reference.parse().ok()) {
            Some(reference) => Self::Reference(reference),
            None => Self::Value(text),
        }
    }

    /// What is to be sealed.
    pub fn to_seal(&self) -> Zeroizing<String> {
        match self {
            Self::Value(value) => value.clone(),
            Self::Reference(reference) => Zeroizing::new(format!("{MARK}{reference}")),
        }
    }

    /// Where it is, if it is elsewhere.
    pub const fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Value(_) => None,
            Self::Reference(reference) => Some(reference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_survives_being_sealed_and_a_secret_that_looks_like_one_stays_a_secret() {
        let reference = Kept::given("env:SLACK_SECRET");
        assert!(Kept::unsealed(reference.to_seal()).reference().is_some());
        let old = Zeroizing::new("env:SLACK_SECRET".to_owned());
        assert!(Kept::unsealed(old).reference().is_none());
        assert!(Kept::given("whsec_abc").reference().is_none());
    }
}
