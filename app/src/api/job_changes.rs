//! What people do to jobs beside putting one back.

use crate::{error::AppError, view::jobs::JobsToChange};
use domain::{
    id::{JobId, VendorId},
    job::{JobKind, JobState},
    operation::JobOperation,
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// Changes one job.
#[server(prefix = "/ui", endpoint = "job/change")]
pub async fn change_job(id: JobId, what: JobOperation) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::operator()?;
    seat::ports()?.job_changes.change(&actor, id, what).await.map_err(seat::named)
}

/// How many jobs of a list would be changed.
#[server(prefix = "/ui", endpoint = "jobs/count", input = GetUrl)]
pub async fn count_changes(
    what: JobOperation,
    state: Option<JobState>,
    kind: Option<JobKind>,
    vendor: Option<VendorId>,
) -> Result<JobsToChange, AppError> {
    use super::seat;
    let actor = seat::operator()?;
    let filter = domain::filter::JobFilter { state, kind, vendor_id: vendor };
    seat::ports()?.job_changes.count(&actor, &filter, what).await.map_err(seat::named)
}

/// Changes the jobs of a list and goes back to it.
#[server(prefix = "/ui", endpoint = "jobs/change")]
pub async fn change_jobs(
    what: JobOperation,
    state: Option<String>,
    kind: Option<String>,
    vendor: Option<String>,
) -> Result<(), AppError> {
    use super::seat;
    use crate::view::{jobs::CHANGED_AT_ONCE, query::JobsQuery};
    let actor = seat::operator()?;
    // Read as the list's address is: an empty field of the form narrows nothing.
    let query = JobsQuery::read(|name| match name {
        "state" => state.clone(),
        "kind" => kind.clone(),
        "vendor" => vendor.clone(),
        _ => None,
    });
    let changes = seat::ports()?.job_changes;
    let done = changes.change_all(&actor, &query.filter, what, CHANGED_AT_ONCE).await.map_err(seat::named)?;
    let list = query.href();
    let joint = if list.contains('?') { '&' } else { '?' };
    let more = if done.more { "&more=yes" } else { "" };
    leptos_axum::redirect(&format!("{list}{joint}did={what}&changed={}{more}", done.changed));
    Ok(())
}
