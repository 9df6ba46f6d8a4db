//! Events that are made at set times, as if their vendor had sent them.
//!
//! - [`pace`]: which times are meant
//! - [`make`]: the event of a due time
//! - [`run`]: making them as they fall due; any number of nodes may, each due time makes one event

pub mod make;
pub mod pace;
pub mod run;
