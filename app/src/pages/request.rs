//! One refused request: what was checked in order, what failed and why, what to do, and for those who may, checking
//! it again and accepting it.

use crate::{
    api::requests::{AcceptRequest, RecheckRequest, read_request_body, tell_request},
    components::{
        badge::{Badge, Tone},
        code::{Code, Folded},
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
        page_head::PageHead,
        when::Ago,
    },
    error::AppError,
    live::Live,
    view::{
        reasons::{advice, reason_name},
        requests::{Check, CheckState, RequestStory},
        story::Payload,
        words::size,
    },
};
use domain::{
    id::RequestId,
    refusal::{Recheck, RefusedRequest},
    role::Role,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

const PARENT: (&str, &str) = ("Requests", "/requests");

/// The page of the refused request named in the path.
#[component]
pub fn RequestPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<RequestId>().ok())
    });
    let recheck = ServerAction::<RecheckRequest>::new();
    let accept = ServerAction::<AcceptRequest>::new();
    let story = Resource::new(
        move || (id.get(), Live::version(), recheck.version().get(), accept.version().get()),
        |(id, ..)| async move { tell_request(id.ok_or(AppError::NotFound)?).await },
    );
    // Apart from the story: reading a body is audited, so it is read once and only when asked for.
    let show = Memo::new(move |_| query.with(|query| query.get_str("show") == Some("body")));
    let body = Resource::new(
        move || id.get().filter(|_| show.get()),
        |id| async move {
            match id {
                Some(id) => Some(read_request_body(id).await),
                None => None,
            }
        },
    );
    view! {
        <Transition fallback=|| view! { <PageHead title="Request" parent=PARENT/><Skeleton/> }>
            {move || Suspend::new(async move {
                match story.await {
                    Ok(story) => view! { <Told story recheck accept body/> }.into_any(),
                    Err(error) => {
                        let href = id.get_untracked().map_or("/requests".into(), |id| format!("/requests/{id}"));
                        view! { <PageHead title="Request" parent=PARENT/><LoadError error href/> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

type Body = Resource<Option<Result<Payload, AppError>>>;

#[component]
fn Told(
    story: RequestStory,
    recheck: ServerAction<RecheckRequest>,
    accept: ServerAction<AcceptRequest>,
    body: Body,
) -> impl IntoView {
    let request = story.request.clone();
    let title = reason_name(&request.reason);
    let (tone, words) = match &request.accepted {
        Some(_) => (Tone::Held, "Accepted by hand".to_owned()),
        None => (Tone::Bad, format!("Refused with {}", request.status)),
    };
    view! {
        <Title text=title.clone()/>
        <header class="head job-head">
            <div class="head-words">
                <a class="crumb" href=PARENT.1>{PARENT.0}</a>
                <h1>{title}</h1>
                <Badge tone words/>
                <span class="aside">{story.vendor.clone()}</span>
            </div>
        </header>
        <div class="story-page">
            <div class="side">
                <Cause request=request.clone()/>
                <section class="panel" aria-labelledby="checks">
                    <h2 id="checks">"What was checked"</h2>
                    <ol class="checks">{story.checks.iter().cloned().map(check).collect_view()}</ol>
                </section>
                <Sent request=request.clone() body/>
            </div>
            <div class="side">
                {viewer_may(Role::may_operate).then(|| view! { <Actions story=story.clone() recheck accept/> })}
                <FactsPanel story=story.clone()/>
            </div>
        </div>
    }
    .into_any()
}

/// What most likely happened, and what to do about it.
#[component]
fn Cause(request: RefusedRequest) -> impl IntoView {
    let found = request.finding.clone();
    view! {
        <section class="panel" aria-labelledby="why">
            <h2 id="why">"Why"</h2>
            {match found {
                Some(found) => view! {
                    <p class="cause">{reason_name(&found.code)}</p>
                    <p>{found.words}</p>
                    <p class="hint">{format!("The sender was answered: {}", request.detail)}</p>
                }.into_any(),
                None => view! {
                    <p>{request.detail.clone()}</p>
                    <p class="to-do"><strong>"What to do: "</strong>{advice(&request.reason)}</p>
                }.into_any(),
            }}
        </section>
    }
    .into_any()
}

fn check(check: Check) -> impl IntoView {
    let (class, said) = match check.state {
        CheckState::Passed => ("good", "Passed"),
        CheckState::Failed => ("bad", "Failed"),
        CheckState::NotReached => ("quiet", "Not reached"),
    };
    view! {
        <li class=class>
            <span class="name">{check.name}</span>
            <span class="detail">{check.detail}</span>
            <span class="said">{said}</span>
        </li>
    }
    .into_any()
}

/// Checking again, and accepting.
#[component]
fn Actions(
    story: RequestStory,
    recheck: ServerAction<RecheckRequest>,
    accept: ServerAction<AcceptRequest>,
) -> impl IntoView {
    let request = story.request;
    let now = story.now;
    let id = request.id;
    if let Some(accepted) = request.accepted {
        return view! {
            <section class="panel" aria-labelledby="done">
                <h2 id="done">"Accepted"</h2>
                <p>{accepted.by}" took this request in, "<Ago at=accepted.at now/>"."</p>
                <div class="actions"><a class="button main" href=format!("/events/{}", accepted.event_id)>"Open the event"</a></div>
            </section>
        }
        .into_any();
    }
    if !request.captured {
        return view! {
            <section class="panel" aria-labelledby="done">
                <h2 id="done">"Check again"</h2>
                <p class="quiet">"The request itself is not kept, only what stands on this page: it was refused before its body arrived, or newer ones took its place."</p>
            </section>
        }
        .into_any();
    }
    let valid = request.rechecked.as_ref().is_some_and(Recheck::is_valid);
    let said = request.rechecked.clone();
    view! {
        <section class="panel" aria-labelledby="again">
            <h2 id="again">"Check again"</h2>
            <div role="status">
                {said.map(|said| view! {
                    <div class="notice" class:good=valid class:bad=!valid>
                        <p><strong>{reason_name(&said.code)}</strong>" "<Ago at=said.at now/></p>
                        <p>{said.words}</p>
                    </div>
                })}
            </div>
            <p class="hint">"Runs the same check on the kept request, with the secrets as they are now and the clock of then."</p>
            <ActionForm action=recheck>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="actions"><Submit words="Check again" busy="Checking…" pending=recheck.pending() main=!valid/></div>
                <FormError fault=fault_of(recheck)/>
            </ActionForm>
            <hr/>
            <p class="hint">"Accepting stores it as an event, marked as taken in by hand, and starts the jobs its rules say. A second time changes nothing."</p>
            <ActionForm action=accept>
                <input type="hidden" name="id" value=id.to_string()/>
                {(!valid).then(|| view! {
                    <label class="tick-box">
                        <input type="checkbox" name="anyway" value="yes"/>
                        "Although its check fails: I know from elsewhere that it is genuine"
                    </label>
                })}
                <div class="actions"><Submit words="Accept as event" busy="Accepting…" pending=accept.pending() main=valid/></div>
                <FormError fault=fault_of(accept)/>
            </ActionForm>
        </section>
    }
    .into_any()
}

#[component]
fn FactsPanel(story: RequestStory) -> impl IntoView {
    let request = story.request;
    view! {
        <section class="panel" aria-labelledby="facts">
            <h2 id="facts">"Facts"</h2>
            <Facts>
                <Fact name="Vendor">{story.vendor}</Fact>
                <Fact name="Signs like">{story.preset}</Fact>
                <Fact name="Received">{request.received_at.long()}</Fact>
                {(!request.method.is_empty()).then(|| view! { <Fact name="Method">{request.method.clone()}</Fact> })}
                {(!request.client.is_empty()).then(|| view! { <Fact name="From"><code>{request.client.clone()}</code></Fact> })}
                <Fact name="Answer">{request.status}</Fact>
                <Fact name="Reason code"><code>{request.reason.clone()}</code></Fact>
                <Fact name="Body">{size(request.body_len)}</Fact>
                <Fact name="Request"><code title=request.id.to_string()>{request.id.short()}</code></Fact>
            </Facts>
            <p class="hint"><a href=format!("/requests?vendor={}", request.vendor_id)>"All requests of this vendor"</a></p>
        </section>
    }
    .into_any()
}

/// Address, headers and, when asked for, the body.
#[component]
fn Sent(request: RefusedRequest, body: Body) -> impl IntoView {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let several = headers.len().to_string();
    let may = viewer_may(Role::may_configure);
    let id = request.id;
    view! {
        <section class="panel" aria-labelledby="sent">
            <h2 id="sent">"What was sent"</h2>
            {(!request.path.is_empty()).then(|| view! {
                <Code text=format!("{} {}", request.method, request.path) label="Method and address"/>
            })}
            <Folded title="Headers" aside=several open=true>
                <Code text=headers.join("\n") label="Headers of the request"/>
            </Folded>
            <div class="folded">
                {match (request.captured, may) {
                    (false, _) => view! { <p class="hint">"The body is not kept."</p> }.into_any(),
                    (true, false) => view! { <p class="hint">"The body is kept sealed; admins can read it."</p> }.into_any(),
                    (true, true) => view! { <BodyOf id body length=request.body_len/> }.into_any(),
                }}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn BodyOf(id: RequestId, body: Body, length: i64) -> impl IntoView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match body.await {
                    None => view! {
                        <a class="button" href=format!("/requests/{id}?show=body") rel="nofollow">"Show the body"</a>
                        <p class="hint">{format!("{}. It may hold personal data or secrets, so each reading is written to the audit log.", size(length))}</p>
                    }.into_any(),
                    Some(Ok(read)) => view! {
                        <p class="hint">{if read.cut { "The beginning of the body. This reading is in the audit log." } else { "The body. This reading is in the audit log." }}</p>
                        <Code text=read.body label="Body of the request"/>
                    }.into_any(),
                    Some(Err(error)) => view! { <p class="notice bad" role="alert">{error.to_string()}</p> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}
