//! Two processes, one of which went away.

use super::Fake;
use app::{
    error::AppError,
    ports::{Actor, NodesPort},
    view::nodes::{NodePage, NodeRow},
};
use async_trait::async_trait;
use domain::{
    id::NodeId,
    time::{HOUR, MINUTE, SECOND},
};
use uuid::Uuid;

#[async_trait]
impl NodesPort for Fake {
    async fn nodes(&self, _: &Actor) -> Result<NodePage, AppError> {
        self.well()?;
        let row = |n: u128, host: &str, silent: i64| NodeRow {
            id: NodeId::new(Uuid::from_u128(0x018f_3c51_0000_7000_8000_0000_0000_0000 + n)),
            host: host.into(),
            roles: "ingress,worker".into(),
            version: "0.1.0".into(),
            started_at: self.now.plus(-3 * HOUR),
            heartbeat_at: self.now.plus(-silent),
            running: 7 * (n as i64 % 2),
        };
        let rows = match self.vendors.is_empty() {
            true => vec![],
            false => vec![row(1, "gate-1", SECOND), row(2, "gate-2", 12 * MINUTE)],
        };
        Ok(NodePage { now: self.now, rows })
    }
}
