//! Limits of work.

use crate::{error::AppError, view::work_limits::WorkLimitPage};
use domain::limit::Limited;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All connections with what is set for them.
#[server(prefix = "/ui", endpoint = "limits", input = GetUrl)]
pub async fn read_work_limits() -> Result<WorkLimitPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.work_limits.work_limits(&actor).await.map_err(seat::named)
}

/// Sets all of one. An empty field sets no limit, an empty weight 1.
#[server(prefix = "/ui", endpoint = "limits/set")]
pub async fn set_work_limit(
    of: Limited,
    at_once: Option<String>,
    per_minute: Option<String>,
    weight: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::work_limits::NewWorkLimit,
    };
    let actor = seat::configurer()?;
    let new = NewWorkLimit {
        of,
        at_once: typed::maybe(Field::AtOnce, at_once, Reason::Malformed)?,
        per_minute: typed::maybe(Field::PerMinute, per_minute, Reason::Malformed)?,
        weight: typed::maybe(Field::Weight, weight, Reason::Malformed)?,
    };
    seat::ports()?.work_limits.set_work_limit(&actor, new).await.map_err(seat::named)
}
