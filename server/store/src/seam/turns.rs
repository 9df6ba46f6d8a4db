//! Work that one node at a time does for all of them.

use super::Result;
use async_trait::async_trait;
use domain::{id::NodeId, time::Timestamp};

/// Turns.
#[async_trait]
pub trait TurnStore {
    /// Whether it is `node`'s turn to do the work called `name` until `until`: nobody had it, its time is over at
    /// `now`, or it is this node's already.
    async fn take_turn(&self, name: &str, node: NodeId, now: Timestamp, until: Timestamp) -> Result<bool>;
}
