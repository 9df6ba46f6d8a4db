//! Lists as files: `/audit/export.csv`. Written page by page while they are read, so that a long list needs no more
//! memory than a page of it.

use crate::services::Services;
use app::{
    ports::{Actor, AuditPort},
    view::audit::{AuditQuery, AuditRow},
//! `/events/export.csv`: the list of events as a file, narrowed by the same query as the page, streamed page by page.

use app::{
    ports::{Actor, EventsPort},
    view::events::{EventRow, EventsQuery},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use std::{collections::HashMap, sync::Arc};

/// Entries read at once.
const PAGE: u32 = 500;
const HEAD: &str = "time,tenant,actor,action,target,detail\r\n";

/// The audit log, narrowed like its page, as CSV (RFC 4180) in UTF-8.
pub async fn audit(
    State(services): State<Arc<Services>>,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::place::{EventFilter, Place};
use futures::stream;
use std::{collections::HashMap, io, sync::Arc};

/// Events read at once.
const PAGE: u32 = 1_000;
/// The first line.
const COLUMNS: &str =
    "id,received_at,vendor,type,subject,external_id,occurred_at,secret_version,body_bytes\r\n";

/// Where the export stands: `None` once the last page was written.
struct Export {
    events: Arc<dyn EventsPort>,
    actor: Actor,
    filter: EventFilter,
    next: Option<Option<Place>>,
}

/// The file, for those who are signed in.
pub async fn events(
    State(events): State<Arc<dyn EventsPort>>,
    Extension(actor): Extension<Option<Actor>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(actor) = actor else { return StatusCode::UNAUTHORIZED.into_response() };
    if !actor.role.may_configure() {
        return StatusCode::FORBIDDEN.into_response();
    }
    let query = AuditQuery::read(|name| query.get(name).cloned());
    // The first page before the head: what cannot be read must not look like an empty list.
    let first = match services.page(&actor, &query.filter, None, PAGE).await {
        Ok(page) => page,
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let next = first.next_cursor.and_then(|cursor| cursor.parse().ok());
    let begin = HEAD.to_owned() + &lines(&first.rows);
    let rest = stream::try_unfold(next, move |cursor| {
        let (services, actor, filter) = (services.clone(), actor.clone(), query.filter.clone());
        async move {
            let Some(cursor) = cursor else { return Ok(None) };
            // Ends the connection before its time, which every client reports as a broken file.
            let page = services
                .page(&actor, &filter, Some(cursor), PAGE)
                .await
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            let next = page.next_cursor.and_then(|cursor| cursor.parse().ok());
            Ok::<_, std::io::Error>(Some((Bytes::from(lines(&page.rows)), next)))
        }
    });
    let body = futures::StreamExt::chain(stream::iter([Ok(Bytes::from(begin))]), rest);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

fn lines(rows: &[AuditRow]) -> String {
    rows.iter().map(line).collect()
}

fn line(row: &AuditRow) -> String {
    let tenant = row.tenant.as_deref().unwrap_or_default();
    let time = row.at.rfc3339();
    let cells = [&time, tenant, &row.actor, &row.action, &row.target, &row.detail].map(cell);
    cells.join(",") + "\r\n"
}

/// One cell. A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\r', '\n']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
    let filter = EventsQuery::read(|name| query.get(name).cloned()).filter;
    let export = Export { events, actor, filter, next: Some(None) };
    let pages = stream::unfold(export, |mut export| async move {
        let cursor = export.next.take()?;
        let page = export.events.list(&export.actor, &export.filter, cursor, PAGE).await;
        let text = page.map_err(io::Error::other).map(|page| {
            export.next = page.next_cursor.and_then(|text| text.parse().ok()).map(Some);
            let head = if cursor.is_none() { COLUMNS } else { "" };
            Bytes::from(page.rows.iter().fold(head.to_owned(), |text, row| text + &line(row)))
        });
        Some((text, export))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"events.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

fn line(row: &EventRow) -> String {
    let cells = [
        row.id.to_string(),
        row.received_at.rfc3339(),
        row.vendor.clone(),
        row.event_type.clone(),
        row.subject_id.clone().unwrap_or_default(),
        row.external_id.clone(),
        row.occurred_at.map(|at| at.rfc3339()).unwrap_or_default(),
        row.secret_version.map(|version| version.to_string()).unwrap_or_default(),
        row.body_len.to_string(),
    ];
    format!("{}\r\n", cells.map(|cell| quoted(&cell)).join(","))
}

/// A cell by RFC 4180. What a spreadsheet would run as a formula gets an apostrophe in front: type and subject are the
/// sender's own words.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{cell}") } else { cell.to_owned() };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_one_cell_whatever_it_holds_and_never_a_formula() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a, \"b\"\nc"), "\"a, \"\"b\"\"\nc\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@x"), "\"'@x\"");
    use super::quoted;

    #[test]
    fn a_cell_is_quoted_where_it_must_and_never_runs_as_a_formula() {
        assert_eq!(quoted("story.ready"), "story.ready");
        assert_eq!(quoted("a,b \"c\"\n"), "\"a,b \"\"c\"\"\n\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("-1"), "'-1");
    }
}
