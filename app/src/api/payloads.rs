//! Reading the bytes of webhooks.

use crate::{error::AppError, view::payload::Reading};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What a webhook brought; `of` is the id of its event or of a job it led to. Noted in the audit log.
#[server(prefix = "/ui", endpoint = "payload", input = GetUrl)]
pub async fn read_payload(of: String) -> Result<Reading, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    let payloads = seat::ports()?.payloads;
    let read = match (of.parse(), of.parse()) {
        (Ok(event), _) => payloads.read(&actor, event).await,
        (_, Ok(job)) => payloads.read_of_job(&actor, job).await,
        _ => Err(AppError::NotFound),
    };
    read.map_err(seat::named)
}
