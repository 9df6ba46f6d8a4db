//! Everything that touches SQL, behind one seam.
//!
//! Owns the schema, the transactions and the two dialects. Knows nothing of HTTP, signatures or workers;
//! never asks for the time or for chance: both are arguments.
//!
//! - [`seam`]: the [`Store`] trait, cut into one trait per noun
//! - [`error`]: [`StoreError`], the only error that leaves this crate
//! - `sqlite`, `postgres`: the adapters, with the same file names
//! - `rows`: how a row becomes a domain type, shared by both
//!
//! The suite in `tests/` runs every behaviour on both databases.

pub mod error;
pub mod seam;

pub use error::StoreError;
pub use seam::*;
