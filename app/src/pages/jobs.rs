//! The list of jobs. Its URL is its whole state: filters and place are links, so it works without JavaScript and
//! can be sent to somebody.

use crate::{
    api::jobs::list_jobs,
    components::{
        empty::{LoadError, NoMatch, Nothing, Skeleton},
        facets::{facet, group},
        job_actions::{BulkLinks, done},
        job_table::JobTable,
        page_head::PageHead,
    },
    live::Live,
    view::{
        jobs::{JobFacets, JobPage},
        query::JobsQuery,
        words::{count, state_name},
    },
};
use domain::{filter::JobFilter, job::JobState, operation::JobOperation};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Filters at the left, rows at the right.
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
                let listed = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Loaded page listed query/> }.into_any(),
                        Err(error) => {
                            view! { <PageHead title="Jobs"/><LoadError error href=listed.href()/> }.into_any()
                        }
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// `listed` is the list whose rows these are, `query` what the address says now.
#[component]
fn Loaded(page: JobPage, listed: JobsQuery, query: Memo<JobsQuery>) -> impl IntoView {
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
                    <Facets facets=page.facets.clone() query/>
                    <div class="rows"><Rows page query=listed/></div>
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
fn Facets(facets: JobFacets, query: Memo<JobsQuery>) -> impl IntoView {
    let states = std::iter::once((None, "All".to_owned(), facets.total))
        .chain(
            JobState::ALL
                .iter()
                .map(|state| (Some(*state), state_name(*state).into(), facets.in_state(*state))),
        )
        .map(|(state, words, count)| {
            choice(words, Some(count), query, move |filter| {
                (filter.state == state, JobFilter { state, ..filter.clone() })
            })
        })
        .collect();
    // A chosen kind or vendor leads back to all of them.
    let kinds = facets.kinds.into_iter().map(|facet| {
        choice(facet.label, facet.count, query, move |filter| {
            let chosen = filter.kind == Some(facet.value);
            (chosen, JobFilter { kind: (!chosen).then_some(facet.value), ..filter.clone() })
        })
    });
    let vendors = facets.vendors.into_iter().map(|facet| {
        choice(facet.label, facet.count, query, move |filter| {
            let chosen = filter.vendor_id == Some(facet.value);
            (chosen, JobFilter { vendor_id: (!chosen).then_some(facet.value), ..filter.clone() })
        })
    });
    view! {
        <nav class="facets" aria-label="Filters">
            {group("State", states)}
            {group("Kind", kinds.collect())}
            {group("Vendor", vendors.collect())}
            {move || query.with(JobsQuery::is_narrowed).then(|| view! {
                <a class="clear" href="/jobs">"Clear filters"</a>
            })}
        </nav>
    }
    .into_any()
}

/// One choice: whether it is chosen, and what the list is narrowed to with it.
fn choice(
    words: String,
    count: Option<i64>,
    query: Memo<JobsQuery>,
    to: impl Fn(&JobFilter) -> (bool, JobFilter) + Send + Sync + 'static,
) -> impl IntoView {
    facet(words, count, move || {
        let (chosen, filter) = query.with(|query| to(&query.filter));
        (JobsQuery::of(filter).href(), chosen)
    })
}
