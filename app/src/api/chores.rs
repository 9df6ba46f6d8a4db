//! What the installation does for itself at set times.

use crate::{error::AppError, view::chores::ChorePage};
use domain::chore::ChoreName;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All chores, by name.
#[server(prefix = "/ui", endpoint = "chores", input = GetUrl)]
pub async fn list_chores() -> Result<ChorePage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.chores.chores(&actor).await.map_err(seat::named)
}

/// Asks for a chore to be done now. The list shows when it was.
#[server(prefix = "/ui", endpoint = "chore/run")]
pub async fn run_chore(name: ChoreName) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.chores.run_chore(&actor, name).await.map_err(seat::named)
}

/// Lets a chore be done by itself (`on=true`), or not.
#[server(prefix = "/ui", endpoint = "chore/switch")]
pub async fn switch_chore(name: ChoreName, on: bool) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::owner()?;
    seat::ports()?.chores.switch_chore(&actor, name, on).await.map_err(seat::named)
}
