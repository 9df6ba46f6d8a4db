//! Listing jobs, telling the story of one, putting one back in the queue.

use crate::{
    error::AppError,
    view::{jobs::JobPage, story::JobStory},
};
use domain::{
    id::{JobId, VendorId},
    job::{JobKind, JobState},
};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// One page of jobs. A cursor that cannot be read begins at the newest.
#[server(prefix = "/ui", endpoint = "jobs", input = GetUrl)]
pub async fn list_jobs(
    state: Option<JobState>,
    kind: Option<JobKind>,
    vendor: Option<VendorId>,
    cursor: Option<String>,
) -> Result<JobPage, AppError> {
    use super::seat;
    use crate::view::jobs::JOBS_PER_PAGE;
    let actor = seat::actor()?;
    let filter = domain::filter::JobFilter { state, kind, vendor_id: vendor };
    let cursor = cursor.and_then(|text| text.parse().ok());
    seat::ports()?.jobs.list(&actor, &filter, cursor, JOBS_PER_PAGE).await.map_err(seat::named)
}

/// The story of one job.
#[server(prefix = "/ui", endpoint = "job", input = GetUrl)]
pub async fn tell_job(id: JobId) -> Result<JobStory, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.jobs.story(&actor, id).await.map_err(seat::named)
}

/// Puts one job back in the queue.
#[server(prefix = "/ui", endpoint = "job/retry")]
pub async fn retry_job(id: JobId) -> Result<(), AppError> {
    use super::seat;
    let actor = seat::operator()?;
    seat::ports()?.jobs.retry(&actor, id).await.map_err(seat::named)
}
