//! Secrets that vendors handed over in their first request: listing, accepting, dismissing.

use super::{
    Usage, actor,
    named::{self, Whose},
    output::Output,
    said,
};
use crate::serve::Base;
use domain::id::OfferId;
use serde_json::json;

/// What waits.
pub(super) async fn list(whose: &Whose, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::vendor(base, &who, &whose.slug)?;
    let offers = base.services.connection_of(&who, live.vendor.id).await.map_err(said)?.offers;
    out.list(&offers, &["id", "offered at", "request", "ends in"], |offer| {
        vec![
            offer.id.to_string(),
            offer.offered_at.rfc3339(),
            offer.request_id.to_string(),
            offer.ending.clone().unwrap_or_default(),
        ]
    });
    Ok(())
}

/// Takes one as the vendor's secret and prints it once: some vendors ask a person to repeat it.
pub(super) async fn accept(whose: Whose, offer: &str, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::vendor(base, &who, &whose.slug)?;
    let offer: OfferId = offer.parse().map_err(|error| Usage(format!("--offer: {error}")))?;
    let shown = base.services.accept_offered(&who, live.vendor.id, offer).await.map_err(said)?;
    let secret = shown.secret.unwrap_or_default();
    out.value(
        &json!({"slug": shown.slug, "url": shown.url, "secret": secret}),
        &[("slug", shown.slug), ("url", shown.url), ("secret", secret.clone())],
    );
    Ok(())
}

/// Forgets all of them.
pub(super) async fn dismiss(whose: Whose, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, whose.tenant.as_deref())?;
    let live = named::vendor(base, &who, &whose.slug)?;
    base.services.dismiss_offered(&who, live.vendor.id).await.map_err(said)?;
    out.done(&format!("What {} offered is forgotten.", whose.slug));
    Ok(())
}
