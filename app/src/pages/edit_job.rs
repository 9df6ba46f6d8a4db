//! Running a job again with something changed: what it was asked, ready to be changed, and what the new run does.

use crate::{
    api::job_edits::{RunEdited, read_draft},
    components::{
        empty::{LoadError, Nothing, Skeleton},
        form::{AreaField, FormError, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::{AppError, Field},
    view::{job_edits::JobDraft, words::kind_name},
};
use domain::{id::JobId, job::JobKind, role::Role};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

const PARENT: (&str, &str) = ("Jobs", "/jobs");

/// The form for the job named in the path.
#[component]
pub fn EditJobPage() -> impl IntoView {
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|params| params.get("id")).and_then(|id| id.parse::<JobId>().ok()));
    let action = ServerAction::<RunEdited>::new();
    // Not read anew while the page is open, so that it is not drawn anew under somebody who types.
    let draft = Resource::new_blocking(
        move || id.get(),
        |id| async move { read_draft(id.ok_or(AppError::NotFound)?).await },
    );
    view! {
        <PageHead title="Edit and run again" parent=PARENT/>
        <OnlyFor right=Role::may_operate>
            <Suspense fallback=|| view! { <Skeleton/> }>
                {move || Suspend::new(async move {
                    match draft.await {
                        Ok(draft) if draft.changeable.is_nothing() => view! { <Elsewhere draft/> }.into_any(),
                        Ok(draft) => view! { <EditForm draft action/> }.into_any(),
                        Err(error) => {
                            let href = id.get_untracked().map_or("/jobs".into(), |id| format!("/jobs/{id}"));
                            view! { <LoadError error href/> }.into_any()
                        }
                    }
                })}
            </Suspense>
        </OnlyFor>
    }
    .into_any()
}

/// This job only brings on what another one made.
#[component]
fn Elsewhere(draft: JobDraft) -> impl IntoView {
    let back = format!("/jobs/{}", draft.id);
    let instead = draft.instead.map(|id| {
        view! { <a class="button main" href=format!("/jobs/{id}/edit")>"Edit the job that wrote it"</a> }
    });
    view! {
        <Nothing title="Nothing of this job can be changed"
            text="It brings on what another job wrote. Change what that one was asked: its new result is then brought on as well.">
            {instead}
            <a class="button" href=back>"Back to the job"</a>
        </Nothing>
    }
    .into_any()
}

#[component]
fn EditForm(draft: JobDraft, action: ServerAction<RunEdited>) -> impl IntoView {
    let fault = fault_of(action);
    let JobDraft { id, name, kind, ask, changeable, usual_model, pays, effect, .. } = draft;
    let tokens = ask.max_tokens.map(|tokens| tokens.to_string()).unwrap_or_default();
    let (prompt, hint) = match kind {
        JobKind::Generate => ("Prompt", "The event’s JSON is at hand as event."),
        _ => (
            "Text",
            "A template; the event’s JSON is at hand as event. Left empty, the event itself is the text.",
        ),
    };
    let usual_model = usual_model.map(|model| format!("Unless another model is given, {model} is asked. "));
    let back = format!("/jobs/{id}");
    view! {
        <section class="panel ask" aria-label="What this does">
            <p>
                <a href=back.clone()>{name}</a>{format!(" ({}) ", kind_name(kind).to_lowercase())}
                "stays as it is. A new job runs with what stands below, and both show each other. "
                {pays.then_some("The model is asked again, which is a new paid call. ")}
                {usual_model}
                {effect.words()}
            </p>
        </section>
        <section class="panel sheet two">
            <ActionForm action>
                <FormError fault/>
                <input type="hidden" name="id" value=id.to_string()/>
                {changeable.prompt.then(|| view! {
                    <AreaField label=prompt name="prompt" field=Field::Prompt fault hint value=ask.prompt.unwrap_or_default()/>
                })}
                {changeable.system.then(|| view! {
                    <AreaField label="System prompt" name="system" field=Field::System fault value=ask.system.unwrap_or_default()
                        hint="How the model is to behave, in every answer; a template. Left empty, it is told nothing of the kind."/>
                })}
                {changeable.title.then(|| view! {
                    <TextField label="Title" name="title" field=Field::Title fault placeholder="{{ event.data.title }}"
                        hint="Of the job and of the post; a template." value=ask.title.unwrap_or_default()/>
                })}
                {changeable.model.then(|| view! {
                    <TextField label="Model" name="model" field=Field::Model fault hint="Left empty, the provider’s own." value=ask.model.unwrap_or_default()/>
                    <TextField label="Longest answer in tokens" name="max_tokens" kind="number" field=Field::MaxTokens fault value=tokens/>
                })}
                {changeable.body.then(|| view! {
                    <AreaField label="Body" name="body" field=Field::Body fault value=ask.body.unwrap_or_default()
                        hint="What the endpoint gets. Values are written as JSON, with their quotes. Left empty, the event is passed on as it came."/>
                })}
                <div class="actions wide">
                    <Submit words="Run again as a new job" busy="Starting…" pending=action.pending()/>
                    <a class="button" href=back>"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
