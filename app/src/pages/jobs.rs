//! The list of jobs. Its URL is its whole state: filters and place are links, so it works without JavaScript and
//! can be sent to somebody.

use crate::{
    api::jobs::list_jobs,
    components::{
        empty::{LoadError, NoMatch, Nothing, Skeleton},
        job_actions::{BulkLinks, done},
        job_table::JobTable,
        page_head::PageHead,
    },
    live::Live,
    view::{
        jobs::{JobFacets, JobPage},
        query::JobsQuery,
        words::{count, number, state_name},
    },
};
use domain::{filter::JobFilter, job::JobState, operation::JobOperation};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Facets at the left, rows at the right.
#[component]
pub fn JobsPage() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| JobsQuery::read(|name| url.get(name))));
    // Only the newest page moves; who reads older ones is not disturbed.
    let version = move || if query.with(|query| query.cursor.is_some()) { 0 } else { Live::version() };
    let page = Resource::new(
        move || (query.get(), version()),
        |(JobsQuery { filter, cursor }, _)| list_jobs(filter.state, filter.kind, filter.vendor_id, cursor),
    );
    view! {
        <Transition fallback=|| view! { <PageHead title="Jobs"/><Skeleton rows=8/> }>
            {move || {
                let query = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Loaded page query/> }.into_any(),
                        Err(error) => {
                            view! { <PageHead title="Jobs"/><LoadError error href=query.href()/> }.into_any()
                        }
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: JobPage, query: JobsQuery) -> impl IntoView {
    let total = page.facets.total;
    let changed = changed_words();
    view! {
        <PageHead title="Jobs" aside=count(total, "job", "jobs")>
            <a class="button" href="/replays">"Replays"</a>
        </PageHead>
        <div role="status">{changed.map(|words| view! { <p class="notice good">{words}</p> })}</div>
        {if total == 0 {
            view! {
                <Nothing
                    title="No jobs yet"
                    text="A job begins when a webhook arrives that one of your rules is waiting for. Send a signed sample to see one."
                    command="tidegate send VENDOR --count 3"
                >
                    <a class="button main" href="/rules">"Look at the rules"</a>
                    <a class="button" href="/vendors">"Look at the vendors"</a>
                </Nothing>
            }.into_any()
        } else {
            view! {
                <div class="split">
                    <Facets facets=page.facets.clone() query=query.clone()/>
                    <div class="rows"><Rows page query/></div>
                </div>
            }.into_any()
        }}
    }
    .into_any()
}

/// What was just done to many jobs, as the address says.
fn changed_words() -> Option<String> {
    let url = use_query_map().get_untracked();
    let what: JobOperation = url.get_str("did")?.parse().ok()?;
    let changed: i64 = url.get_str("changed")?.parse().ok()?;
    let more = if url.get_str("more").is_some() { " There are more; do it again for the rest." } else { "" };
    Some(format!("{} {}.{more}", count(changed.max(0), "job was", "jobs were"), done(what)))
}

#[component]
fn Rows(page: JobPage, query: JobsQuery) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <NoMatch href="/jobs"/> }.into_any();
    }
    let older = page.next_cursor.map(|cursor| JobsQuery { cursor: Some(cursor), ..query.clone() }.href());
    let newest = query.cursor.is_some().then(|| JobsQuery::of(query.filter.clone()).href());
    view! {
        <BulkLinks query=query.clone()/>
        <JobTable rows=page.rows now=page.now caption="Jobs, newest first"/>
        <nav class="pager" aria-label="Pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
        </nav>
    }
    .into_any()
}

#[component]
fn Facets(facets: JobFacets, query: JobsQuery) -> impl IntoView {
    let filter = query.filter.clone();
    let at_state = |state| JobsQuery::of(JobFilter { state, ..filter.clone() }).href();
    let states =
        std::iter::once(link("All".into(), Some(facets.total), at_state(None), filter.state.is_none()))
            .chain(JobState::ALL.iter().map(|state| {
                let chosen = filter.state == Some(*state);
                link(state_name(*state).into(), Some(facets.in_state(*state)), at_state(Some(*state)), chosen)
            }))
            .collect_view();
    let kinds = facets.kinds.iter().map(|facet| {
        let chosen = filter.kind == Some(facet.value);
        let kind = (!chosen).then_some(facet.value);
        link(
            facet.label.clone(),
            facet.count,
            JobsQuery::of(JobFilter { kind, ..filter.clone() }).href(),
            chosen,
        )
    });
    let vendors = facets.vendors.iter().map(|facet| {
        let chosen = filter.vendor_id == Some(facet.value);
        let vendor_id = (!chosen).then_some(facet.value);
        link(
            facet.label.clone(),
            facet.count,
            JobsQuery::of(JobFilter { vendor_id, ..filter.clone() }).href(),
            chosen,
        )
    });
    view! {
        <nav class="facets" aria-label="Filters">
            <h2>"State"</h2><ul>{states}</ul>
            <h2>"Kind"</h2><ul>{kinds.collect_view()}</ul>
            {(!facets.vendors.is_empty()).then(|| view! { <h2>"Vendor"</h2><ul>{vendors.collect_view()}</ul> })}
            {query.is_narrowed().then(|| view! { <a class="clear" href="/jobs">"Clear filters"</a> })}
        </nav>
    }
    .into_any()
}

/// One choice. A chosen kind or vendor leads back to all of them.
fn link(words: String, count: Option<i64>, href: String, chosen: bool) -> impl IntoView {
    view! {
        <li>
            <a href=href aria-current=chosen.then_some("true")>
                <span>{words}</span>
                {count.map(|count| view! { <span class="count">{number(count)}</span> })}
            </a>
        </li>
    }
    .into_any()
}
