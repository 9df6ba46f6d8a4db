//! The list of requests to vendors' URLs, accepted and refused together. Its URL is its whole state.

use crate::{
    api::requests::list_requests,
    components::{
        badge::{Badge, Tone},
        empty::{LoadError, NoMatch, Nothing, Skeleton},
        facets::{facet, group},
        page_head::PageHead,
        when::When,
    },
    live::Live,
    view::{
        reasons::reason_name,
        requests::{Fate, RequestFilter, RequestPage, RequestRow, RequestsQuery},
        words::size,
    },
};
use domain::{place::Outcome, time::Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Filters at the left, rows at the right.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| RequestsQuery::read(|name| url.get(name))));
    let ended = Memo::new(move |_| url.with(|url| url.get("ended").is_some()));
    // Only the newest page moves; who reads older ones is not disturbed.
    let version = move || if query.with(|query| query.cursor.is_some()) { 0 } else { Live::version() };
    let page = Resource::new(
        move || (query.get(), version()),
        |(RequestsQuery { filter, cursor }, _)| {
            list_requests(filter.outcome, filter.vendor_id, filter.reason, cursor)
        },
    );
    view! {
        <PageHead title="Requests" aside="what reached your vendors’ URLs"/>
        <div role="status">
            {move || ended.get().then(|| view! {
                <p class="notice good">"All links to this vendor’s sender page have ended."</p>
            })}
        </div>
        <Transition fallback=|| view! { <Skeleton rows=8/> }>
            {move || {
                let listed = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Loaded page listed query/> }.into_any(),
                        Err(error) => view! { <LoadError error href=listed.href()/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// `listed` is the list whose rows these are, `query` what the address says now.
#[component]
fn Loaded(page: RequestPage, listed: RequestsQuery, query: Memo<RequestsQuery>) -> impl IntoView {
    if page.rows.is_empty() && !listed.is_narrowed() && listed.cursor.is_none() {
        return view! {
            <Nothing
                title="No requests yet"
                text="Every request to one of your vendors’ URLs is listed here: accepted ones as events, refused ones with what was wrong. Send a signed sample to see one."
                command="tidegate send VENDOR"
            >
                <a class="button main" href="/vendors">"Look at the vendors"</a>
            </Nothing>
        }
        .into_any();
    }
    view! {
        <div class="split">
            <Filters page=page.clone() query/>
            <div class="rows"><Rows page query=listed/></div>
        </div>
    }
    .into_any()
}

#[component]
fn Rows(page: RequestPage, query: RequestsQuery) -> impl IntoView {
    if page.rows.is_empty() {
        return view! { <NoMatch href="/requests"/> }.into_any();
    }
    let now = page.now;
    let older = page.next_cursor.map(|cursor| RequestsQuery { cursor: Some(cursor), ..query.clone() }.href());
    let newest = query.cursor.is_some().then(|| RequestsQuery::of(query.filter.clone()).href());
    view! {
        <div class="panel table-box">
            <table class="jobs requests">
                <caption class="unseen">"Requests, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Outcome"</th>
                        <th scope="col">"Request"</th>
                        <th scope="col" class="num">"Answer"</th>
                        <th scope="col" class="num">"Size"</th>
                        <th scope="col" class="num">"Received"</th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(|row| line(row, now)).collect_view()}</tbody>
            </table>
        </div>
        <nav class="pager" aria-label="Pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
        </nav>
    }
    .into_any()
}

fn line(row: RequestRow, now: Timestamp) -> impl IntoView {
    let href = row.href();
    let (tone, outcome, title, sub, status) = match row.fate {
        Fate::Accepted { event_type, .. } => {
            let title = if event_type.is_empty() { "Event without a type".into() } else { event_type };
            (Tone::Good, "Accepted", title, row.vendor.clone(), None)
        }
        Fate::Refused { status, reason, detail, finding, accepted } => {
            let why = finding.map_or(detail, |finding| reason_name(&finding.code));
            let sub = format!("{} — {why}", row.vendor);
            match accepted {
                Some(_) => (Tone::Held, "Accepted by hand", reason_name(&reason), sub, Some(status)),
                None => (Tone::Bad, "Refused", reason_name(&reason), sub, Some(status)),
            }
        }
    };
    view! {
        <tr>
            <td class="c-state"><Badge tone words=outcome/></td>
            <th scope="row" class="c-main">
                <a href=href title=title.clone()>{title.clone()}</a>
                <span class="sub" title=sub.clone()>{sub.clone()}</span>
            </th>
            <td class="num" data-label="Answer">{status}</td>
            <td class="num" data-label="Size">{(row.body_len > 0).then(|| size(row.body_len))}</td>
            <td class="num quiet c-time"><When at=row.received_at now/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Filters(page: RequestPage, query: Memo<RequestsQuery>) -> impl IntoView {
    let outcomes =
        [(None, "All"), (Some(Outcome::Accepted), "Accepted"), (Some(Outcome::Refused), "Refused")].map(
            |(outcome, words)| {
                choice(words.into(), None, query, move |filter| {
                    let reason = filter.reason.clone().filter(|_| outcome == Some(Outcome::Refused));
                    (filter.outcome == outcome, RequestFilter { outcome, reason, ..filter.clone() })
                })
            },
        );
    // A chosen reason or vendor leads back to all of them.
    let reasons = page.reasons.into_iter().map(|counted| {
        choice(reason_name(&counted.reason), Some(counted.count), query, move |filter| {
            let chosen = filter.reason.as_deref() == Some(&counted.reason);
            let reason = (!chosen).then(|| counted.reason.clone());
            (chosen, RequestFilter { outcome: Some(Outcome::Refused), reason, ..filter.clone() })
        })
    });
    let vendors = page.vendors.into_iter().map(|facet| {
        choice(facet.label, None, query, move |filter| {
            let chosen = filter.vendor_id == Some(facet.value);
            (chosen, RequestFilter { vendor_id: (!chosen).then_some(facet.value), ..filter.clone() })
        })
    });
    view! {
        <nav class="facets" aria-label="Filters">
            {group("Outcome", outcomes.into())}
            {group("Refused for", reasons.collect())}
            {group("Vendor", vendors.collect())}
            {move || query.with(RequestsQuery::is_narrowed).then(|| view! {
                <a class="clear" href="/requests">"Clear filters"</a>
            })}
        </nav>
    }
    .into_any()
}

/// One choice: whether it is chosen, and what the list is narrowed to with it.
fn choice(
    words: String,
    count: Option<i64>,
    query: Memo<RequestsQuery>,
    to: impl Fn(&RequestFilter) -> (bool, RequestFilter) + Send + Sync + 'static,
) -> impl IntoView {
    facet(words, count, move || {
        let (chosen, filter) = query.with(|query| to(&query.filter));
        (RequestsQuery::of(filter).href(), chosen)
    })
}
