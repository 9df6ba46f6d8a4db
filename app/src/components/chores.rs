//! The panel of maintenance: what the installation does for itself, how it went last, when it is done next.

use crate::{
    api::chores::{RunChore, SwitchChore, list_chores},
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, fault_of, pending_for},
        frame::viewer_may,
        list_page::{Column, Table},
        when::{Ago, When},
    },
    error::AppError,
    live::Live,
    view::{
        chores::{ChorePage, ChoreRow},
        words::{count, number},
    },
};
use domain::{
    chore::{ChoreName, LastRun},
    role::Role,
    schedule::Pace,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

/// What the panel shows and does; made by its page before anything is drawn.
#[derive(Clone, Copy)]
pub struct Maintenance {
    page: Resource<Result<ChorePage, AppError>>,
    run: ServerAction<RunChore>,
    switch: ServerAction<SwitchChore>,
}

impl Maintenance {
    /// Reads it.
    pub fn read() -> Self {
        let (run, switch) = (ServerAction::<RunChore>::new(), ServerAction::<SwitchChore>::new());
        let page = Resource::new(
            move || (Live::version(), run.version().get(), switch.version().get()),
            |_| list_chores(),
        );
        Self { page, run, switch }
    }
}

/// All chores; those who configure can have one done now, owners can switch it off.
#[component]
pub fn MaintenancePanel(
    /// From [`Maintenance::read`].
    maintenance: Maintenance,
    /// Where the page stands.
    href: &'static str,
) -> impl IntoView {
    let Maintenance { page, run, switch } = maintenance;
    view! {
        <section class="upkeep" aria-labelledby="maintenance">
            <div class="section-head">
                <h2 id="maintenance">"Maintenance"</h2>
                <span class="hint">"done by one node for all of them"</span>
            </div>
            <FormError fault=fault_of(run)/>
            <FormError fault=fault_of(switch)/>
            <Transition fallback=|| view! { <Skeleton/> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Rows page maintenance/> }.into_any(),
                        Err(error) => view! { <LoadError error href/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn Rows(page: ChorePage, maintenance: Maintenance) -> impl IntoView {
    let now = page.now;
    let mut columns = vec![
        Column::Words("Chore"),
        Column::Words("Times"),
        Column::Words("Last"),
        Column::Numbers("Removed"),
        Column::Words("Next"),
    ];
    columns.extend(viewer_may(Role::may_configure).then_some(Column::Actions));
    view! {
        <Table caption="Chores, by name" columns>
            {page.rows.into_iter().map(|row| view! { <Line row now maintenance/> }).collect_view()}
        </Table>
    }
    .into_any()
}

#[component]
fn Line(row: ChoreRow, now: Timestamp, maintenance: Maintenance) -> impl IntoView {
    let ChoreRow { name, enabled, failures, .. } = row;
    let next = match (&row.at_work, row.asked, enabled, row.next_at.since(now)) {
        (Some((since, host)), ..) => view! {
            <Badge tone=Tone::Busy words="At work"/>
            <span class="sub">{format!("on {host}, begun {}", since.ago(now))}</span>
        }
        .into_any(),
        (None, true, ..) | (None, _, true, ..=0) => view! { "due now" }.into_any(),
        (None, false, false, _) => view! { <span class="quiet">"while it is on"</span> }.into_any(),
        (None, false, true, rest) => view! {
            <When at=row.next_at now/><span class="sub">{format!("in {}", in_words(rest))}</span>
        }
        .into_any(),
    };
    let failed = row.last.as_ref().filter(|_| failures > 0).map(|last| {
        let times = count(failures.into(), "time", "times");
        let why = last.error.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        view! { <span class="sub wraps"><span class="alarm">{format!("Failed {times} in a row and is tried again{why}")}</span></span> }
    });
    let removed = row.last.as_ref().and_then(|last| last.removed);
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {name.as_str()}
                    {(!enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                    {(failures > 0).then(|| view! { <Badge tone=Tone::Bad words="Failed"/> })}
                </span>
                <span class="sub wraps">{name.about()}</span>
                {failed}
            </th>
            <td data-label="Times"><Times pace=row.pace/></td>
            <td data-label="Last"><Last last=row.last now/></td>
            <td class="num" data-label="Removed">
                {match removed {
                    Some(removed) => number(removed).into_any(),
                    None => view! { <span class="quiet">"–"</span> }.into_any(),
                }}
            </td>
            <td data-label="Next">{next}</td>
            {viewer_may(Role::may_configure).then(|| view! { <td class="num c-act"><Acts name enabled maintenance/></td> })}
        </tr>
    }
    .into_any()
}

#[component]
fn Times(pace: Pace) -> impl IntoView {
    match pace.expression() {
        Some((expression, zone)) => view! {
            <code>{expression.to_owned()}</code><span class="sub">{zone.to_owned()}</span>
        }
        .into_any(),
        None => view! { {pace.in_words()} }.into_any(),
    }
}

/// When it was done, how long that took, where and for whom.
#[component]
fn Last(last: Option<LastRun>, now: Timestamp) -> impl IntoView {
    let Some(last) = last else {
        return view! { <span class="quiet">"not yet"</span> }.into_any();
    };
    let took = in_words(last.took());
    let by = last.asked_by.map(|who| format!(", asked for by {who}")).unwrap_or_default();
    view! {
        <Ago at=last.ended_at now/>
        <span class="sub" title=format!("on {}{by}", last.host)>{format!("took {took}")}</span>
    }
    .into_any()
}

#[component]
fn Acts(name: ChoreName, enabled: bool, maintenance: Maintenance) -> impl IntoView {
    let Maintenance { run, switch, .. } = maintenance;
    let (words, busy) = if enabled { ("Switch off", "Switching…") } else { ("Switch on", "Switching…") };
    view! {
        <div class="row-acts">
            <ActionForm action=run>
                <input type="hidden" name="name" value=name.as_str()/>
                <Submit words="Run now" busy="Asking…" pending=pending_for(run, move |input| input.name == name) main=false/>
            </ActionForm>
            {viewer_may(Role::may_own).then(|| view! {
                <ActionForm action=switch>
                    <input type="hidden" name="name" value=name.as_str()/>
                    <input type="hidden" name="on" value=(!enabled).to_string()/>
                    <Submit words busy pending=pending_for(switch, move |input| input.name == name) main=false/>
                </ActionForm>
            })}
        </div>
    }
    .into_any()
}
