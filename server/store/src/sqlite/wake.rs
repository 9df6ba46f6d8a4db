//! Nothing: a file has one node.

use super::Adapter;
use crate::{Listener, Result, WakeStore, Word};
use async_trait::async_trait;

#[async_trait]
impl WakeStore for Adapter {
    async fn tell_nodes(&self, _: Word) -> Result<()> {
        Ok(())
    }

    async fn listen(&self) -> Result<Option<Box<dyn Listener>>> {
        Ok(None)
    }
}
