//! `tidegate events list`: accepted webhooks, newest first.

use super::{actor, named, output::Output, said};
use crate::serve::Base;
use app::{ports::EventsPort, view::events::EventRow};
use domain::{
    place::{EventFilter, Place},
    time::Timestamp,
};

#[derive(clap::Args, Debug)]
pub(super) struct List {
    /// Only from this vendor
    #[arg(long)]
    vendor: Option<String>,
    /// Only of this type
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// Only about this subject
    #[arg(long)]
    subject: Option<String>,
    /// Only those that arrived at this time or later, such as 2026-11-22T08:00:00Z
    #[arg(long, value_parser = time)]
    since: Option<Timestamp>,
    /// Only those that arrived before this time
    #[arg(long, value_parser = time)]
    until: Option<Timestamp>,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Only those after this place in the list
    #[arg(long)]
    cursor: Option<Place>,
    /// Whose
    #[arg(long)]
    tenant: Option<String>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| "give a time such as 2026-11-22T08:00:00Z".to_owned())
}

pub(super) async fn run(list: List, base: &Base, out: &Output) -> anyhow::Result<()> {
    let List { vendor, event_type, subject, since, until, limit, cursor, tenant } = list;
    let who = actor(base, tenant.as_deref())?;
    let vendor_id = match vendor {
        Some(name) => Some(named::vendor(base, &who, &name)?.vendor.id),
        None => None,
    };
    let filter = EventFilter { vendor_id, event_type, subject_id: subject, since, until };
    let services: &dyn EventsPort = base.services.as_ref();
    let page = services.list(&who, &filter, cursor, limit).await.map_err(said)?;
    out.list(&page.rows, &["id", "received", "vendor", "type", "subject"], |row: &EventRow| {
        vec![
            row.id.to_string(),
            row.received_at.rfc3339(),
            row.vendor.clone(),
            row.event_type.clone(),
            row.subject_id.clone().unwrap_or_default(),
        ]
    });
    Ok(())
}
