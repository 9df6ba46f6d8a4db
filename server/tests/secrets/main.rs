//! Secrets from the services down to a SQLite file: replacing and ending them.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod retire;
mod rotation;
mod support;
