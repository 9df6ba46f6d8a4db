//! How circuit breakers stand, what they counted, and when they open.

use crate::{
    api::breakers::{SetThresholds, read_breakers, read_thresholds},
    components::{
        empty::{LoadError, Nothing, Skeleton},
        flow::BreakerPanel,
        form::{FormFault, Submit, done_count, fault_of, pending_for},
        list_page::{Column, Table},
        page_head::PageHead,
    },
    error::Field,
    live::Live,
    view::breakers::{ThresholdPage, ThresholdRow, WatchedRow},
};
use domain::thresholds::{Guarded, Threshold};
use leptos::prelude::*;

const HREF: &str = "/breakers";

/// Everybody sees them; those who configure can change those of their own.
#[component]
pub fn BreakersPage() -> impl IntoView {
    let set = ServerAction::<SetThresholds>::new();
    let done = done_count(set);
    let watched = Resource::new(Live::version, |_| read_breakers());
    // Not drawn anew while jobs come and go: somebody may be typing.
    let thresholds = Resource::new(move || done.get(), |_| read_thresholds());
    view! {
        <PageHead title="Circuit breakers" aside="when a target is left alone"/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match watched.await {
                    Ok(rows) => panel(rows),
                    Err(error) => view! { <LoadError error href=HREF/> }.into_any(),
                }
            })}
        </Transition>
        <div role="status">
            {move || {
                let saved = set.value().with(|last| matches!(last, Some(Ok(()))));
                saved.then(|| view! { <p class="notice good">"Saved. All nodes keep to it within a second."</p> })
            }}
        </div>
        <Faults fault=fault_of(set)/>
        <Transition fallback=|| ()>
            {move || Suspend::new(async move { thresholds.await.ok().map(|page| table(page, set)) })}
        </Transition>
    }
    .into_any()
}

fn panel(rows: Vec<WatchedRow>) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Nothing title="Nothing to guard yet" text="Destinations and providers appear here once they are added."/>
        }
        .into_any();
    }
    let counts = rows.iter().map(|row| (row.breaker.key.clone(), row.counts())).collect();
    let targets = rows.into_iter().map(|row| (row.breaker.key, row.name)).collect();
    view! { <BreakerPanel targets counts/> }.into_any()
}

/// What was wrong with the row that was sent.
#[component]
fn Faults(fault: FormFault) -> impl IntoView {
    move || {
        fault.get().map(|error| {
            let field = Threshold::ALL.iter().find_map(|what| error.about(Field::Threshold(*what)));
            view! { <p class="notice bad" role="alert">{field.or_else(|| error.in_general())}</p> }
        })
    }
}

/// What stands above a column.
const fn heading(what: Threshold) -> &'static str {
    match what {
        Threshold::FailureRate => "Failed %",
        Threshold::SlowRate => "Slow %",
        Threshold::SlowAfter => "Slow after s",
        Threshold::MinCalls => "Calls",
        Threshold::InARow => "In a row",
        Threshold::Window => "Window s",
        Threshold::Wait => "Pause s",
    }
}

fn table(page: ThresholdPage, set: ServerAction<SetThresholds>) -> AnyView {
    let may = page.rows.iter().any(|row| row.may);
    let mut columns = vec![Column::Words("Opens for")];
    columns.extend(Threshold::ALL.iter().map(|what| Column::Numbers(heading(*what))));
    columns.extend(may.then_some(Column::Actions));
    view! {
        <section class="thresholds" aria-labelledby="thresholds">
            <h2 id="thresholds">"When they open"</h2>
            <p class="lead">
                "A breaker counts the calls of all nodes in its window. It opens when that share of at least so many calls failed or was slow, or when so many different jobs failed in a row (0: never); one job that always fails does not count. It stays open for the pause, which doubles with each try that fails. Empty fields take what stands in them in grey (deliveries / models)."
            </p>
            <Table caption="When circuit breakers open" columns>
                {page.rows.into_iter().map(|row| view! { <Line row any=may set/> }).collect_view()}
            </Table>
        </section>
    }
    .into_any()
}

#[component]
fn Line(row: ThresholdRow, any: bool, set: ServerAction<SetThresholds>) -> impl IntoView {
    let of = row.of;
    let form = format!("thresholds-{of}");
    let kind = row.kind();
    let (name, may) = (row.name.clone(), row.may);
    let cell = |what: Threshold| {
        let chosen = row.chosen.get(&what).map(ToString::to_string);
        let inherited = row.inherited.get(&what).cloned().unwrap_or_default();
        if !may {
            return match chosen {
                Some(chosen) => chosen.into_any(),
                None => view! { <span class="quiet">{inherited}</span> }.into_any(),
            };
        }
        let bounds = what.bounds();
        view! {
            <input
                class="narrow tight" type="number" step="1" inputmode="numeric"
                min=bounds.start().to_string() max=bounds.end().to_string()
                name=format!("chosen[{what}]") form=form.clone() placeholder=inherited autocomplete="off"
                aria-label=format!("{}, {name}", heading(what)) value=chosen
            />
        }
        .into_any()
    };
    let cells = Threshold::ALL
        .iter()
        .map(|what| view! { <td class="num" data-label=heading(*what)>{cell(*what)}</td> })
        .collect_view();
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.name.clone()}
                    {(of != Guarded::Installation).then(|| view! { <span class="aside">{kind}</span> })}
                </span>
                {row.tenant.clone().map(|tenant| view! { <span class="sub">{tenant}</span> })}
            </th>
            {cells}
            {any.then(|| view! {
                <td class="num c-act">
                    {may.then(|| view! {
                        <ActionForm action=set attr:id=form.clone()>
                            <input type="hidden" name="of" value=of.to_string()/>
                            <Submit words="Save" busy="Saving…" pending=pending_for(set, move |input| input.of == of) main=false/>
                        </ActionForm>
                    })}
                </td>
            })}
        </tr>
    }
    .into_any()
}
