//! Server functions: the public endpoints behind pages and forms, one file per noun.
//!
//! Each one checks the role first, calls one port, and does nothing else. Paths are fixed words below `/ui`, so
//! that they can be named in access rules and tests. Functions that read take GET, those that change take POST.

#![expect(missing_docs, reason = "the structs behind server functions repeat their arguments")]

pub mod account;
pub mod audit;
pub mod breakers;
pub mod chores;
pub mod destination;
pub mod destinations;
pub mod events;
pub mod flow;
pub mod greetings;
pub mod job_changes;
pub mod job_edits;
pub mod jobs;
pub mod limits;
pub mod nodes;
pub mod overview;
pub mod payloads;
pub mod providers;
pub mod redaction;
pub mod replays;
pub mod requests;
pub mod rotation;
pub mod rules;
pub mod schedules;
pub mod schemes;
pub mod sender;
pub mod signing;
pub mod token_keys;
pub mod types;
pub mod vendor;
pub mod vendors;
pub mod work_limits;

#[cfg(feature = "ssr")]
mod seat;
#[cfg(feature = "ssr")]
mod typed;
