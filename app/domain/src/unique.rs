//! Work that is not done twice within a while.

use serde::{Deserialize, Serialize};

/// Longest while in which the same work is done once, in seconds: 30 days.
pub const MAX_WHILE_S: u32 = 30 * 24 * 3_600;

crate::words! {
    /// What makes the work of two events the same, under one rule.
    pub enum UniqueBy {
        /// Type and contents: what the vendor calls `data`, or the whole body where it calls nothing so.
        Input = "input",
        /// What they are about. An event whose vendor does not say so is like no other.
        Subject = "subject",
    }
}

/// For how long, and by what, a rule takes work to be done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unique {
    /// Seconds after a job was made in which the same work starts no other; 1 to [`MAX_WHILE_S`]. A job that failed for
    /// good or was cancelled did no work.
    pub for_s: u32,
    /// What is the same.
    pub by: UniqueBy,
}
