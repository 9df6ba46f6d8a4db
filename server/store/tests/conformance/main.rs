//! One suite, run on both databases: what a caller of the seam may rely on, told as behaviours.
//! A change to either adapter belongs here too.
//!
//! Needs a PostgreSQL server: `scripts/with-postgres.sh cargo test -p store`.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod accounts;
mod archive;
mod audit;
mod breakers;
mod buckets;
mod chores;
mod config;
mod delivery;
mod event_list;
mod events;
mod greetings;
mod holds;
mod job_changes;
mod job_edits;
mod jobs;
mod keys;
mod leases;
mod lines;
mod news;
mod opening;
mod operation;
mod privacy;
mod queue;
mod refused;
mod replays;
mod retention;
mod rotation;
mod schedules;
mod schemas;
mod sender_links;
mod support;
mod switches;
mod token_keys;
mod unique;
mod wake;
mod work;
mod work_limits;
