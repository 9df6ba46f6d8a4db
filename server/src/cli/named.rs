//! Vendors, destinations and providers as commands name them: by their short name, in one tenant.

use crate::{
    live::{LiveDestination, LiveProvider, LiveVendor},
    serve::Base,
};
use anyhow::Context;
use app::ports::Actor;
use std::sync::Arc;

/// Which one, of whom.
#[derive(clap::Args, Debug)]
pub(super) struct Whose {
    /// Short name
    pub(super) slug: String,
    /// Whose it is
    #[arg(long)]
    pub(super) tenant: Option<String>,
}

/// The vendor of this name.
pub(super) fn vendor(base: &Base, who: &Actor, name: &str) -> anyhow::Result<Arc<LiveVendor>> {
    base.services.vendor_named(who, name).ok().with_context(|| format!("there is no vendor {name:?}"))
}

/// The destination of this name.
pub(super) fn destination(base: &Base, who: &Actor, name: &str) -> anyhow::Result<Arc<LiveDestination>> {
    base.services
        .destination_named(who, name)
        .ok()
        .with_context(|| format!("there is no destination {name:?}"))
}

/// The provider of this name.
pub(super) fn provider(base: &Base, who: &Actor, name: &str) -> anyhow::Result<Arc<LiveProvider>> {
    base.services.provider_named(who, name).ok().with_context(|| format!("there is no provider {name:?}"))
}
