//! The short names people choose for tenants, vendors, providers and destinations; they appear in URLs.

use serde::{Deserialize, Serialize};

/// 1–60 of `a-z 0-9 - _`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text cannot be a short name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a short name has 1 to 60 of a-z, 0-9, - and _, and begins with a letter or digit")]
pub struct BadSlug;

impl Slug {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;
    fn try_from(text: String) -> Result<Self, BadSlug> {
        let fits = (1..=60).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if fits { Ok(Self(text)) } else { Err(BadSlug) }
    }
}

impl std::str::FromStr for Slug {
    type Err = BadSlug;
    fn from_str(text: &str) -> Result<Self, BadSlug> {
        Self::try_from(text.to_owned())
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_that_would_break_a_url_is_refused() {
        for bad in ["", "-x", "Slack", "a b", "a/b", "ü", &"x".repeat(61)] {
            assert_eq!(bad.parse::<Slug>(), Err(BadSlug), "{bad}");
        }
        assert_eq!("my-vendor_2".parse::<Slug>().unwrap().as_str(), "my-vendor_2");
    }
}
