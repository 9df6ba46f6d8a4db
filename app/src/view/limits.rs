//! What a vendor may send: from where, how much and how large.

use serde::{Deserialize, Serialize};

/// Largest number of networks a vendor may have.
pub const MAX_NETWORKS: usize = 500;
/// Highest rate and burst.
pub const MAX_RATE: u32 = 1_000_000;
/// Bounds of the largest body, in bytes.
pub const BODY_BOUNDS: std::ops::RangeInclusive<u32> = 1024..=32 * 1024 * 1024;

/// The limits of one vendor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorLimits {
    /// Networks it may send from; any when empty.
    pub allow: Vec<String>,
    /// Requests a second in the long run; any number when `None`.
    pub rate: Option<u32>,
    /// Requests at once after a pause; `None` without a rate.
    pub burst: Option<u32>,
    /// Largest body, in bytes; `None` for its preset's.
    pub max_body: Option<u32>,
    /// Its preset's largest body, in bytes.
    pub preset_max_body: u32,
}

/// The limits as they are to be; numbers as they were typed, each unchecked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewLimits {
    /// Networks, separated by line breaks, spaces or commas.
    pub allow: String,
    /// Requests a second.
    pub rate: Option<u32>,
    /// Requests at once; as many as a second's when `None`.
    pub burst: Option<u32>,
    /// Largest body, in bytes.
    pub max_body: Option<u32>,
}
