//! A word from node to node that there may be work. It may get lost; whoever depends on it looks by itself, too.

use super::Result;
use async_trait::async_trait;

/// Words between nodes.
#[async_trait]
pub trait WakeStore {
    /// Tells all nodes that listen, this one too.
    async fn tell_nodes(&self) -> Result<()>;
    /// Begins to listen; `None` where there can be no other node.
    async fn listen(&self) -> Result<Option<Box<dyn Listener>>>;
}

/// An open ear.
#[async_trait]
pub trait Listener: Send {
    /// Returns when a node said something.
    async fn heard(&mut self) -> Result<()>;
}
