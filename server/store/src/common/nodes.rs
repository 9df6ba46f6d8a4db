//! Running processes and their heartbeats.

use super::{Adapter, Database, along, rows};
use crate::{Node, NodeStore, Result, text::clean};
use async_trait::async_trait;
use domain::{id::NodeId, time::Timestamp};
use sqlx::{QueryBuilder, query};

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

    async fn running_by_node(&self) -> Result<Vec<(NodeId, i64)>> {
        // The index holds running jobs only; one by node would cost every claim and every end a write.
        let mut count = QueryBuilder::<Database>::new("select node_id, count(*) as jobs from jobs");
        along(&mut count, "jobs_leases");
        count.push(" where state = 'running' and node_id is not null group by node_id order by node_id");
        let found = count.build().fetch_all(&self.read).await?;
        rows::all(&found, |row| Ok((NodeId::new(rows::get(row, "node_id")?), rows::get(row, "jobs")?)))
    }

    async fn remove_node(&self, node: NodeId) -> Result<()> {
        let mut transaction = self.begin_hasty().await?;
        query("delete from nodes where id = $1").bind(node.uuid()).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }
}
