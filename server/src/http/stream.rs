//! `/events/stream`: one server-sent event whenever something changed, so that open pages read their data again.
//! Says that, never what: pages ask through their own server functions, which check who asks.

use crate::http::context::Seats;
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
use std::{convert::Infallible, time::Duration};

/// How often it is looked whether something changed; also the shortest time between two events.
const LOOK_EVERY: Duration = Duration::from_millis(1000);

/// The stream, for those who are signed in.
pub async fn changes(State(seats): State<Seats>, Extension(actor): Extension<Option<Actor>>) -> Response {
    let Some(actor) = actor else { return StatusCode::UNAUTHORIZED.into_response() };
    let events = stream::unfold((seats, actor, None::<(i64, i64)>), |(seats, actor, mut seen)| async move {
        loop {
            // The first look is at once and always tells: the page was read before its stream began, and what
            // changed in between would otherwise never be shown.
            let begins = seen.is_none();
            if !begins {
                seats.stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await?;
            }
            // A session that ended meanwhile must not keep listening; its stream ends and the page asks anew.
            let user = seats.services.store.user(actor.user_id).await.ok()?;
            if user.disabled {
                return None;
            }
            let now = marker(&seats, &actor).await;
            let changed = now.is_some() && now != seen;
            // A database that does not answer is asked again after the usual pause.
            seen = now.or(seen).or(Some((-1, 0)));
            if begins || changed {
                // Browsers drop events without data.
                let event = Ok::<_, Infallible>(Event::default().event("changed").data("now"));
                return Some((event, (seats, actor, seen)));
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// A pair of numbers that differs when anything on a page may differ: the configuration's version, and the sum of
/// the counters of the last minutes. Works across nodes and costs two small reads.
async fn marker(seats: &Seats, actor: &Actor) -> Option<(i64, i64)> {
    let services = &seats.services;
    let since = services.clock.now().plus(-3 * MINUTE);
    let counters = services.store.counters(actor.tenant, since).await.ok()?;
    let states = services.store.state_counts(actor.tenant, 1_000).await.ok()?;
    let sum = counters.iter().map(|row| row.value).sum::<i64>();
    // Weighted, so that a job that moves from one state to another changes the sum.
    let moved: i64 = states.iter().map(|(state, count)| count * (1 + *state as i64) * 1_000_003).sum();
    Some((services.live.now().version, sum.wrapping_add(moved)))
}
