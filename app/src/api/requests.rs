//! Accepted and refused requests: listing them, looking at a refused one, checking it again, accepting it.

use crate::{
    error::AppError,
    view::{
        requests::{RequestPage, RequestStory},
        story::Payload,
    },
};
use domain::{
    id::{RequestId, VendorId},
    place::Outcome,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// One page of requests. A cursor that cannot be read begins at the newest.
#[server(prefix = "/ui", endpoint = "requests", input = GetUrl)]
pub async fn list_requests(
    outcome: Option<Outcome>,
    vendor: Option<VendorId>,
    reason: Option<String>,
    cursor: Option<String>,
) -> Result<RequestPage, AppError> {
    use super::seat;
    use crate::view::requests::{REQUESTS_PER_PAGE, RequestFilter};
    let actor = seat::actor()?;
    let filter = RequestFilter { outcome, vendor_id: vendor, reason };
    let cursor = cursor.and_then(|text| text.parse().ok());
    seat::ports()?.requests.list(&actor, &filter, cursor, REQUESTS_PER_PAGE).await.map_err(seat::named)
}

/// One refused request.
#[server(prefix = "/ui", endpoint = "request", input = GetUrl)]
pub async fn tell_request(id: RequestId) -> Result<RequestStory, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.requests.request(&actor, id).await.map_err(seat::named)
}

/// The body of a refused request. Reading it is audited, so it is a POST although it reads.
#[server(prefix = "/ui", endpoint = "request/body")]
pub async fn read_request_body(id: RequestId) -> Result<Payload, AppError> {
    use super::seat;
    let actor = seat::configurer()?;
    seat::ports()?.requests.body(&actor, id).await.map_err(seat::named)
}

/// Checks a refused request again. The page shows what was found.
#[server(prefix = "/ui", endpoint = "request/recheck")]
pub async fn recheck_request(id: RequestId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::operator()?;
    seat::ports()?.requests.recheck(&actor, id).await.map_err(seat::named)?;
    Ok(())
}

/// Stores a refused request as an event and goes to it.
#[server(prefix = "/ui", endpoint = "request/accept")]
pub async fn accept_request(id: RequestId, anyway: Option<String>) -> Result<(), AppError> {
    use super::{seat, typed};
    let actor = seat::operator()?;
    let anyway = typed::optional(anyway).is_some();
    let event = seat::ports()?.requests.accept(&actor, id, anyway).await.map_err(seat::named)?;
    leptos_axum::redirect(&format!("/events/{event}"));
    Ok(())
}
