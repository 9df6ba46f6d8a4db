//! Secrets from the services down to a SQLite file: replacing and ending them, the master key that seals
//! them, and places other than the database.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod keys;
mod places;
mod retire;
mod rotation;
mod support;
mod tokens;
