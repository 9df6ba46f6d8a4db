//! How much of each connection's work is done at once and in a minute, and how they share the workers.

use crate::{
    api::work_limits::{SetWorkLimit, read_work_limits},
    components::{
        empty::{LoadError, Nothing, Skeleton},
        form::{FormFault, Submit, done_count, fault_of, pending_for},
        frame::viewer_may,
        list_page::{Column, Table},
        page_head::PageHead,
    },
    error::Field,
    view::{
        words::number,
        work_limits::{WorkLimitPage as Page, WorkLimitRow},
    },
};
use domain::role::Role;
use leptos::prelude::*;

const HREF: &str = "/limits";

/// Everybody sees them; those who configure can change them.
#[component]
pub fn WorkLimitsPage() -> impl IntoView {
    let set = ServerAction::<SetWorkLimit>::new();
    let done = done_count(set);
    // Not drawn anew while jobs come and go: somebody may be typing.
    let page = Resource::new(move || done.get(), |_| read_work_limits());
    let fault = fault_of(set);
    view! {
        <PageHead title="Limits" aside="how the work is shared"/>
        <p class="lead">
            "Jobs of each vendor to each destination or provider stand in a queue of their own, and all queues take turns: one that is slow or very full holds up nobody else. A weight of 3 gives a connection three turns where others get one. The other limits hold for all nodes together; jobs over them wait and use up no tries."
        </p>
        <div role="status">
            {move || {
                let saved = set.value().with(|last| matches!(last, Some(Ok(()))));
                saved.then(|| view! { <p class="notice good">"Saved. All nodes keep to it within a second."</p> })
            }}
        </div>
        <Faults fault/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => rows(page, set),
                    Err(error) => view! { <LoadError error href=HREF/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// What was wrong with the row that was sent.
#[component]
fn Faults(fault: FormFault) -> impl IntoView {
    move || {
        fault.get().map(|error| {
            let field = [Field::AtOnce, Field::PerMinute, Field::Weight]
                .into_iter()
                .find_map(|field| error.about(field));
            view! { <p class="notice bad" role="alert">{field.or_else(|| error.in_general())}</p> }
        })
    }
}

fn rows(page: Page, set: ServerAction<SetWorkLimit>) -> AnyView {
    if page.rows.is_empty() {
        return view! {
            <Nothing title="Nothing to limit yet" text="Vendors, providers and destinations appear here once they are added."/>
        }
        .into_any();
    }
    let may = viewer_may(Role::may_configure);
    let mut columns = vec![
        Column::Words("Connection"),
        Column::Numbers("At once"),
        Column::Numbers("A minute"),
        Column::Numbers("Weight"),
    ];
    columns.extend(may.then_some(Column::Actions));
    view! {
        <Table caption="Vendors, providers and destinations with their limits" columns>
            {page.rows.into_iter().map(|row| view! { <Line row may set/> }).collect_view()}
        </Table>
    }
    .into_any()
}

#[component]
fn Line(row: WorkLimitRow, may: bool, set: ServerAction<SetWorkLimit>) -> impl IntoView {
    let of = row.limit.of;
    let form = format!("limit-{of}");
    let kind = row.kind();
    let name = row.name.clone();
    let cell = {
        let (form, name) = (form.clone(), name.clone());
        move |field: &'static str, label: &'static str, value: Option<u32>| {
            if !may {
                return value
                    .map_or_else(|| "any number".to_owned(), |value| number(value.into()))
                    .into_any();
            }
            view! {
                <input
                    class="narrow" type="number" min="1" step="1" inputmode="numeric"
                    name=field form=form.clone() placeholder="any" autocomplete="off"
                    aria-label=format!("{label}, {name}") value=value.map(|value| value.to_string())
                />
            }
            .into_any()
        }
    };
    let weight = Some(row.limit.weight);
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">{row.name}<span class="aside">{kind}</span></span>
                {row.tenant.map(|tenant| view! { <span class="sub">{tenant}</span> })}
            </th>
            <td class="num" data-label="At once">{cell("at_once", "At once", row.limit.at_once)}</td>
            <td class="num" data-label="A minute">{cell("per_minute", "A minute", row.limit.per_minute)}</td>
            <td class="num" data-label="Weight">{cell("weight", "Weight", weight)}</td>
            {may.then(|| view! {
                <td class="num c-act">
                    <ActionForm action=set attr:id=form>
                        <input type="hidden" name="of" value=of.to_string()/>
                        <Submit words="Save" busy="Saving…" pending=pending_for(set, move |input| input.of == of) main=false/>
                    </ActionForm>
                </td>
            })}
        </tr>
    }
    .into_any()
}
