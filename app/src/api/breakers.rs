//! What circuit breakers see, and when they open.

use crate::{
    error::AppError,
    view::breakers::{ThresholdPage, WatchedRow},
};
use domain::thresholds::Guarded;
use leptos::{prelude::*, server_fn::codec::GetUrl};
use std::collections::BTreeMap;

/// All breakers with what they counted.
#[server(prefix = "/ui", endpoint = "breakers", input = GetUrl)]
pub async fn read_breakers() -> Result<Vec<WatchedRow>, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.breakers.watched(&actor).await.map_err(seat::named)
}

/// What is set.
#[server(prefix = "/ui", endpoint = "breakers/thresholds", input = GetUrl)]
pub async fn read_thresholds() -> Result<ThresholdPage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.breakers.thresholds(&actor).await.map_err(seat::named)
}

/// Sets all thresholds of one, by their names. An empty field inherits.
#[server(prefix = "/ui", endpoint = "breakers/thresholds/set")]
pub async fn set_thresholds(
    of: Guarded,
    #[server(default)] chosen: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::{Field, Reason};
    use domain::thresholds::{Chosen, Threshold};
    let actor = seat::configurer()?;
    let mut numbers = Chosen::new();
    for (name, text) in chosen {
        let what: Threshold = name.parse().map_err(|_| AppError::invalid(Field::Form, Reason::Unknown))?;
        if let Some(number) = typed::maybe(Field::Threshold(what), Some(text), Reason::Malformed)? {
            numbers.insert(what, number);
        }
    }
    seat::ports()?.breakers.set_thresholds(&actor, of, numbers).await.map_err(seat::named)
}
