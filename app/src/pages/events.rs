//! The list of events. Its URL is its whole state; the same query gives the same list as a file.

use crate::{
    api::events::{list_event_vendors, list_events},
    components::{
        empty::{LoadError, NoMatch, Nothing, Skeleton},
        frame::viewer_may,
        page_head::PageHead,
        when::When,
    },
    live::Live,
    view::{
        events::{EventPage, EventRow, EventsQuery, in_field},
        words::size,
    },
};
use domain::{role::Role, time::Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// Filters above, rows below.
#[component]
pub fn EventsPage() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| EventsQuery::read(|name| url.get(name))));
    // Only the newest page moves; who reads older ones is not disturbed.
    let version = move || if query.with(|query| query.cursor.is_some()) { 0 } else { Live::version() };
    let page = Resource::new(
        move || (query.get(), version()),
        |(EventsQuery { filter, cursor }, _)| {
            list_events(
                filter.vendor_id,
                filter.event_type,
                filter.subject_id,
                filter.since,
                filter.until,
                cursor,
            )
        },
    );
    // Read anew by navigation only: a form that is being filled in must not be drawn anew.
    let vendors = Resource::new(|| (), |()| list_event_vendors());
    view! {
        <PageHead title="Events" aside="accepted webhooks">
            {viewer_may(Role::may_configure).then(|| view! {
                {move || view! { <a class="button" href=query.get().replay_href()>"Replay these"</a> }}
            })}
            {move || view! { <a class="button" href=query.get().export_href() rel="external" download="events.csv">"Download CSV"</a> }}
        </PageHead>
        <Transition>
            {move || {
                let query = query.get();
                Suspend::new(async move {
                    let vendors = vendors.await.unwrap_or_default();
                    let vendors = vendors.into_iter().map(|facet| (facet.value.to_string(), facet.label)).collect();
                    view! { <QueryBar query vendors/> }
                })
            }}
        </Transition>
        <Transition fallback=|| view! { <Skeleton rows=8/> }>
            {move || {
                let query = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Loaded page query/> }.into_any(),
                        Err(error) => view! { <LoadError error href=query.href()/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// A plain form: its answer is this page with another query.
#[component]
fn QueryBar(query: EventsQuery, vendors: Vec<(String, String)>) -> impl IntoView {
    let filter = query.filter.clone();
    let chosen = filter.vendor_id.map(|id| id.to_string()).unwrap_or_default();
    let options = vendors
        .into_iter()
        .map(|(value, label)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{label}</option> }
        })
        .collect_view();
    let field = |at: Option<Timestamp>| at.map(in_field).unwrap_or_default();
    view! {
        <form class="query-bar" method="get" action="/events" aria-label="Filters">
            <label>"Vendor"<select name="vendor"><option value="">"All"</option>{options}</select></label>
            <label>"Type"<input name="type" value=filter.event_type.clone().unwrap_or_default() placeholder="invoice.paid" spellcheck="false" autocapitalize="none"/></label>
            <label>"Subject"<input name="subject" value=filter.subject_id.clone().unwrap_or_default() spellcheck="false" autocapitalize="none"/></label>
            <label>"From, UTC"<input type="datetime-local" step="1" name="since" value=field(filter.since)/></label>
            <label>"Until, UTC"<input type="datetime-local" step="1" name="until" value=field(filter.until)/></label>
            <div class="actions">
                <button class="button" type="submit">"Filter"</button>
                {query.is_narrowed().then(|| view! { <a class="button" href="/events">"Clear"</a> })}
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Loaded(page: EventPage, query: EventsQuery) -> impl IntoView {
    let now = page.now;
    if page.rows.is_empty() && !query.is_narrowed() && query.cursor.is_none() {
        return view! {
            <Nothing
                title="No events yet"
                text="An event is a webhook that was accepted: its signature was good, and it was stored before it was answered. Send a signed sample to see one."
                command="tidegate send VENDOR"
            >
                <a class="button main" href="/vendors">"Look at the vendors"</a>
                <a class="button" href="/requests?outcome=refused">"Look at refused requests"</a>
            </Nothing>
        }
        .into_any();
    }
    if page.rows.is_empty() {
        return view! { <NoMatch href="/events"/> }.into_any();
    }
    let older = page.next_cursor.map(|cursor| EventsQuery { cursor: Some(cursor), ..query.clone() }.href());
    let newest = query.cursor.is_some().then(|| EventsQuery::of(query.filter.clone()).href());
    view! {
        <div class="panel table-box">
            <table class="events">
                <caption class="unseen">"Events, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Event"</th>
                        <th scope="col">"Subject"</th>
                        <th scope="col" class="num">"Secret"</th>
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

fn line(row: EventRow, now: Timestamp) -> impl IntoView {
    let title = if row.event_type.is_empty() { "without a type".to_owned() } else { row.event_type };
    let sub = format!("{} · {}", row.vendor, row.external_id);
    view! {
        <tr>
            <th scope="row" class="c-main">
                <a href=format!("/events/{}", row.id) title=title.clone()>{title.clone()}</a>
                <span class="sub" title=sub.clone()>{sub.clone()}</span>
            </th>
            <td class="c-subject" data-label="Subject" title=row.subject_id.clone()>{row.subject_id.clone()}</td>
            <td class="num" data-label="Secret">{row.secret_version.map(|version| format!("v{version}"))}</td>
            <td class="num" data-label="Size">{size(row.body_len)}</td>
            <td class="num quiet c-time"><When at=row.received_at now/></td>
        </tr>
    }
    .into_any()
}
