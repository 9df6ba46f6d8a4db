//! Schemas that evolve: what payloads of an event type must look like, and how others are made to fit.
//!
//! Pure but for [`catalogue`], which writes now and then what was seen. What people do with it is in `services`, where
//! it is kept is the store's business.
//!
//! - [`check`]: a JSON Schema, bounded and compiled; what a payload lacks in words
//! - [`learn`]: a schema from samples
//! - [`shape`]: the structure of a payload, and how two structures differ
//! - [`mapping`]: renames, defaults and drops, one a line
//! - [`types`]: both as they are in use, in the configuration in memory; judges each event that arrives
//! - [`lines`]: in which line of a text a JSON pointer stands
//! - [`catalogue`]: which types were seen, written behind the answers

pub mod catalogue;
pub mod check;
pub mod learn;
pub mod lines;
pub mod mapping;
pub mod shape;
pub mod types;

/// What is wrong with a text somebody wrote, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {words}")]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, in one sentence.
    pub words: String,
}

/// A key as part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// A text no longer than `most` characters, with a sign where it was cut.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
