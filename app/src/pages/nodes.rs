//! The processes of this installation: what each does, since when, and whether it still lives.

use crate::{
    api::nodes::list_nodes,
    components::{
        badge::{Badge, Tone},
        chores::{Maintenance, MaintenancePanel},
        empty::{LoadError, Nothing, Skeleton},
        list_page::{Column, Table},
        page_head::PageHead,
        when::Ago,
    },
    live::Live,
    view::{
        nodes::{NodePage, NodeRow},
        words::number,
    },
};
use domain::time::Timestamp;
use leptos::prelude::*;

/// All nodes seen lately.
#[component]
pub fn NodesPage() -> impl IntoView {
    // A node that went away says nothing, so nothing tells that something changed.
    Effect::new(|_| Live::age());
    let page = Resource::new(Live::version, |_| list_nodes());
    let maintenance = Maintenance::read();
    view! {
        <PageHead title="Nodes" aside="the processes that do the work"/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/nodes"/> }.into_any(),
                }
            })}
        </Transition>
        <MaintenancePanel maintenance href="/nodes"/>
    }
    .into_any()
}

#[component]
fn Loaded(page: NodePage) -> impl IntoView {
    let now = page.now;
    if page.rows.is_empty() {
        return view! {
            <Nothing title="No node has been seen lately" text="Each process of Tidegate says every two seconds that it lives."/>
        }
        .into_any();
    }
    let columns = vec![
        Column::Words("Node"),
        Column::Words("Runs"),
        Column::Words("Version"),
        Column::Numbers("Jobs at work"),
        Column::Numbers("Started"),
        Column::Numbers("Last heartbeat"),
    ];
    let gone = page.rows.iter().filter(|row| row.is_gone(now)).count();
    view! {
        <Table caption="Nodes, those that live first" columns>
            {page.rows.into_iter().map(|row| view! { <Line row now/> }).collect_view()}
        </Table>
        {(gone > 0).then(|| view! {
            <p class="hint">
                "A node that goes in good order leaves this list at once. One that is gone crashed, hangs or cannot reach the database; what it ran is taken over when its leases end. It is listed for a day."
            </p>
        })}
    }
    .into_any()
}

#[component]
fn Line(row: NodeRow, now: Timestamp) -> impl IntoView {
    let gone = row.is_gone(now);
    let (tone, words) = if gone { (Tone::Bad, "Gone") } else { (Tone::Good, "Alive") };
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">{row.host.clone()}<Badge tone words/></span>
                <span class="sub"><code title=row.id.to_string()>{row.id.short()}</code></span>
            </th>
            <td class="c-wide" data-label="Runs">{row.roles.replace(',', ", ")}</td>
            <td class="c-wide" data-label="Version">{row.version.clone()}</td>
            <td class="num" data-label="Jobs at work">{number(row.running)}</td>
            <td class="num quiet" data-label="Started"><Ago at=row.started_at now/></td>
            <td class="num quiet" data-label="Last heartbeat"><Ago at=row.heartbeat_at now/></td>
        </tr>
    }
    .into_any()
}
