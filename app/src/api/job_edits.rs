//! Running a job again with something changed.

use crate::{
    error::AppError,
    view::job_edits::{JobDraft, JobEdits},
};
use domain::id::JobId;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What a job was made from, and what was made from it.
#[server(prefix = "/ui", endpoint = "job/edits", input = GetUrl)]
pub async fn read_edits(id: JobId) -> Result<JobEdits, AppError> {
    use super::seat;
    let actor = seat::actor()?;
    seat::ports()?.job_edits.edits(&actor, id).await.map_err(seat::named)
}

/// What a job was asked.
#[server(prefix = "/ui", endpoint = "job/draft", input = GetUrl)]
pub async fn read_draft(id: JobId) -> Result<JobDraft, AppError> {
    use super::seat;
    let actor = seat::operator()?;
    seat::ports()?.job_edits.draft(&actor, id).await.map_err(seat::named)
}

/// Makes the new job and goes to its page.
#[server(prefix = "/ui", endpoint = "job/edit")]
pub async fn run_edited(
    id: JobId,
    prompt: Option<String>,
    system: Option<String>,
    title: Option<String>,
    model: Option<String>,
    max_tokens: Option<String>,
    body: Option<String>,
) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::{
        error::{Field, Reason},
        view::job_edits::Ask,
    };
    let actor = seat::operator()?;
    let ask = Ask {
        prompt: typed::optional(prompt),
        system: typed::optional(system),
        title: typed::optional(title),
        model: typed::optional(model),
        max_tokens: typed::maybe(Field::MaxTokens, max_tokens, Reason::Malformed)?,
        body: typed::optional(body),
    };
    let new = seat::ports()?.job_edits.run_edited(&actor, id, ask).await.map_err(seat::named)?;
    leptos_axum::redirect(&format!("/jobs/{new}"));
    Ok(())
}
