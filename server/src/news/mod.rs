//! What Tidegate did by itself, told as events of a tenant's own vendor (`domain::news`): rules bring them to people like
//! any other event, so they are signed, tried again and seen as jobs.
//!
//! - [`make`]: the event of an entry of the audit log
//! - [`digest`]: dead letters, all together
//! - [`run`]: making them as entries are written; any number of nodes may, each entry makes one event

pub mod digest;
pub mod make;
pub mod run;
