//! Events that are made at set times: when the next one is due, which was the last.

use crate::{
    api::schedules::{RemoveSchedule, RunSchedule, SwitchSchedule, list_schedules},
    components::{
        badge::{Badge, Tone},
        form::{FormError, FormFault, Submit, fault_of, pending_for},
        frame::viewer_may,
        list_page::{Column, List, ListPage, NothingYet, Table},
        when::{Ago, When},
    },
    error::Field,
    live::Live,
    view::schedules::{SchedulePage, ScheduleRow},
};
use domain::{
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

static LIST: List = List {
    title: "Schedules",
    aside: "events made at set times",
    href: "/schedules",
    add: "Add schedule",
    form: "/schedules/new",
    none: "No schedules yet",
    about: "A schedule makes an event at set times, as if its vendor had sent it. Rules then start what they start for such events: a digest every morning, a check every quarter of an hour.",
    command: "tidegate schedule add morning-digest --vendor openai --type digest.due --cron '0 7 * * *'",
};

/// What its rows can do.
#[derive(Clone, Copy)]
struct Acts {
    switch: ServerAction<SwitchSchedule>,
    run: ServerAction<RunSchedule>,
    remove: ServerAction<RemoveSchedule>,
}

/// All of them; those who configure can change them.
#[component]
pub fn SchedulesPage() -> impl IntoView {
    let acts = Acts {
        switch: ServerAction::<SwitchSchedule>::new(),
        run: ServerAction::<RunSchedule>::new(),
        remove: ServerAction::<RemoveSchedule>::new(),
    };
    let page = Resource::new(
        move || {
            let done = (acts.switch.version().get(), acts.run.version().get(), acts.remove.version().get());
            (Live::version(), done)
        },
        |_| list_schedules(),
    );
    let added = "The schedule was added.";
    view! {
        <ListPage list=&LIST page rows=move |page| rows(page, acts) added>
            <FormError fault=fault_of(acts.switch)/>
            <VendorOff fault=fault_of(acts.run)/>
            <FormError fault=fault_of(acts.run)/>
            <FormError fault=fault_of(acts.remove)/>
        </ListPage>
    }
    .into_any()
}

/// What is wrong with the vendor whose event was to be made.
#[component]
fn VendorOff(fault: FormFault) -> impl IntoView {
    move || {
        let words = fault.get().and_then(|error| error.about(Field::Vendor));
        words.map(|words| view! { <p class="notice bad" role="alert">{words}</p> })
    }
}

fn rows(page: SchedulePage, acts: Acts) -> AnyView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let may = viewer_may(Role::may_configure);
    let mut columns =
        vec![Column::Words("Schedule"), Column::Words("Times"), Column::Words("Next"), Column::Words("Last")];
    columns.extend(may.then_some(Column::Actions));
    view! {
        <Table caption="Schedules, by name" columns>
            {page.rows.into_iter().map(|row| view! { <Line row now may acts/> }).collect_view()}
        </Table>
        <p class="hint">"Cron expressions go by the clocks of the zone below them; what is next is told in UTC. When no node ran at a due time, one event makes up for all that were missed."</p>
    }
    .into_any()
}

#[component]
fn Line(row: ScheduleRow, now: Timestamp, may: bool, acts: Acts) -> impl IntoView {
    let (id, on) = (row.id, row.enabled);
    let about = row.subject_id.clone().map(|subject| format!(" about {subject}"));
    let next = match (on, row.next_at.since(now)) {
        (false, _) => view! { <span class="quiet">"while it is on"</span> }.into_any(),
        (true, ..=0) => view! { "due now" }.into_any(),
        (true, rest) => view! {
            <When at=row.next_at now/><span class="sub">{format!("in {}", in_words(rest))}</span>
        }
        .into_any(),
    };
    let last = match (row.last_event_id, row.last_at) {
        (Some(event), Some(at)) => view! {
            <a href=format!("/events/{event}") title=event.to_string()><Ago at now/></a>
        }
        .into_any(),
        _ => view! { <span class="quiet">"not yet"</span> }.into_any(),
    };
    let times = match row.pace.expression() {
        Some((expression, zone)) => view! {
            <code>{expression.to_owned()}</code><span class="sub">{zone.to_owned()}</span>
        }
        .into_any(),
        None => view! { {row.pace.in_words()} }.into_any(),
    };
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.slug}
                    {row.tenant.map(|tenant| view! { <span class="aside">{tenant}</span> })}
                    {(!on).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                </span>
                <span class="sub wraps">{row.vendor}" sends "<code title=row.payload>{row.event_type}</code>{about}</span>
                {(!row.vendor_on).then(|| view! { <p class="sub wraps">"Its vendor is switched off, so its times pass without an event."</p> })}
            </th>
            <td data-label="Times">
                {times}
                {may.then(|| view! { <a class="sub" href=format!("/schedules/{id}/times")>"Change times"</a> })}
            </td>
            <td data-label="Next">{next}</td>
            <td data-label="Last">{last}</td>
            {may.then(|| view! {
                <td class="num c-act">
                    <div class="row-acts">
                        <ActionForm action=acts.run>
                            <input type="hidden" name="id" value=id.to_string()/>
                            <Submit words="Run now" busy="Running…" pending=pending_for(acts.run, move |input| input.id == id) main=false/>
                        </ActionForm>
                        <ActionForm action=acts.switch>
                            <input type="hidden" name="id" value=id.to_string()/>
                            <input type="hidden" name="on" value=(!on).to_string()/>
                            <Submit words=if on { "Switch off" } else { "Switch on" } busy="Switching…" pending=pending_for(acts.switch, move |input| input.id == id) main=false/>
                        </ActionForm>
                        <ActionForm action=acts.remove>
                            <input type="hidden" name="id" value=id.to_string()/>
                            <Submit words="Remove" busy="Removing…" pending=pending_for(acts.remove, move |input| input.id == id) main=false/>
                        </ActionForm>
                    </div>
                </td>
            })}
        </tr>
    }
    .into_any()
}
