//! `/audit/export.csv`: the audit log as a file, narrowed by the same query as the page.

use super::cell;
use crate::services::Services;
use app::{
    ports::{Actor, AuditPort},
    view::audit::{AuditQuery, AuditRow},
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
