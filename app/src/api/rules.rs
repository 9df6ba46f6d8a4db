//! Event type to job.

#![expect(clippy::too_many_arguments, reason = "one argument per field of the form")]

use crate::{error::AppError, view::connections::RulePage};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// All rules, and what a new one can refer to.
#[server(prefix = "/ui", endpoint = "rules", input = GetUrl)]
pub async fn list_rules() -> Result<RulePage, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.rules.list(&actor).await.map_err(seat::named)
}

/// Adds a rule and goes back to the list.
#[server(prefix = "/ui", endpoint = "rule/add")]
pub async fn add_rule(
    vendor: String,
    pattern: String,
    job: String,
    provider: Option<String>,
    destination: Option<String>,
    title: Option<String>,
    prompt: Option<String>,
    body: Option<String>,
    max_tokens: Option<String>,
    max_attempts: Option<String>,
    delay_s: Option<String>,
    deadline_s: Option<String>,
    in_order: Option<String>,
    unique_for_s: Option<String>,
    unique_by: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::connections::NewRule,
    };
    use domain::unique::{Unique, UniqueBy};
    let actor = seat::configurer()?;
    let unique_for: Option<u32> = typed::maybe(Field::UniqueFor, unique_for_s, Reason::Malformed)?;
    let by = typed::maybe(Field::UniqueBy, unique_by, Reason::Unknown)?.unwrap_or(UniqueBy::Input);
    let new = NewRule {
        vendor_id: typed::chosen(Field::Vendor, &vendor)?,
        pattern: typed::needed(Field::Pattern, &pattern)?,
        job: typed::chosen(Field::Job, &job)?,
        provider_id: typed::maybe(Field::Provider, provider, Reason::Unknown)?,
        destination_id: typed::maybe(Field::Destination, destination, Reason::Unknown)?,
        title: typed::optional(title),
        prompt: typed::optional(prompt),
        body: typed::optional(body),
        max_tokens: typed::maybe(Field::MaxTokens, max_tokens, Reason::Malformed)?,
        max_attempts: typed::maybe(Field::Tries, max_attempts, Reason::Malformed)?,
        delay_s: typed::maybe(Field::Delay, delay_s, Reason::Malformed)?,
        deadline_s: typed::maybe(Field::Deadline, deadline_s, Reason::Malformed)?,
        in_order: in_order.is_some(),
        unique: unique_for.filter(|seconds| *seconds > 0).map(|for_s| Unique { for_s, by }),
    };
    seat::ports()?.rules.add(&actor, new).await.map_err(seat::named)?;
    leptos_axum::redirect("/rules?added=yes");
    Ok(())
}
