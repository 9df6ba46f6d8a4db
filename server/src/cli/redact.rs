//! `tidegate vendor redact`: what of a vendor's requests is never stored.

use super::{Usage, actor, named, output::Output, said};
use crate::serve::Base;
use domain::redaction::Redaction;

/// Adds rules, or shows those there are.
#[derive(clap::Args, Debug)]
pub(super) struct Redact {
    /// Short name
    slug: String,
    /// Whose it is
    #[arg(long)]
    tenant: Option<String>,
    /// JSON pointer to a value that is not stored, such as /customer/email or /items/*/card; can be repeated
    #[arg(long = "pointer", value_name = "POINTER")]
    pointers: Vec<String>,
    /// Header whose value is not stored; can be repeated
    #[arg(long = "header", value_name = "NAME")]
    headers: Vec<String>,
    /// Field of a form body that is not stored; can be repeated
    #[arg(long = "field", value_name = "NAME")]
    fields: Vec<String>,
    /// Take the rules there are away first
    #[arg(long)]
    clear: bool,
}

pub(super) async fn run(redact: Redact, base: &Base, out: &Output) -> anyhow::Result<()> {
    let who = actor(base, redact.tenant.as_deref())?;
    let live = named::vendor(base, &who, &redact.slug)?;
    let known = if redact.clear { Redaction::default() } else { live.redaction().clone() };
    fn with<'a>(known: impl Iterator<Item = &'a str>, more: &'a [String]) -> Vec<&'a str> {
        known.chain(more.iter().map(String::as_str)).collect()
    }
    let rules = Redaction::read(
        with(known.pointers.iter().map(|pointer| pointer.as_str()), &redact.pointers),
        with(known.headers.iter().map(String::as_str), &redact.headers),
        with(known.fields.iter().map(String::as_str), &redact.fields),
    )
    .map_err(|error| Usage(error.to_string()))?;
    if rules != *live.redaction() {
        base.services.set_redaction(&who, &live, &rules).await.map_err(said)?;
    }
    let pointers: Vec<String> = rules.pointers.iter().map(ToString::to_string).collect();
    out.value(
        &rules,
        &[
            ("vendor", redact.slug),
            ("pointers", pointers.join(", ")),
            ("headers", rules.headers.join(", ")),
            ("form fields", rules.fields.join(", ")),
        ],
    );
    Ok(())
}
