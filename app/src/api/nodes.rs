//! The processes of this installation.

use crate::{error::AppError, view::nodes::NodePage};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All nodes seen lately.
#[server(prefix = "/ui", endpoint = "nodes", input = GetUrl)]
pub async fn list_nodes() -> Result<NodePage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.nodes.nodes(&actor).await.map_err(seat::named)
}
