//! The keys that sign tokens for sites.

use crate::{error::AppError, view::token_keys::TokenKeys};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// Those that are published.
#[server(prefix = "/ui", endpoint = "tokens/keys", input = GetUrl)]
pub async fn read_token_keys() -> Result<TokenKeys, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.token_keys.token_keys(&actor).await.map_err(seat::named)
}

/// Publishes a new one that signs after `lead_hours`; 0 for one that signs at once while the others are withdrawn.
#[server(prefix = "/ui", endpoint = "tokens/rotate")]
pub async fn replace_token_key(lead_hours: i64) -> Result<(), AppError> {
    use super::seat;
    use domain::time::HOUR;
    let actor = seat::owner()?;
    let lead = (lead_hours != 0).then(|| lead_hours.saturating_mul(HOUR));
    seat::ports()?.token_keys.replace_token_key(&actor, lead).await.map_err(seat::named)?;
    Ok(())
}
