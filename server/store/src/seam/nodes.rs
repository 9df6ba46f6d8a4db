//! Running processes and their heartbeats.

use super::Result;
use async_trait::async_trait;
use domain::{id::NodeId, time::Timestamp};

/// A running process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Identity, new at each start.
    pub id: NodeId,
    /// Its host's name.
    pub host: String,
    /// What it runs: `ingress,api,dashboard,worker`.
    pub roles: String,
    /// Program version.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last said it lives.
    pub heartbeat_at: Timestamp,
}

/// Nodes.
#[async_trait]
pub trait NodeStore {
    /// Adds the node or renews its heartbeat.
    async fn heartbeat(&self, node: &Node) -> Result<()>;
    /// Nodes seen since `since`, oldest first.
    async fn nodes(&self, since: Timestamp) -> Result<Vec<Node>>;
    /// How many jobs each node runs at the moment; nodes that run none are not among them. Reads running jobs only, so
    /// it costs the same however many wait or are done.
    async fn running_by_node(&self) -> Result<Vec<(NodeId, i64)>>;
    /// Takes a node that ends in good order off the list.
    async fn remove_node(&self, node: NodeId) -> Result<()>;
}
