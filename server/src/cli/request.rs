//! `tidegate requests`: looking at accepted and refused requests, checking refused ones again, accepting them, and
//! links to the page for a vendor's engineer.

use super::{actor, named, output::Output, said};
use crate::serve::Base;
use app::{
    ports::{RequestsPort, SenderPort},
    view::requests::{Fate, RequestFilter, RequestRow},
};
use domain::{
    id::RequestId,
    place::{Outcome, Place},
};
use serde_json::json;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List requests, newest first
    List {
        /// Only accepted or refused ones
        #[arg(long)]
        outcome: Option<Outcome>,
        /// Only to this vendor
        #[arg(long)]
        vendor: Option<String>,
        /// Only refused for this reason, such as signature_mismatch
        #[arg(long)]
        reason: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Only those after this place in the list
        #[arg(long)]
        cursor: Option<Place>,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// One refused request: what was checked and why it failed
    Show {
        /// Its id
        id: RequestId,
        /// Print its body as well; the reading is audited
        #[arg(long)]
        body: bool,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Check a refused request again, with the secrets as they are now and the clock of then
    Recheck {
        /// Its id
        id: RequestId,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Store a refused request as an event
    Accept {
        /// Its id
        id: RequestId,
        /// Although its check still fails
        #[arg(long)]
        anyway: bool,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Make a link to the page for a vendor's engineer; works for seven days
    SenderLink {
        /// The vendor's short name
        vendor: String,
        /// End all links that were given out instead
        #[arg(long)]
        end: bool,
        /// Whose
        #[arg(long)]
        tenant: Option<String>,
    },
}

pub(super) async fn run(command: Command, base: &Base, out: &Output) -> anyhow::Result<()> {
    let services: &dyn RequestsPort = base.services.as_ref();
    match command {
        Command::List { outcome, vendor, reason, limit, cursor, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let vendor = match vendor {
                Some(name) => Some(named::vendor(base, &who, &name)?.vendor.id),
                None => None,
            };
            let filter = RequestFilter { outcome, vendor_id: vendor, reason };
            let page = services.list(&who, &filter, cursor, limit).await.map_err(said)?;
            out.list(&page.rows, &["id", "received", "vendor", "outcome", "why or what"], cells);
        }
        Command::Show { id, body, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let story = services.request(&who, id).await.map_err(said)?;
            let payload = match body {
                true => Some(services.body(&who, id).await.map_err(said)?),
                false => None,
            };
            let request = &story.request;
            let likely = request.finding.as_ref();
            let mut lines = vec![
                ("request", request.id.to_string()),
                ("received", request.received_at.rfc3339()),
                ("vendor", story.vendor.clone()),
                ("called", format!("{} {}", request.method, request.path)),
                ("from", request.client.clone()),
                ("answered", request.status.to_string()),
                ("reason", format!("{}: {}", request.reason, request.detail)),
                (
                    "likely",
                    likely.map(|found| format!("{}: {}", found.code, found.words)).unwrap_or_default(),
                ),
                ("kept", if request.captured { "yes" } else { "no" }.to_owned()),
            ];
            if let Some(recheck) = &request.rechecked {
                lines.push(("checked again", format!("{}: {}", recheck.code, recheck.words)));
            }
            if let Some(accepted) = &request.accepted {
                lines.push(("accepted", format!("{} by {}", accepted.event_id, accepted.by)));
            }
            for (name, value) in &request.headers {
                lines.push(("header", format!("{name}: {value}")));
            }
            if let Some(payload) = &payload {
                lines.push(("body", payload.body.clone()));
            }
            out.value(&json!({"story": story, "body": payload.map(|payload| payload.body)}), &lines);
        }
        Command::Recheck { id, tenant } => {
            let recheck = services.recheck(&actor(base, tenant.as_deref())?, id).await.map_err(said)?;
            let lines = [("verdict", recheck.code.clone()), ("words", recheck.words.clone())];
            out.value(&recheck, &lines);
        }
        Command::Accept { id, anyway, tenant } => {
            let event = services.accept(&actor(base, tenant.as_deref())?, id, anyway).await.map_err(said)?;
            out.value(&json!({"request_id": id, "event_id": event}), &[("event", event.to_string())]);
        }
        Command::SenderLink { vendor, end, tenant } => {
            let who = actor(base, tenant.as_deref())?;
            let id = named::vendor(base, &who, &vendor)?.vendor.id;
            let sender: &dyn SenderPort = base.services.as_ref();
            if end {
                sender.end_links(&who, id).await.map_err(said)?;
                out.done(&format!("All links to {vendor}'s sender page have ended."));
            } else {
                let link = sender.link(&who, id).await.map_err(said)?;
                let lines = [("link", link.url.clone()), ("works until", link.expires_at.rfc3339())];
                out.value(&link, &lines);
            }
        }
    }
    Ok(())
}

fn cells(row: &RequestRow) -> Vec<String> {
    let (outcome, why) = match &row.fate {
        Fate::Accepted { event_id, event_type } => {
            ("accepted".to_owned(), format!("{event_type} {event_id}"))
        }
        Fate::Refused { status, reason, finding, accepted, .. } => {
            let cause = finding.as_ref().map(|found| format!(" ({})", found.code)).unwrap_or_default();
            let by_hand = if accepted.is_some() { ", accepted by hand" } else { "" };
            (format!("refused {status}"), format!("{reason}{cause}{by_hand}"))
        }
    };
    vec![row.id.to_string(), row.received_at.rfc3339(), row.vendor.clone(), outcome, why]
}
