//! What people type into forms, on its way to the ports: trimmed, empty means absent, choices must be known.

use crate::{
    error::{AppError, Field, Reason},
    view::preset_options::PresetOption,
};
use std::{collections::BTreeMap, str::FromStr};

/// A text that must be there.
pub(super) fn needed(field: Field, text: &str) -> Result<String, AppError> {
    optional(Some(text.to_owned())).ok_or(AppError::invalid(field, Reason::Missing))
}

/// A text that may be left empty.
pub(super) fn optional(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// One of a list of choices, or a number, that must be there.
pub(super) fn chosen<T: FromStr>(field: Field, text: &str) -> Result<T, AppError> {
    needed(field, text)?.parse().map_err(|_| AppError::invalid(field, Reason::Unknown))
}

/// One of a list of choices that may be left empty.
pub(super) fn maybe<T: FromStr>(
    field: Field,
    text: Option<String>,
    reason: Reason,
) -> Result<Option<T>, AppError> {
    optional(text).map(|text| text.parse().map_err(|_| AppError::invalid(field, reason))).transpose()
}

/// Options of a preset by their names. Fields left empty leave the preset as it is.
pub(super) fn options(typed: BTreeMap<String, String>) -> Result<BTreeMap<PresetOption, String>, AppError> {
    let given = typed.into_iter().filter_map(|(name, text)| Some((name, optional(Some(text))?)));
    let known = given.map(|(name, text)| match name.parse() {
        Ok(option) => Ok((option, text)),
        Err(()) => Err(AppError::invalid(Field::Form, Reason::Unknown)),
    });
    known.collect()
}

/// A path of this site to go to after signing in, or the first page: never another site.
pub(super) fn safe_path(next: Option<String>) -> String {
    let inside = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    next.filter(inside).unwrap_or_else(|| "/".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_sent_to_another_site() {
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a\r\nSet-Cookie: x",
            "/\t/evil",
        ] {
            assert_eq!(safe_path(Some(bad.into())), "/", "{bad:?}");
        }
        assert_eq!(safe_path(Some("/jobs?state=failed".into())), "/jobs?state=failed");
    }

    #[test]
    fn an_empty_field_is_an_absent_one() {
        assert_eq!(optional(Some("  ".into())), None);
        assert_eq!(needed(Field::Slug, " "), Err(AppError::invalid(Field::Slug, Reason::Missing)));
        assert!(maybe::<u32>(Field::MaxTokens, Some("x".into()), Reason::Malformed).is_err());
    }
}
