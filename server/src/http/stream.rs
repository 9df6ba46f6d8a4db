//! `/events/stream`: one server-sent event whenever something changed, so that open pages read their data again.
//! Says that, never what: pages ask through their own server functions, which check who asks.

use super::{changes::Look, context::Seats};
use crate::services::Services;
use app::ports::Actor;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use domain::time::MINUTE;
use futures::stream;
use std::{convert::Infallible, sync::Arc};

/// The stream, for those who are signed in.
pub async fn changes(State(seats): State<Seats>, Extension(actor): Extension<Option<Actor>>) -> Response {
    let Some(actor) = actor else { return StatusCode::UNAUTHORIZED.into_response() };
    let watched = seats.changes.watch(actor.tenant);
    // The first event is told at once: the page was read before its stream began, and what changed in between would
    // otherwise never be shown.
    let events =
        stream::unfold((seats, actor, watched, true), |(seats, actor, mut watched, begins)| async move {
            if !begins {
                seats.stop.run_until_cancelled(watched.changed()).await?.ok()?;
            }
            // A session that ended meanwhile must not keep listening; its stream ends and the page asks anew.
            let user = seats.services.store.user(actor.user_id).await.ok()?;
            if user.disabled {
                return None;
            }
            // Browsers drop events without data.
            let event = Ok::<_, Infallible>(Event::default().event("changed").data("now"));
            Some((event, (seats, actor, watched, false)))
        });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// A pair of numbers that differs when anything on a page may differ: the configuration's version, and the sum of
/// the counters of the last minutes. Works across nodes and costs two small reads.
pub fn look(services: Arc<Services>) -> Look {
    Box::new(move |scope| {
        let services = services.clone();
        Box::pin(async move {
            let since = services.clock.now().plus(-3 * MINUTE);
            let counters = services.store.counters(scope, since).await.ok()?;
            let states = services.store.state_counts(scope, 1_000).await.ok()?;
            let sum = counters.iter().map(|row| row.value).sum::<i64>();
            // Weighted, so that a job that moves from one state to another changes the sum.
            let moved: i64 =
                states.iter().map(|(state, count)| count * (1 + *state as i64) * 1_000_003).sum();
            Some((services.live.now().version, sum.wrapping_add(moved)))
        })
    })
}
