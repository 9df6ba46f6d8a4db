//! Running processes and their heartbeats.

use super::{Adapter, rows};
use crate::{Node, NodeStore, Result, text::clean};
use async_trait::async_trait;
use domain::{id::NodeId, time::Timestamp};
use sqlx::query;

#[async_trait]
impl NodeStore for Adapter {
    async fn heartbeat(&self, node: &Node) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query(
            "insert into nodes (id, host, roles, version, started_at, heartbeat_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do update set heartbeat_at = excluded.heartbeat_at",
        )
        .bind(node.id.uuid())
        .bind(clean(&node.host))
        .bind(clean(&node.roles))
        .bind(clean(&node.version))
        .bind(node.started_at.0)
        .bind(node.heartbeat_at.0)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn nodes(&self, since: Timestamp) -> Result<Vec<Node>> {
        let found = query(
            "select id, host, roles, version, started_at, heartbeat_at from nodes
             where heartbeat_at >= $1 order by started_at, id",
        )
        .bind(since.0)
        .fetch_all(&self.read)
        .await?;
        rows::all(&found, rows::node)
    }

    async fn remove_node(&self, node: NodeId) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query("delete from nodes where id = $1").bind(node.uuid()).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}
