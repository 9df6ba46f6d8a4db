//! `/events/export.csv`: the list of events as a file, narrowed by the same query as the page.

use super::cell;
use app::{
    ports::{Actor, EventsPort},
    view::events::{EventRow, EventsQuery},
};
use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, State},
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
    format!("{}\r\n", cells.map(|text| cell(&text)).join(","))
}
