//! NOTIFY and LISTEN.

use super::Adapter;
use crate::{Listener, Result, WakeStore};
use async_trait::async_trait;
use sqlx::{postgres::PgListener, query};

/// The channel.
const CHANNEL: &str = "tidegate_work";

struct Ear(PgListener);

#[async_trait]
impl Listener for Ear {
    async fn heard(&mut self) -> Result<()> {
        self.0.recv().await?;
        Ok(())
    }
}

#[async_trait]
impl WakeStore for Adapter {
    async fn tell_nodes(&self) -> Result<()> {
        query("select pg_notify($1, '')").bind(CHANNEL).execute(&self.read).await?;
        Ok(())
    }

    async fn listen(&self) -> Result<Option<Box<dyn Listener>>> {
        let mut listener = PgListener::connect_with(&self.read).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Box::new(Ear(listener))))
    }
}
