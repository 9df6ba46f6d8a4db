//! Token buckets that all nodes share.

use super::Result;
use async_trait::async_trait;
use domain::time::Timestamp;

/// What was taken from a bucket, as the time in which it is refilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The bucket's name.
    pub bucket: String,
    /// Microseconds.
    pub micros: i64,
}

/// Token buckets. A bucket is the moment at which it will be full again; one that does not exist is full.
#[async_trait]
pub trait BucketStore {
    /// Takes from all these buckets, whether or not they have as much, and returns when each will be full again, in the
    /// order given. Each bucket may be named once. A power cut may undo it.
    async fn spend(&self, spent: &[Spent], now: Timestamp) -> Result<Vec<Timestamp>>;
}
