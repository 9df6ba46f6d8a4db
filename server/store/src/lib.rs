//! Everything that touches SQL, behind one seam.
//!
//! Owns the schema, the transactions and the two dialects. Knows nothing of HTTP, signatures or workers;
//! never asks for the time or for chance: both are arguments.
//!
//! - [`seam`]: the [`Store`] trait, cut into one trait per noun
//! - [`error`]: [`StoreError`], the only error that leaves this crate
//! - [`open()`]: picks the adapter by URL
//! - `sqlite`, `postgres`: the adapters, with the same file names: connections, and the statements that differ
//! - `common/`: what both do with the same text. Its files are modules of each adapter and find that adapter's
//!   connection, row and statements in `super`
//! - `migrations`: the schema, embedded
//! - `batch`, `text`: what is worked out before anything is written
//!
//! The suite in `tests/` runs every behaviour on both databases.

#![expect(
    clippy::duplicate_mod,
    reason = "plain code compiled once per database reads better than a macro or bounds on every sqlx trait"
)]

mod batch;
pub mod error;
mod migrations;
mod open;
mod postgres;
pub mod seam;
mod sqlite;
mod text;

pub use error::StoreError;
pub use open::{OpenOptions, open};
pub use seam::*;

/// The tenant that the first migration adds; its id is the same in every installation.
pub const DEFAULT_TENANT_ID: domain::id::TenantId =
    domain::id::TenantId::new(uuid::Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));
