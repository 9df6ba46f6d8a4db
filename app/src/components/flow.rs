//! Pausing and resuming, and how circuit breakers stand: shared by the pages of what can be paused and by the banner
//! that stands on every page while much is.

use crate::{
    api::flow::{PauseWork, ResumeWork, SetBreaker, read_flow},
    components::{
        badge::{Badge, Tone},
        form::{FormError, Submit, fault_of, pending_for},
        frame::viewer_may,
        when::Ago,
    },
    error::AppError,
    live::Live,
    view::flow::{BreakerRow, FlowView},
};
use domain::{
    breaker::{BreakerKey, BreakerMode, BreakerState},
    pause::{Pause, PauseTarget},
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

/// What is known of pauses and breakers, read once for the whole page, and what changes them.
#[derive(Clone, Copy)]
pub struct Flow {
    view: Resource<Result<FlowView, AppError>>,
    pause: ServerAction<PauseWork>,
    resume: ServerAction<ResumeWork>,
    set: ServerAction<SetBreaker>,
}

impl Flow {
    /// Reads it, for everything inside the component that calls this.
    pub fn provide() -> Self {
        let (pause, resume, set) = (ServerAction::new(), ServerAction::new(), ServerAction::new());
        let changes = move || (pause.version().get(), resume.version().get(), set.version().get());
        let view = Resource::new(move || (Live::version(), changes()), |_| read_flow());
        let flow = Self { view, pause, resume, set };
        provide_context(flow);
        flow
    }

    /// What is shown once it is known; nothing where it is not.
    fn shown(draw: impl Fn(Self, FlowView) -> AnyView + Clone + Send + Sync + 'static) -> impl IntoView {
        let flow = use_context::<Self>();
        flow.map(|flow| {
            view! {
                <Transition fallback=|| ()>
                    {move || {
                        let draw = draw.clone();
                        Suspend::new(async move { flow.view.await.ok().map(|view| draw(flow, view)) })
                    }}
                </Transition>
            }
        })
    }
}

/// On every page while more than one connection waits: what, since when, by whom.
#[component]
pub fn PauseBanner(
    /// From the frame.
    flow: Flow,
) -> impl IntoView {
    view! {
        <div role="status">
            {Flow::shown(|flow, view| {
                let now = view.now;
                let wide: Vec<Pause> = view.wide().cloned().collect();
                let line = move |pause: Pause| {
                    let what = match pause.target {
                        PauseTarget::Deliveries => "Deliveries are paused",
                        PauseTarget::Tenant(_) => "All work of this site is paused",
                        _ => "Everything is paused",
                    };
                    let may: fn(Role) -> bool =
                        if pause.target.is_for_all() { Role::may_own } else { Role::may_configure };
                    view! {
                        <div class="notice warn banner">
                            <p>
                                <strong>{what}</strong>
                                {format!(" by {}, ", pause.by)}<Ago at=pause.since now/>
                                ". Events are accepted and stored; jobs wait and use up no tries."
                            </p>
                            {viewer_may(may).then(|| view! { <Resume target=pause.target flow main=true/> })}
                        </div>
                    }
                };
                wide.into_iter().map(line).collect_view().into_any()
            })}
        </div>
        <FormError fault=fault_of(flow.pause)/>
        <FormError fault=fault_of(flow.resume)/>
        <FormError fault=fault_of(flow.set)/>
    }
    .into_any()
}

/// Buttons of the overview: pausing all of one's work, and for owners all deliveries.
#[component]
pub fn PauseAll() -> impl IntoView {
    Flow::shown(|flow, view| {
        let Some(own) = view.own else { return ().into_any() };
        let free = |target| view.pause_of(target).is_none();
        let deliveries = own.is_for_all() && free(PauseTarget::Deliveries) && free(own);
        view! {
            {deliveries.then(|| view! {
                <Stop target=PauseTarget::Deliveries flow words="Pause deliveries"/>
            })}
            {free(own).then(|| view! { <Stop target=own flow words="Pause everything"/> })}
        }
        .into_any()
    })
}

/// A sign beside the name of what is paused.
#[component]
pub fn PausedBadge(
    /// What.
    target: PauseTarget,
) -> impl IntoView {
    Flow::shown(move |_, view| {
        view.pause_of(target).map(|_| view! { <Badge tone=Tone::Held words="Paused"/> }).into_any()
    })
}

/// Who paused it and since when.
#[component]
pub fn PausedNotice(
    /// What.
    target: PauseTarget,
    /// What that means.
    meaning: &'static str,
) -> impl IntoView {
    Flow::shown(move |_, view| {
        let now = view.now;
        view.pause_of(target)
            .cloned()
            .map(|pause| {
                view! {
                    <p class="notice warn">
                        {format!("Paused by {}, ", pause.by)}<Ago at=pause.since now/>". "{meaning}
                    </p>
                }
            })
            .into_any()
    })
}

/// Pause or resume, for those who may.
#[component]
pub fn PauseSwitch(
    /// What.
    target: PauseTarget,
) -> impl IntoView {
    viewer_may(Role::may_configure).then(|| {
        Flow::shown(move |flow, view| match view.pause_of(target) {
            Some(_) => view! { <Resume target flow main=false/> }.into_any(),
            None => view! { <Stop target flow words="Pause"/> }.into_any(),
        })
    })
}

#[component]
fn Stop(target: PauseTarget, flow: Flow, words: &'static str) -> impl IntoView {
    let action = flow.pause;
    let pending = pending_for(action, move |input| input.target == target);
    view! {
        <ActionForm action=action>
            <input type="hidden" name="target" value=target.to_string()/>
            <Submit words busy="Pausing…" pending main=false/>
        </ActionForm>
    }
    .into_any()
}

#[component]
fn Resume(target: PauseTarget, flow: Flow, main: bool) -> impl IntoView {
    let action = flow.resume;
    let pending = pending_for(action, move |input| input.target == target);
    view! {
        <ActionForm action=action>
            <input type="hidden" name="target" value=target.to_string()/>
            <Submit words="Resume" busy="Resuming…" pending main=main/>
        </ActionForm>
    }
    .into_any()
}

/// The breakers of these targets, each with its name. A target whose breaker never opened has a closed one.
#[component]
pub fn BreakerPanel(
    /// What they guard.
    targets: Vec<(BreakerKey, String)>,
    /// What they counted, where that is shown.
    #[prop(optional)]
    counts: Vec<(BreakerKey, String)>,
) -> impl IntoView {
    let more = counts.is_empty();
    view! {
        <section class="panel breakers" aria-labelledby="breakers">
            <h2 id="breakers">"Circuit breakers"</h2>
            <p class="hint">
                "A breaker opens when its target keeps failing or gets slow, and at once when a provider says that its credit is used up. Jobs then wait without using up tries, until one of them finds that the target answers again."
                {more.then(|| view! { " "<a href="/breakers">"Counts and thresholds"</a> })}
            </p>
            {Flow::shown(move |flow, view| {
                let now = view.now;
                let mut targets = targets.clone();
                // Models that no provider asks for any more, or that a rule chose.
                for row in &view.breakers {
                    let kin = targets.iter().any(|(key, _)| same_provider(key, &row.breaker.key));
                    if kin && !targets.iter().any(|(key, _)| *key == row.breaker.key) {
                        targets.push((row.breaker.key.clone(), row.name.clone()));
                    }
                }
                let line = |(key, name): (BreakerKey, String)| {
                    let row = view.breakers.iter().find(|row| row.breaker.key == key).cloned();
                    let counts = counts.iter().find(|(of, _)| *of == key).map(|(_, words)| words.clone());
                    view! { <BreakerLine key_=key name row counts now flow/> }
                };
                view! { <ul>{targets.into_iter().map(line).collect_view()}</ul> }.into_any()
            })}
        </section>
    }
    .into_any()
}

fn same_provider(one: &BreakerKey, other: &BreakerKey) -> bool {
    one.provider().is_some() && one.provider() == other.provider()
}

#[component]
fn BreakerLine(
    key_: BreakerKey,
    name: String,
    row: Option<BreakerRow>,
    counts: Option<String>,
    now: Timestamp,
    flow: Flow,
) -> impl IntoView {
    let mode = row.as_ref().map_or(BreakerMode::Automatic, |row| row.breaker.mode);
    let closed = row.as_ref().is_none_or(|row| row.breaker.state == BreakerState::Closed);
    let (tone, word) = match &row {
        None => (Tone::Good, "Closed"),
        Some(row) => match row.breaker.state {
            BreakerState::Closed => (Tone::Good, row.word()),
            BreakerState::HalfOpen => (Tone::Waiting, row.word()),
            BreakerState::Open => (Tone::Bad, row.word()),
        },
    };
    let set = flow.set;
    let button = move |to: BreakerMode, words: &'static str, busy: &'static str| {
        let (key, this) = (key_.to_string(), key_.clone());
        let pending = pending_for(set, move |input| input.key == this && input.mode == to);
        view! {
            <ActionForm action=set>
                <input type="hidden" name="key" value=key/>
                <input type="hidden" name="mode" value=to.as_str()/>
                <Submit words busy pending main=false/>
            </ActionForm>
        }
        .into_any()
    };
    let buttons = move || {
        let open = (mode != BreakerMode::ForcedOpen)
            .then(|| button(BreakerMode::ForcedOpen, "Force open", "Opening…"));
        let close = (mode != BreakerMode::ForcedClosed)
            .then(|| button(BreakerMode::ForcedClosed, "Force closed", "Closing…"));
        let own =
            (mode != BreakerMode::Automatic).then(|| button(BreakerMode::Automatic, "Automatic", "Setting…"));
        // Closed as by a job that finds its target well: it goes on deciding by itself.
        let now = (mode == BreakerMode::Automatic && !closed)
            .then(|| button(BreakerMode::Automatic, "Close now", "Closing…"));
        view! { {now}{open}{close}{own} }
    };
    view! {
        <li>
            <span class="name">{name}</span>
            <Badge tone words=word/>
            <span class="why">
                {row.map(|row| why(&row, now))}
                {counts.map(|counts| view! { <span class="counts">{counts}</span> })}
            </span>
            {viewer_may(Role::may_configure).then(|| view! { <div class="actions">{buttons()}</div> })}
        </li>
    }
    .into_any()
}

/// Why a breaker stands as it does, since when, and when its target is tried again.
fn why(row: &BreakerRow, now: Timestamp) -> String {
    let breaker = &row.breaker;
    let since = format!("{}, {}", breaker.reason, breaker.changed_at.ago(now));
    match (breaker.mode, breaker.state, breaker.open_until) {
        (BreakerMode::Automatic, BreakerState::Open, Some(until)) if until > now => {
            format!("{since}; tried again in {}", in_words(until.since(now)))
        }
        (BreakerMode::Automatic, BreakerState::Open, _) => format!("{since}; the next job tries it"),
        (BreakerMode::Automatic, BreakerState::HalfOpen, _) => format!("{since}; one job tries it now"),
        _ => since,
    }
}
