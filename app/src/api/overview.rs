//! Figures of the first page and of the navigation.

use crate::{error::AppError, view::overview::Overview};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All figures of the first page.
#[server(prefix = "/ui", endpoint = "overview", input = GetUrl)]
pub async fn read_overview() -> Result<Overview, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.overview.overview(&actor).await.map_err(seat::named)
}

/// How many jobs need a person.
#[server(prefix = "/ui", endpoint = "attention", input = GetUrl)]
pub async fn count_attention() -> Result<i64, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.overview.attention(&actor).await.map_err(seat::named)
}
