//! NOTIFY and LISTEN.

use super::Adapter;
use crate::{Listener, Result, WakeStore, Word};
use async_trait::async_trait;
use sqlx::{postgres::PgListener, query};

/// The channel.
const CHANNEL: &str = "tidegate_work";
/// What is said of [`Word::Stored`].
const STORED: &str = "stored";

struct Ear(PgListener);

#[async_trait]
impl Listener for Ear {
    async fn heard(&mut self) -> Result<Word> {
        // Nodes of earlier versions say nothing in particular.
        Ok(if self.0.recv().await?.payload() == STORED { Word::Stored } else { Word::Anywhere })
    }
}

#[async_trait]
impl WakeStore for Adapter {
    async fn tell_nodes(&self, word: Word) -> Result<()> {
        let payload = match word {
            Word::Stored => STORED,
            Word::Anywhere => "",
        };
        query("select pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(&self.read).await?;
        Ok(())
    }

    async fn listen(&self) -> Result<Option<Box<dyn Listener>>> {
        let mut listener = PgListener::connect_with(&self.read).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Box::new(Ear(listener))))
    }
}
