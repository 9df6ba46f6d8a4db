//! Turns: one row per kind of work.

use super::Adapter;
use crate::{Result, TurnStore, text::clean};
use async_trait::async_trait;
use domain::{id::NodeId, time::Timestamp};
use sqlx::query;

#[async_trait]
impl TurnStore for Adapter {
    async fn take_turn(&self, name: &str, node: NodeId, now: Timestamp, until: Timestamp) -> Result<bool> {
        let mut transaction = self.begin_hasty().await?;
        let taken = query(
            "insert into turns (name, node_id, until) values ($1, $2, $3)
             on conflict (name) do update set node_id = excluded.node_id, until = excluded.until
             where turns.until <= $4 or turns.node_id = excluded.node_id",
        )
        .bind(clean(name))
        .bind(node.uuid())
        .bind(until.0)
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(taken.rows_affected() == 1)
    }
}
