//! A word from node to node that there may be work. It may get lost; whoever depends on it looks by itself, too.

use super::Result;
use async_trait::async_trait;

/// What a node says to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Jobs were stored.
    Stored,
    /// There may be work anywhere, even ahead of what others have seen in a queue.
    Anywhere,
}

/// Words between nodes.
#[async_trait]
pub trait WakeStore {
    /// Tells all nodes that listen, this one too.
    async fn tell_nodes(&self, word: Word) -> Result<()>;
    /// Begins to listen; `None` where there can be no other node.
    async fn listen(&self) -> Result<Option<Box<dyn Listener>>>;
}

/// An open ear.
#[async_trait]
pub trait Listener: Send {
    /// Returns when a node said something, and what.
    async fn heard(&mut self) -> Result<Word>;
}
