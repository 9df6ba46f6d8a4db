//! One job: its story from webhook to post, its facts, what it was given and what it made, and what a person can do.

use crate::{
    api::{
        job_changes::ChangeJob,
        job_edits::read_edits,
        jobs::{RetryJob, tell_job},
        types::read_shape,
    },
    components::{
        badge::{Badge, StateBadge, Tone},
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
        job_actions::JobActions,
        page_head::PageHead,
        payload::{PayloadPanel, PayloadResource, payload_of},
        shape::ShapePanel,
        timeline::Timeline,
        when::Ago,
    },
    error::AppError,
    live::Live,
    view::{
        job_edits::{JobEdits, JobLink},
        story::{Chapter, JobStory},
        telling::{steps, tries_words},
        types::ShapeReport,
        words::{kind_name, money, number, state_name},
    },
};
use domain::{
    id::{EventId, JobId},
    role::Role,
    schema::JobShape,
    time::in_words,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// What is known of the shape of the job's payload; `None` where there is nothing to tell.
type ShapeResource = Resource<Option<ShapeReport>>;

/// What the job was made from, and what was made from it.
type EditsResource = Resource<Result<JobEdits, AppError>>;

/// The page of the job named in the path.
#[component]
pub fn JobPage() -> impl IntoView {
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|params| params.get("id")).and_then(|id| id.parse::<JobId>().ok()));
    let retry = ServerAction::<RetryJob>::new();
    let change = ServerAction::<ChangeJob>::new();
    let edits = Resource::new(
        move || (id.get(), Live::version()),
        |(id, _)| async move { read_edits(id.ok_or(AppError::NotFound)?).await },
    );
    let payload = payload_of(move || id.get().map(|id| id.to_string()));
    let story = Resource::new(
        move || (id.get(), Live::version(), retry.version().get(), change.version().get()),
        |(id, ..)| async move { tell_job(id.ok_or(AppError::NotFound)?).await },
    );
    // Beside the story, not inside: a resource made inside a `Suspend` is made twice on the server. Only jobs whose type has
    // a schema or mapping have something to tell.
    let shape = Resource::new(
        move || (id.get(), Live::version()),
        move |_| async move {
            match shaped(&story.await.ok()?) {
                Some(event) => read_shape(event).await.ok(),
                None => None,
            }
        },
    );
    view! {
        <Transition fallback=|| view! { <PageHead title="Job" parent=("Jobs", "/jobs")/><Skeleton/> }>
            {move || Suspend::new(async move {
                match story.await {
                    Ok(story) => view! { <Told story retry change payload shape edits/> }.into_any(),
                    Err(error) => {
                        let href = id.get_untracked().map_or("/jobs".into(), |id| format!("/jobs/{id}"));
                        view! { <PageHead title="Job" parent=("Jobs", "/jobs")/><LoadError error href/> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

/// The event whose payload the job in focus met a schema or mapping with.
fn shaped(story: &JobStory) -> Option<EventId> {
    story.focused()?.job.params.shape.as_ref()?;
    story.arrival.as_ref().map(|arrival| arrival.event_id)
}

#[component]
fn Told(
    story: JobStory,
    retry: ServerAction<RetryJob>,
    change: ServerAction<ChangeJob>,
    payload: PayloadResource,
    shape: ShapeResource,
    edits: EditsResource,
) -> impl IntoView {
    let now = story.now;
    let Some(focus) = story.focused().cloned() else {
        return view! { <LoadError error=AppError::NotFound href="/jobs"/> }.into_any();
    };
    let title = if focus.job.title.is_empty() { "Untitled job".to_owned() } else { focus.job.title.clone() };
    let job = focus.job.clone();
    let shape = shaped(&story).map(|_| shape);
    let warning = job.params.shape.as_ref().and_then(|shape| shape.warning.clone());
    let resting = story.retryable().cloned().filter(|_| viewer_may(Role::may_operate));
    view! {
        <Title text=title.clone()/>
        <header class="head job-head">
            <div class="head-words">
                <a class="crumb" href="/jobs">"Jobs"</a>
                <h1>{title}</h1>
                <StateBadge state=job.state attempt=job.attempt next_run_at=job.next_run_at now/>
            </div>
            <JobActions job=job.clone() change/>
        </header>
        <EditedNotice edits/>
        <div class="story-page">
            <div class="side"><section class="panel" aria-labelledby="story">
                <h2 id="story">"Story"</h2>
                <Timeline steps=steps(&story, viewer_may(Role::may_operate))/>
                {resting.map(|chapter| view! { <Retry chapter retry/> })}
            </section>
            {story.arrival.is_some().then(|| view! { <PayloadPanel payload href=format!("/jobs/{}", story.focus)/> })}
            </div>
            <div class="side">
                {shape.map(|report| view! { <Shape report warning/> })}
                <FactsPanel story=story.clone() focus/>
                <Chain story=story.clone()/>
                <AskedAgain events=story.asked_again.clone()/>
                <Made story=story.clone()/>
            </div>
        </div>
    }
    .into_any()
}

/// The events that asked for what this job did already; nothing for most.
#[component]
fn AskedAgain(events: Vec<EventId>) -> impl IntoView {
    (!events.is_empty()).then(|| {
        let lines = events.into_iter().map(|id| {
            view! { <li><a href=format!("/events/{id}") title=id.to_string()>{id.short()}</a></li> }
        });
        view! {
            <section class="panel" aria-labelledby="asked-again">
                <h2 id="asked-again">"Asked for again"</h2>
                <p class="hint">"Its rule wants the same work done once in a while. These later events asked for it as well and started no job."</p>
                <ol class="chain">{lines.collect_view()}</ol>
            </section>
        }
    })
}

/// Which jobs this one was made from and which were made from it; nothing for most.
#[component]
fn EditedNotice(edits: EditsResource) -> impl IntoView {
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                // The story stands without it.
                let edits = edits.await.ok()?;
                (edits.origin.is_some() || !edits.copies.is_empty()).then(|| view! { <Relatives edits/> })
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Relatives(edits: JobEdits) -> impl IntoView {
    let now = edits.now;
    let link = move |link: JobLink| {
        view! {
            <a href=format!("/jobs/{}", link.id) title=link.id.to_string()>{link.id.short()}</a>
            " "<Badge tone=Tone::of(link.state) words=state_name(link.state)/>
            " "<Ago at=link.created_at now/>
        }
        .into_any()
    };
    let copies: Vec<AnyView> = edits
        .copies
        .into_iter()
        .map(|copy| view! { <p>"Run again, edited, as "{link(copy)}</p> }.into_any())
        .collect();
    view! {
        <div class="notice relatives" role="note">
            {edits.origin.map(|origin| view! { <p>"Edited copy of "{link(origin)}</p> })}
            {copies}
        </div>
    }
    .into_any()
}

/// Putting the job back, with what that does.
#[component]
fn Retry(chapter: Chapter, retry: ServerAction<RetryJob>) -> impl IntoView {
    let fault = fault_of(retry);
    view! {
        <ActionForm action=retry>
            <div class="retry">
                <input type="hidden" name="id" value=chapter.job.id.to_string()/>
                <Submit words="Re-enqueue" busy="Re-enqueuing…" pending=retry.pending()/>
            </div>
            <FormError fault/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn FactsPanel(story: JobStory, focus: Chapter) -> impl IntoView {
    let job = focus.job.clone();
    let kinds =
        story.chapters.iter().map(|chapter| kind_name(chapter.job.kind)).collect::<Vec<_>>().join(" → ");
    let usage = story.chapters.iter().map(|chapter| chapter.job.usage);
    let (tokens, cost) = usage.fold((0, None), |(tokens, cost): (i64, Option<i64>), usage| {
        let cost = usage.cost_micros.map_or(cost, |more| Some(cost.unwrap_or(0) + more));
        (tokens + usage.input_tokens + usage.output_tokens, cost)
    });
    let begun = story.arrival.as_ref().map_or(job.created_at, |arrival| arrival.received_at);
    let ended = story.chapters.iter().filter_map(|chapter| chapter.job.finished_at).max();
    let running = story.chapters.iter().any(|chapter| !chapter.job.state.is_final());
    let took = ended.filter(|_| !running).unwrap_or(story.now).since(begun);
    let model = story.chapters.iter().find_map(|chapter| chapter.job.model.clone());
    let arrival = story.arrival;
    view! {
        <section class="panel" aria-labelledby="facts">
            <h2 id="facts">"Facts"</h2>
            <Facts>
                <Fact name="Kind">{kinds}</Fact>
                {focus.destination.clone().map(|name| view! { <Fact name="Destination">{name}</Fact> })}
                {model.map(|model| view! { <Fact name="Model">{model}</Fact> })}
                {job.params.shape.as_ref().map(met).map(|words| view! { <Fact name="Shape met">{words}</Fact> })}
                <Fact name="Tries">{tries_words(&focus, story.now)}</Fact>
                {(job.priority != 0 && !job.state.is_final()).then(|| view! {
                    <Fact name="Priority">{priority_words(job.priority)}</Fact>
                })}
                <Fact name=if running { "So far" } else { "From start to end" }>{in_words(took)}</Fact>
                {(tokens > 0).then(|| view! { <Fact name="Tokens">{number(tokens)}</Fact> })}
                {cost.map(|cost| view! { <Fact name="Cost">{money(cost)}</Fact> })}
                {arrival.as_ref().and_then(|arrival| arrival.subject_id.clone()).map(|subject| view! {
                    <Fact name="Subject"><code>{subject}</code></Fact>
                })}
                {arrival.map(|arrival| view! {
                    <Fact name="Event">
                        <a href=format!("/events/{}", arrival.event_id)><code title=arrival.event_id.to_string()>{arrival.event_id.short()}</code></a>
                    </Fact>
                    {arrival.copy.map(|copy| view! {
                        <Fact name="Replay of">
                            <a href=format!("/events/{}", copy.origin_id)><code title=copy.origin_id.to_string()>{copy.origin_id.short()}</code></a>
                        </Fact>
                        <Fact name="Replay">
                            <a href=format!("/replays#{}", copy.replay_id)><code title=copy.replay_id.to_string()>{copy.replay_id.short()}</code></a>
                        </Fact>
                    })}
                    <Fact name="Trace"><code title=arrival.trace_id.clone()>{arrival.trace_id.clone()}</code></Fact>
                })}
                <Fact name="Job"><code title=job.id.to_string()>{job.id.short()}</code></Fact>
            </Facts>
        </section>
    }
    .into_any()
}

/// A priority that is not the usual one.
fn priority_words(priority: i16) -> String {
    let order = if priority < 0 { "before others" } else { "after others" };
    format!("{}{}, {order}", if priority < 0 { "−" } else { "" }, priority.unsigned_abs())
}

/// What is different about the payload.
#[component]
fn Shape(report: ShapeResource, warning: Option<String>) -> impl IntoView {
    view! {
        <Transition fallback=|| ()>
            {move || {
                let warning = warning.clone();
                Suspend::new(async move {
                    // The story stands without it.
                    report.await.map(|report| view! { <ShapePanel report warning/> })
                })
            }}
        </Transition>
    }
    .into_any()
}

/// Which versions the payload met on its way in.
fn met(shape: &JobShape) -> String {
    let parts = [("schema", shape.schema), ("mapping", shape.mapping)];
    let said: Vec<String> =
        parts.iter().filter_map(|(what, version)| Some(format!("{what} v{}", (*version)?))).collect();
    said.join(", ")
}

/// The other jobs of the same story.
#[component]
fn Chain(story: JobStory) -> impl IntoView {
    let focus = story.focus;
    (story.chapters.len() > 1).then(|| {
        let links = story.chapters.into_iter().map(|chapter| {
            let job = chapter.job;
            view! {
                <li>
                    <a href=format!("/jobs/{}", job.id) aria-current=(job.id == focus).then_some("true")>
                        {kind_name(job.kind)}
                    </a>
                    <Badge tone=Tone::of(job.state) words=state_name(job.state)/>
                </li>
            }
        });
        view! {
            <section class="panel" aria-labelledby="chain">
                <h2 id="chain">"Jobs of this story"</h2>
                <ol class="chain">{links.collect_view()}</ol>
            </section>
        }
    })
}

/// What the model wrote.
#[component]
fn Made(story: JobStory) -> impl IntoView {
    let result =
        story.chapters.into_iter().find_map(|chapter| chapter.result.filter(|made| made.text.is_some()));
    result.map(|made| {
        let text = made.text.unwrap_or_default();
        view! {
            <section class="panel" aria-labelledby="result">
                <h2 id="result">"Result"</h2>
                {made.title.map(|title| view! { <p class="result-title">{title}</p> })}
                <div class="result" tabindex="0" role="region" aria-labelledby="result">
                    {text.split("\n\n").map(|part| view! { <p>{part.to_owned()}</p> }).collect_view()}
                </div>
            </section>
        }
    })
}
