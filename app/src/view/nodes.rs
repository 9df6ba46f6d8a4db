//! The processes of this installation.

use domain::{
    id::NodeId,
    time::{SECOND, Timestamp},
};
use serde::{Deserialize, Serialize};

/// How long a node may be silent before it counts as gone, in microseconds. Several times its heartbeat, which comes every
/// two seconds.
pub const SILENT: i64 = 15 * SECOND;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Identity, new at each start.
    pub id: NodeId,
    /// Its host's name.
    pub host: String,
    /// What it runs, such as `ingress,worker`.
    pub roles: String,
    /// Program version.
    pub version: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last said that it lives.
    pub heartbeat_at: Timestamp,
    /// Jobs it runs at the moment.
    pub running: i64,
}

impl NodeRow {
    /// Whether it went away without saying so: it crashed, hangs, or cannot reach the database.
    pub fn is_gone(&self, now: Timestamp) -> bool {
        now.since(self.heartbeat_at) > SILENT
    }
}

/// All processes seen lately, those that live first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePage {
    /// The server's clock.
    pub now: Timestamp,
    /// Its rows.
    pub rows: Vec<NodeRow>,
}
