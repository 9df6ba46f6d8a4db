//! The event of an entry of the audit log that is news. Its body, flat for templates:
//!
//! | field | |
//! |---|---|
//! | `kind` | what happened, such as `destination.gone`; the event's type, too |
//! | `subject` | to what, such as `destination crm`; the event's subject, too |
//! | `text` | all of it in words, the link at the end: enough for a message |
//! | `detail` | what the audit log has beside that |
//! | `link` | the page to look at; `null` where no public URL is set |
//! | `tenant` | the short name of the tenant |
//! | `at` | when, in RFC 3339 |

use crate::{
    clock::fresh,
    live::{LiveVendor, Snapshot},
    made::{self, Made},
    payloads::CannotSeal,
};
use domain::{id::EventId, news::NewsKind, tenant::DEFAULT_TENANT, time::Timestamp};
use serde_json::json;
use store::{AuditEntry, NewEvent};

/// The event of `entry`, as `live`'s; links begin with `public_url`, where one is set.
///
/// # Errors
/// When its tenant wants payloads sealed and that cannot be done.
pub fn event(
    entry: &AuditEntry,
    kind: NewsKind,
    live: &LiveVendor,
    snapshot: &Snapshot,
    public_url: Option<&str>,
    now: Timestamp,
) -> Result<NewEvent, CannotSeal> {
    let subject = subject(kind, &entry.target);
    let link = public_url.map(|url| format!("{url}{}", page(kind, &entry.target, live, snapshot)));
    let mut text = words(kind, &what(kind, &entry.target), &entry.detail);
    if let Some(link) = &link {
        text = format!("{text} {link}");
    }
    let body = json!({
        "kind": kind,
        "subject": subject,
        "text": text,
        "detail": entry.detail,
        "link": link,
        "tenant": live.tenant.slug.as_str(),
        "at": entry.at.rfc3339(),
    });
    let made = Made {
        id: EventId::new(fresh()),
        // The entry's, so that it is one event whoever makes it.
        external_id: format!("news:{}", entry.id),
        event_type: kind.to_string(),
        subject_id: Some(subject),
        occurred_at: entry.at,
        body: body.to_string(),
    };
    made::event(live, made, now)
}

/// What it happened to. Targets of breakers say already what they are.
fn subject(kind: NewsKind, target: &str) -> String {
    match kind {
        NewsKind::DestinationGone => format!("destination {target}"),
        NewsKind::BreakerOpen | NewsKind::BreakerClose => target.to_owned(),
        NewsKind::JobPark => format!("job {target}"),
        NewsKind::JobDead => "dead letters".to_owned(),
        NewsKind::VendorRetire | NewsKind::VendorConfirm => format!("vendor {target}"),
    }
}

/// What it is called in a sentence: what it happened to, or how many that were.
fn what(kind: NewsKind, target: &str) -> String {
    match kind {
        NewsKind::JobDead => target.to_owned(),
        _ => subject(kind, target),
    }
}

/// What people are told.
fn words(kind: NewsKind, subject: &str, detail: &str) -> String {
    match kind {
        NewsKind::DestinationGone => format!(
            "{} answered that it is gone (410). It is switched off, and its jobs are held until somebody mends its address or switches it on again.",
            capital(subject)
        ),
        NewsKind::BreakerOpen => {
            format!(
                "The circuit breaker of {subject} opened: {detail}. Its jobs wait; one of them tries from time to time."
            )
        }
        NewsKind::BreakerClose => {
            format!("The circuit breaker of {subject} closed: {detail}. What waited goes on.")
        }
        NewsKind::JobPark => {
            format!("{} is held: {detail}. Look at it before you release it.", capital(subject))
        }
        NewsKind::JobDead => {
            format!(
                "{subject} became dead letters {detail}: all tries failed. Put them back in the queue, or cancel them."
            )
        }
        NewsKind::VendorRetire => {
            format!("A replaced secret of {subject} is not accepted any more: {detail}.")
        }
        NewsKind::VendorConfirm => format!("Subscription of {subject}: {detail}"),
    }
}

/// The page to look at.
fn page(kind: NewsKind, target: &str, live: &LiveVendor, snapshot: &Snapshot) -> String {
    match kind {
        NewsKind::DestinationGone => {
            let mut own = snapshot.destinations().map(|live| &live.destination).filter(|destination| {
                destination.tenant_id == live.vendor.tenant_id && destination.slug.as_str() == target
            });
            own.next()
                .map_or_else(|| "/destinations".to_owned(), |found| format!("/destinations/{}", found.id))
        }
        NewsKind::BreakerOpen | NewsKind::BreakerClose => "/breakers".to_owned(),
        NewsKind::JobPark => format!("/jobs/{target}"),
        NewsKind::JobDead => "/jobs?state=deadletter".to_owned(),
        NewsKind::VendorRetire | NewsKind::VendorConfirm => match live.tenant.slug.as_str() {
            DEFAULT_TENANT => format!("/vendors/{target}"),
            tenant => format!("/vendors/{target}?tenant={tenant}"),
        },
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_say_what_happened_to_what_in_whole_sentences() {
        for (kind, target, detail, expected) in [
            (
                NewsKind::DestinationGone,
                "crm",
                "switched off, because it answered 410; its jobs are held",
                "Destination crm answered that it is gone (410). It is switched off, and its jobs are held until somebody mends its address or switches it on again.",
            ),
            (
                NewsKind::BreakerOpen,
                "model gpt-5 of writer",
                "5 jobs in a row failed, the last with: 503",
                "The circuit breaker of model gpt-5 of writer opened: 5 jobs in a row failed, the last with: 503. Its jobs wait; one of them tries from time to time.",
            ),
            (
                NewsKind::BreakerClose,
                "destination crm",
                "the target answers again",
                "The circuit breaker of destination crm closed: the target answers again. What waited goes on.",
            ),
            (
                NewsKind::JobPark,
                "job_1",
                "its node died twice while it ran",
                "Job job_1 is held: its node died twice while it ran. Look at it before you release it.",
            ),
            (
                NewsKind::JobDead,
                "12 jobs",
                "since 2026-11-23T01:00:00.000Z",
                "12 jobs became dead letters since 2026-11-23T01:00:00.000Z: all tries failed. Put them back in the queue, or cancel them.",
            ),
            (
                NewsKind::VendorRetire,
                "acme",
                "version 1: its time was over",
                "A replaced secret of vendor acme is not accepted any more: version 1: its time was over.",
            ),
            (
                NewsKind::VendorConfirm,
                "aws",
                "The vendor answered 500 to the confirmation.",
                "Subscription of vendor aws: The vendor answered 500 to the confirmation.",
            ),
        ] {
            assert_eq!(words(kind, &what(kind, target), detail), expected);
        }
    }
}
