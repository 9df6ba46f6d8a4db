//! The first page: four figures that can make someone act, traffic, the way from webhook to post, and what needs
//! a person. Until everything is set up it leads there first.

use crate::{
    api::overview::read_overview,
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Skeleton},
        flow::PauseAll,
        frame::viewer_may,
        icon::{Glyph, Icon},
        job_table::JobTable,
        page_head::PageHead,
    },
    live::Live,
    pages::{destination::off_words, overview::figures::Figures},
    view::{
        overview::{Breaker, DestinationHealth, ModelTimes, Overview, ProviderHealth, SetUp},
        words::number,
    },
};
use domain::{
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

pub mod charts;
pub mod figures;

use charts::{FunnelPanel, TrafficPanel};

/// Everything at a glance.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let overview = Resource::new(Live::version, |_| read_overview());
    view! {
        <PageHead title="Overview"><PauseAll/></PageHead>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match overview.await {
                    Ok(overview) => view! { <Loaded overview/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/"/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(overview: Overview) -> impl IntoView {
    let now = overview.now;
    let set_up = overview.set_up;
    view! {
        <div class="board">
            {(!set_up.is_complete() && viewer_may(Role::may_configure)).then(|| view! { <FirstSteps set_up/> })}
            <Figures overview=overview.clone()/>
            {(!overview.traffic.is_empty()).then(|| view! { <TrafficPanel traffic=overview.traffic/> })}
            {overview.funnel.map(|funnel| view! { <FunnelPanel funnel/> })}
            {(!overview.troubles.is_empty()).then(|| view! {
                <section class="span-all" aria-labelledby="troubles">
                    <div class="section-head">
                        <h2 id="troubles">"Need attention"</h2>
                        <a href="/jobs?state=deadletter">"Dead letters"</a>
                        <a href="/jobs?state=failed">"Failed"</a>
                        <a href="/jobs?state=held">"Held"</a>
                    </div>
                    <JobTable rows=overview.troubles now caption="Newest jobs that need attention"/>
                </section>
            })}
            {(!overview.destinations.is_empty()).then(|| view! { <Destinations destinations=overview.destinations now/> })}
            {(!overview.providers.is_empty()).then(|| view! { <Providers providers=overview.providers now/> })}
            {(!overview.models.is_empty()).then(|| view! { <Models models=overview.models/> })}
        </div>
    }
    .into_any()
}

/// What is still missing before a webhook can become a post.
#[component]
fn FirstSteps(set_up: SetUp) -> impl IntoView {
    let steps = [
        (set_up.vendor, "/vendors", "Add a vendor", "Who sends webhooks, and how they are signed."),
        (set_up.provider, "/providers", "Add a provider", "The AI that writes, with its model and key."),
        (
            set_up.destination,
            "/destinations",
            "Add a destination",
            "The WordPress site that takes the posts.",
        ),
        (set_up.rule, "/rules", "Add a rule", "Which events start which job."),
    ];
    let done = steps.iter().filter(|step| step.0).count();
    view! {
        <section class="panel span-all" aria-labelledby="first">
            <h2 id="first">"First steps"<span class="aside">{format!("{done} of 4 done")}</span></h2>
            <ol class="first-steps">
                {steps.into_iter().map(|(done, href, words, why)| view! {
                    <li class:done=done>
                        <span class="tick">{done.then(|| view! { <Icon glyph=Glyph::Done/> })}</span>
                        <div>
                            <a href=href>{words}</a>
                            {done.then(|| view! { <span class="unseen">" (done)"</span> })}
                            <p>{why}</p>
                        </div>
                    </li>
                }).collect_view()}
            </ol>
        </section>
    }
    .into_any()
}

/// When a breaker lets a call through.
fn probe(at: Timestamp, now: Timestamp) -> String {
    match at > now {
        true => format!("next probe in {}", in_words(at.since(now))),
        false => "the next job probes it".to_owned(),
    }
}

/// Destinations that take nothing now, with why.
#[component]
fn Destinations(destinations: Vec<DestinationHealth>, now: Timestamp) -> impl IntoView {
    let line = move |health: DestinationHealth| {
        let (tone, words) = match (&health.off_reason, health.breaker) {
            (Some(_), _) => (Tone::Bad, "Switched itself off"),
            (None, Breaker::HalfOpen) => (Tone::Waiting, "Being probed"),
            (None, _) => (Tone::Bad, "Not answering"),
        };
        let at_length = health.off_reason.is_some();
        let aside = match (health.off_reason, health.next_probe) {
            (Some(why), _) => off_words(Some(&why)),
            (None, Some(at)) => probe(at, now),
            (None, None) => "forced open".to_owned(),
        };
        view! {
            <li class:long=at_length>
                <a class="name" href=format!("/destinations/{}", health.id)>{health.slug}</a>
                <Badge tone words/>
                <span class="end">{aside}</span>
            </li>
        }
    };
    view! {
        <section class="panel span-half" aria-labelledby="destinations">
            <h2 id="destinations">"Destinations"</h2>
            <ul class="lines">{destinations.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn Providers(providers: Vec<ProviderHealth>, now: Timestamp) -> impl IntoView {
    let line = move |health: ProviderHealth| {
        let (tone, words) = match health.breaker {
            Breaker::Closed => (Tone::Good, "Answering"),
            Breaker::HalfOpen => (Tone::Waiting, "Being probed"),
            // It may answer well enough, that its credit is used up.
            Breaker::Open => (Tone::Bad, "Not asked now"),
        };
        let at_length = !health.why.is_empty();
        let aside = match (health.next_probe, health.p95) {
            (Some(at), _) if at_length => format!("{}; {}", health.why, probe(at, now)),
            (Some(at), _) => probe(at, now),
            (None, _) if at_length => health.why,
            (None, Some(p95)) => format!("p95 {}", in_words(p95)),
            (None, None) => String::new(),
        };
        view! {
            <li class:long=at_length>
                <a class="name" href="/breakers">{health.slug}</a>
                <Badge tone words/>
                <span class="end">{aside}</span>
            </li>
        }
    };
    view! {
        <section class="panel span-half" aria-labelledby="providers">
            <h2 id="providers">"Providers"</h2>
            <ul class="lines">{providers.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn Models(models: Vec<ModelTimes>) -> impl IntoView {
    let line = |model: ModelTimes| {
        view! {
            <tr>
                <th scope="row">{model.model}</th>
                <td class="num">{number(model.calls)}</td>
                <td class="num">{in_words(model.p50)}</td>
                <td class="num">{in_words(model.p95)}</td>
                <td class="num">{in_words(model.p99)}</td>
            </tr>
        }
    };
    view! {
        <section class="panel span-half" aria-labelledby="models">
            <h2 id="models">"Model time"</h2>
            <table class="small">
                <thead>
                    <tr>
                        <th scope="col">"Model"</th>
                        <th scope="col" class="num">"Calls"</th>
                        <th scope="col" class="num">"p50"</th>
                        <th scope="col" class="num">"p95"</th>
                        <th scope="col" class="num">"p99"</th>
                    </tr>
                </thead>
                <tbody>{models.into_iter().map(line).collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
