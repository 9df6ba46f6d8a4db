//! One suite, run on both databases: what a caller of the seam may rely on, told as behaviours.
//! A change to either adapter belongs here too.
//!
//! Needs a PostgreSQL server: `scripts/with-postgres.sh cargo test -p store`.

mod events;
mod support;
