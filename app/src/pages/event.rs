//! One event: what it says, how it was checked, the jobs it started, the other bodies of the same id, its replays, its
//! bytes.

use crate::{
    api::events::tell_event,
    components::{
        badge::{Badge, StateBadge, Tone},
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        job_table::JobTable,
        page_head::PageHead,
        payload::{PayloadPanel, PayloadResource, payload_of},
        replays::{ReplayPanel, Replaying},
        when::When,
    },
    error::AppError,
    live::Live,
    view::{
        events::{DoneAlready, EventStory},
        reasons::reason_name,
        words::{count, size},
    },
};
use domain::{id::EventId, schedule::ScheduledEvent, time::Timestamp};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

const PARENT: (&str, &str) = ("Events", "/events");

/// The page of the event named in the path.
#[component]
pub fn EventPage() -> impl IntoView {
    let params = use_params_map();
    let id =
        Memo::new(move |_| params.with(|params| params.get("id")).and_then(|id| id.parse::<EventId>().ok()));
    let story = Resource::new(
        move || (id.get(), Live::version()),
        |(id, _)| async move { tell_event(id.ok_or(AppError::NotFound)?).await },
    );
    let payload = payload_of(move || id.get().map(|id| id.to_string()));
    let replaying = Replaying::of(move || id.get());
    view! {
        <Transition fallback=|| view! { <PageHead title="Event" parent=PARENT/><Skeleton/> }>
            {move || Suspend::new(async move {
                match story.await {
                    Ok(story) => view! { <Told story payload replaying/> }.into_any(),
                    Err(error) => {
                        let href = id.get_untracked().map_or("/events".into(), |id| format!("/events/{id}"));
                        view! { <PageHead title="Event" parent=PARENT/><LoadError error href/> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Told(story: EventStory, payload: PayloadResource, replaying: Replaying) -> impl IntoView {
    let event = story.event.clone();
    let title = if event.event_type.is_empty() {
        "Event without a type".to_owned()
    } else {
        event.event_type.clone()
    };
    let (number, versions) = (story.number(), story.versions.len());
    let (now, id) = (story.now, event.id);
    let (jobs, done) = (story.jobs.clone(), story.done_already.clone());
    view! {
        <Title text=title.clone()/>
        <header class="head job-head">
            <div class="head-words">
                <a class="crumb" href=PARENT.1>{PARENT.0}</a>
                <h1>{title}</h1>
                {story.by_hand.is_some().then(|| view! { <Badge tone=Tone::Held words="Taken in by hand"/> })}
                {number.filter(|_| versions > 1).map(|number| view! { <Badge tone=Tone::Waiting words=format!("Version {number} of {versions}")/> })}
                {story.scheduled.is_some().then(|| view! { <Badge tone=Tone::Quiet words="Made by a schedule"/> })}
                {story.is_news.then(|| view! { <Badge tone=Tone::Quiet words="Made by Tidegate itself"/> })}
                {story.copied.then(|| view! { <Badge tone=Tone::Quiet words="Replayed copy"/> })}
                <span class="aside">{story.vendor.clone()}</span>
            </div>
        </header>
        <div class="story-page">
            <div class="side">
                <section aria-labelledby="jobs">
                    <div class="section-head"><h2 id="jobs">{count(jobs.len() as i64, "job", "jobs")}</h2></div>
                    {if jobs.is_empty() {
                        done.is_empty().then(|| view! { <div class="panel"><p class="quiet">"No rule was waiting for an event like this, so it started nothing."</p></div> }).into_any()
                    } else {
                        view! { <JobTable rows=jobs now caption="Jobs this event started"/> }.into_any()
                    }}
                </section>
                <Done done now/>
                <PayloadPanel payload href=format!("/events/{id}")/>
            </div>
            <div class="side">
                <Checks story=story.clone()/>
                <Versions story=story.clone()/>
                <ReplayPanel event=id replaying/>
                <FactsPanel story/>
            </div>
        </div>
    }
    .into_any()
}

/// The jobs that had done already what it asked for.
#[component]
fn Done(done: Vec<DoneAlready>, now: Timestamp) -> impl IntoView {
    (!done.is_empty()).then(|| {
        let lines = done.into_iter().map(|DoneAlready { id, job }| {
            let words = match job {
                Some(job) => view! {
                    <a href=format!("/jobs/{id}") title=id.to_string()>{job.title}</a>
                    " "<StateBadge state=job.state attempt=job.attempt next_run_at=job.next_run_at now/>
                }
                .into_any(),
                None => view! {
                    <span title=id.to_string()>{id.short()}</span>" "<span class="quiet">"not kept any more"</span>
                }
                .into_any(),
            };
            view! { <li>{words}</li> }
        });
        view! {
            <section class="panel" aria-labelledby="done-already">
                <h2 id="done-already">"Done already"</h2>
                <p class="hint">"A rule wants the same work done once in a while. When this event came, a job had it in hand, so no other was made."</p>
                <ol class="chain">{lines.collect_view()}</ol>
            </section>
        }
    })
}

/// How it was let in.
#[component]
fn Checks(story: EventStory) -> impl IntoView {
    let event = story.event;
    let signature = match event.secret_version {
        Some(version) => format!("fits version {version} of the secret"),
        None if story.scheduled.is_some() || story.is_news => "none: it was made here".to_owned(),
        None if story.by_hand.is_some() => "did not fit; a person vouched for it".to_owned(),
        None => "no signature asked for".to_owned(),
    };
    let made = match (story.scheduled.is_some(), story.is_news) {
        (true, _) => Some("at a set time"),
        (false, true) => Some("of an entry of the audit log"),
        (false, false) => None,
    };
    let failed = story.by_hand.is_some() && event.secret_version.is_none();
    view! {
        <section class="panel" aria-labelledby="checks">
            <h2 id="checks">"Checks"</h2>
            <ol class="checks">
                <li class="good"><span class="name">{if made.is_some() { "Made" } else { "Received" }}</span><span class="detail">{made.map_or(story.path, ToOwned::to_owned)}</span></li>
                <li class=if failed { "bad" } else { "good" }><span class="name">"Signature"</span><span class="detail">{signature}</span></li>
                <li class="good"><span class="name">"Stored"</span><span class="detail">{if made.is_some() { "together with its jobs" } else { "before it was answered" }}</span></li>
            </ol>
            {story.scheduled.map(|made| view! { <p class="notice">{made_words(&made)}" "<a href="/schedules">"Schedules"</a></p> })}
            {story.is_news.then(|| view! {
                <p class="notice">"Tidegate did this by itself, and tells it as an event. "<a href="/audit?actor=tidegate">"All it did by itself"</a></p>
            })}
            {story.by_hand.map(|mark| view! {
                <p class="notice">
                    "First refused as “"{reason_name(&mark.reason)}"”, then taken in by "{mark.by}" on "{mark.at.long()}". "
                    <a href=format!("/requests/{}", mark.request_id)>"The refused request"</a>
                </p>
            })}
        </section>
    }
    .into_any()
}

/// Which schedule made it, and why then.
fn made_words(made: &ScheduledEvent) -> String {
    match &made.run_by {
        Some(who) => format!("Made by the schedule {}, run ahead of its time by {who}.", made.slug),
        None => format!("Made by the schedule {}, due {}.", made.slug, made.due_at.long()),
    }
}

/// The other bodies under the same id.
#[component]
fn Versions(story: EventStory) -> impl IntoView {
    let (now, this) = (story.now, story.event.id);
    let all = story.versions.len();
    (all > 1).then(|| {
        let lines = story.versions.into_iter().enumerate().map(|(place, version)| {
            view! {
                <li>
                    <a href=format!("/events/{}", version.id) aria-current=(version.id == this).then_some("true")>
                        {format!("Version {} of {all}", place + 1)}
                    </a>
                    <span class="quiet">{size(version.body_len)}" · "<When at=version.received_at now/></span>
                </li>
            }
        });
        view! {
            <section class="panel" aria-labelledby="versions">
                <h2 id="versions">"Versions"</h2>
                <p class="hint">"The vendor sent other contents under the same id. Each is kept as an event of its own and started its own jobs."</p>
                <ol class="chain">{lines.collect_view()}</ol>
            </section>
        }
    })
}

#[component]
fn FactsPanel(story: EventStory) -> impl IntoView {
    let event = story.event;
    view! {
        <section class="panel" aria-labelledby="facts">
            <h2 id="facts">"Facts"</h2>
            <Facts>
                <Fact name="Vendor"><a href=format!("/events?vendor={}", event.vendor_id)>{story.vendor}</a></Fact>
                {event.subject_id.clone().map(|subject| view! { <Fact name="Subject"><code title=subject.clone()>{subject.clone()}</code></Fact> })}
                <Fact name="Vendor’s id"><code title=event.external_id.clone()>{event.external_id.clone()}</code></Fact>
                {event.occurred_at.map(|at| view! { <Fact name="Happened">{at.long()}</Fact> })}
                <Fact name="Received">{event.received_at.long()}</Fact>
                {event.schema_version.clone().map(|version| view! { <Fact name="Schema">{version}</Fact> })}
                <Fact name="Body">{size(event.body_len)}</Fact>
                <Fact name="Event"><code title=event.id.to_string()>{event.id.short()}</code></Fact>
                <Fact name="Request"><code title=event.request_id.to_string()>{event.request_id.short()}</code></Fact>
                <Fact name="Trace"><code title=event.trace_id.clone()>{event.trace_id.clone()}</code></Fact>
            </Facts>
        </section>
    }
    .into_any()
}
