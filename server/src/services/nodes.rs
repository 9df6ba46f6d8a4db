//! The processes of this installation.

use super::{Services, unavailable};
use app::{
    error::AppError,
    ports::{Actor, NodesPort},
    view::nodes::{NodePage, NodeRow},
};
use async_trait::async_trait;
use domain::{id::NodeId, time::DAY};
use std::collections::HashMap;

#[async_trait]
impl NodesPort for Services {
    async fn nodes(&self, _actor: &Actor) -> Result<NodePage, AppError> {
        let now = self.clock.now();
        let nodes = self.store.nodes(now.plus(-DAY)).await.map_err(unavailable)?;
        let running = self.store.running_by_node().await.map_err(unavailable)?;
        let running: HashMap<NodeId, i64> = running.into_iter().collect();
        let mut rows: Vec<NodeRow> = nodes
            .into_iter()
            .map(|node| NodeRow {
                running: running.get(&node.id).copied().unwrap_or_default(),
                id: node.id,
                host: node.host,
                roles: node.roles,
                version: node.version,
                started_at: node.started_at,
                heartbeat_at: node.heartbeat_at,
            })
            .collect();
        // Of those that went away the last one first.
        rows.sort_by_key(|row| match row.is_gone(now) {
            false => (false, row.started_at.0, row.id),
            true => (true, -row.heartbeat_at.0, row.id),
        });
        Ok(NodePage { now, rows })
    }
}
