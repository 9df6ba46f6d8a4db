//! Replays: choosing stored events, running them again, and how far each replay is. What is chosen stands in the URL, so
//! that counting works without JavaScript and a choice can be sent to somebody.

use crate::{
    api::replays::{CancelReplay, StartReplay, count_events, list_replays},
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Nothing, Skeleton},
        form::{AddedNotice, FormError, Submit, TextField, fault_of},
        frame::viewer_may,
        page_head::PageHead,
        when::When,
    },
    error::{AppError, Field},
    live::Live,
    view::{
        connections::Choice,
        replays::{Chosen, ReplayPage, ReplayQuery, ReplayRow},
        words::{count, number},
    },
};
use domain::{id::VendorId, replay::ReplayState, role::Role, time::Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The form, what it means, and the list.
#[component]
pub fn ReplaysPage() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| ReplayQuery::read(|name| url.get(name))));
    let start = ServerAction::<StartReplay>::new();
    let cancel = ServerAction::<CancelReplay>::new();
    let page = Resource::new(move || (Live::version(), cancel.version().get()), |_| list_replays());
    let chosen = Resource::new(
        move || query.get(),
        |query| async move {
            match query.chosen {
                true => {
                    let ReplayQuery { vendor, event_type, subject, since, until, .. } = query;
                    Some(count_events(vendor, event_type, subject, since, until).await)
                }
                false => None,
            }
        },
    );
    view! {
        <PageHead title="Replays" aside="stored events, run again"/>
        <AddedNotice words="The replay has begun. Its progress is below."/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || {
                let query = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => {
                            let chosen = chosen.await;
                            view! { <Loaded page query chosen start cancel/> }.into_any()
                        }
                        Err(error) => view! { <LoadError error href="/replays"/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(
    page: ReplayPage,
    query: ReplayQuery,
    chosen: Option<Result<Chosen, AppError>>,
    start: ServerAction<StartReplay>,
    cancel: ServerAction<CancelReplay>,
) -> impl IntoView {
    let now = page.now;
    let may = viewer_may(Role::may_configure);
    let empty = page.rows.is_empty();
    view! {
        <div class="side">
        {may.then(|| view! { <ChoiceForm query=query.clone() vendors=page.vendors.clone() error=chosen.as_ref().and_then(|chosen| chosen.as_ref().err().copied())/> })}
        {chosen.and_then(Result::ok).filter(|_| may).map(|chosen| view! { <Confirm chosen query start/> })}
        <FormError fault=fault_of(cancel)/>
        {match empty {
            true => view! {
                <Nothing title="No replays yet" text="Events that were stored can be run again: after a rule was changed, or a site was down. Copies are marked, and a post that came of the first run is updated."
                    command="tidegate events replay --vendor VENDOR --since 24h --dry-run"/>
            }.into_any(),
            false => view! { <List rows=page.rows now may cancel/> }.into_any(),
        }}
        </div>
    }
    .into_any()
}

/// Which events: a form that only asks, so its fields are in the URL.
#[component]
fn ChoiceForm(query: ReplayQuery, vendors: Vec<Choice<VendorId>>, error: Option<AppError>) -> impl IntoView {
    let wrong = move |field: Field| error.and_then(|error| error.about(field));
    let vendor = query.vendor.clone().unwrap_or_default();
    let options = vendors
        .into_iter()
        .map(|choice| {
            let id = choice.id.to_string();
            let selected = id == vendor;
            view! { <option value=id selected=selected>{choice.label}</option> }
        })
        .collect_view();
    view! {
        <section class="panel sheet two" aria-labelledby="choose">
            <h2 id="choose">"Choose events"</h2>
            <form method="get" action="/replays">
                {error.and_then(AppError::in_general).map(|words| view! { <p class="notice bad wide" role="alert">{words}</p> })}
                <input type="hidden" name="chosen" value="yes"/>
                <div class="field">
                    <label for="vendor">"Vendor"</label>
                    <select id="vendor" name="vendor" aria-describedby="vendor-hint" aria-invalid=wrong(Field::Vendor).map(|_| "true")>
                        <option value="">"All"</option>{options}
                    </select>
                    <p class="hint" class:bad=wrong(Field::Vendor).is_some() id="vendor-hint">{wrong(Field::Vendor)}</p>
                </div>
                <div class="field">
                    <label for="type">"Event type"<span class="aside">"optional"</span></label>
                    <input id="type" name="type" value=query.event_type placeholder="invoice.*" spellcheck="false" autocapitalize="none" aria-describedby="type-hint"/>
                    <p class="hint" id="type-hint">"* stands for any text."</p>
                </div>
                <Time label="Arrived since, UTC" name="since" value=query.since.unwrap_or_default() wrong=wrong(Field::Since)/>
                <Time label="Arrived before, UTC" name="until" value=query.until.unwrap_or_default() wrong=wrong(Field::Until)/>
                {query.subject.map(|subject| view! { <input type="hidden" name="subject" value=subject/> })}
                <div class="actions wide"><button type="submit" class="button">"Count events"</button></div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Time(label: &'static str, name: &'static str, value: String, wrong: Option<String>) -> impl IntoView {
    let bad = wrong.is_some();
    view! {
        <div class="field">
            <label for=name>{label}<span class="aside">"optional"</span></label>
            <input id=name name=name type="datetime-local" step="1" value=value aria-describedby=format!("{name}-hint")
                aria-invalid=bad.then_some("true")/>
            <p class="hint" class:bad=bad id=format!("{name}-hint")>{wrong}</p>
        </div>
    }
    .into_any()
}

/// How many there are, and the button.
#[component]
fn Confirm(chosen: Chosen, query: ReplayQuery, start: ServerAction<StartReplay>) -> impl IntoView {
    let fault = fault_of(start);
    if chosen.count == 0 {
        return view! { <p class="notice" role="status">"No stored event is meant by this choice."</p> }
            .into_any();
    }
    let hidden = [
        ("vendor", query.vendor),
        ("event_type", query.event_type),
        ("subject", query.subject),
        ("since", query.since),
        // As counted: what arrives in between is not meant.
        ("until", chosen.selection.until.map(|until| until.rfc3339())),
    ];
    view! {
        <section class="panel sheet two" aria-labelledby="confirm">
            <h2 id="confirm">{count(chosen.count, "event", "events")}</h2>
            <ActionForm action=start>
                <FormError fault/>
                <p class="hint wide">
                    {format!("Meant: {}. Each becomes a new, marked event and starts jobs by the rules as they are now; models are paid again.", chosen.selection.in_words())}
                </p>
                {hidden.into_iter().filter_map(|(name, value)| value.map(|value| view! { <input type="hidden" name=name value=value/> })).collect_view()}
                <TextField label="Events a second" name="per_second" kind="number" field=Field::Rate fault placeholder="10" hint="1 to 1,000; 10 when left empty."/>
                <div class="actions wide">
                    <Submit words="Replay these events" busy="Beginning…" pending=start.pending()/>
                    <a class="button" href="/replays">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}

#[component]
fn List(
    rows: Vec<ReplayRow>,
    now: Timestamp,
    may: bool,
    cancel: ServerAction<CancelReplay>,
) -> impl IntoView {
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">"Replays, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Replay"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="num">"Run again"</th>
                        <th scope="col" class="num">"Begun"</th>
                        {may.then(|| view! { <th scope="col"><span class="unseen">"Actions"</span></th> })}
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(|row| line(row, now, may, cancel)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn line(row: ReplayRow, now: Timestamp, may: bool, cancel: ServerAction<CancelReplay>) -> impl IntoView {
    let ReplayRow { replay, vendor } = row;
    let (tone, words) = match replay.state {
        ReplayState::Running => (Tone::Busy, "Running"),
        ReplayState::Done => (Tone::Good, "Done"),
        ReplayState::Cancelled => (Tone::Quiet, "Cancelled"),
    };
    let running = replay.state == ReplayState::Running;
    let id = replay.id.to_string();
    let ended = id.clone();
    let what = match vendor {
        Some(vendor) => format!("{vendor}: {}", replay.selection.in_words()),
        None => replay.selection.in_words(),
    };
    view! {
        <tr id=id.clone()>
            <th scope="row" class="c-main">
                <span class="title" title=what.clone()>{what.clone()}</span>
                <span class="sub"><code title=id.clone()>{replay.id.short()}</code>" by "{replay.actor}</span>
            </th>
            <td data-label="State"><Badge tone words/></td>
            <td class="num" data-label="Run again">
                {format!("{} of {}", number(replay.done), number(replay.total))}
                {(replay.skipped > 0).then(|| view! { <span class="sub alarm">{format!("{} left out", number(replay.skipped))}</span> })}
            </td>
            <td class="num quiet" data-label="Begun"><When at=replay.created_at now/></td>
            {may.then(|| view! {
                <td class="num">
                    {running.then(|| view! {
                        <ActionForm action=cancel>
                            <input type="hidden" name="id" value=ended/>
                            <Submit words="End" busy="Ending…" pending=cancel.pending() main=false/>
                        </ActionForm>
                    })}
                </td>
            })}
        </tr>
    }
    .into_any()
}
