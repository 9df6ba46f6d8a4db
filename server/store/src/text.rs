//! Text as both databases can keep it.

use crate::{Result, StoreError};
use std::borrow::Cow;

/// PostgreSQL keeps no NUL in a text, SQLite would cut some of its own functions off there. What comes from
/// outside may hold one, so each becomes U+FFFD, on both sides alike and also when something is looked up.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// [`clean`] for a text that may be missing.
pub(crate) fn clean_opt(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| clean(text))
}

/// JSON as it is stored. Needs no cleaning: JSON writes a NUL as an escape.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_nul_is_replaced_and_other_text_is_not_copied() {
        assert_eq!(clean("a\0b\0"), "a\u{fffd}b\u{fffd}");
        assert!(matches!(clean("ordinary ✓"), std::borrow::Cow::Borrowed(_)));
    }
}
