//! Running jobs: claim a batch under a lease, run each, write how they ended in batches.
//!
//! - [`runner`]: the loop that claims and starts, and the orderly end
//! - [`claims`]: how many jobs are claimed at once, and of which queues
//! - [`material`]: what claimed jobs work on, read for all of them at once
//! - [`gate`]: whether a claimed job may run: pauses and circuit breakers
//! - [`breaker`]: what a call says of its target, and how a circuit breaker changes; pure
//! - [`calls`]: counting calls, for the window all nodes share
//! - [`letting_go`]: bringing back what pauses and breakers held
//! - [`watch`]: stopping what a person cancelled
//! - [`admission`]: whether a claimed job calls now: its target is on, has room ([`lanes`]), and it is its subject's turn
//! - [`executor`]: one job from claim to outcome; what each kind does
//! - [`gone`]: switching a destination off that says it is gone
//! - [`template`]: turning an event into a prompt and a title
//! - [`retry`]: whether and when a failed try is repeated; pure
//! - [`finish`]: writing outcomes, batched across jobs
//! - [`retire`]: ending old secrets
//! - [`leases`]: keeping leases alive, taking over what other nodes lost; [`lease_time`]: the clock they go by
//! - [`steady`]: the clock of everything else here, which never goes back
//!
//! No transaction is open while a job runs. Whoever loses a lease can write nothing any more.

pub mod admission;
pub mod breaker;
pub mod calls;
pub mod claims;
pub mod executor;
pub mod finish;
pub mod gate;
pub mod gone;
pub mod lanes;
pub mod lease_time;
pub mod leases;
pub mod letting_go;
pub mod material;
pub mod outcome;
pub mod retire;
pub mod retry;
pub mod runner;
pub mod steady;
pub mod template;
pub mod watch;
