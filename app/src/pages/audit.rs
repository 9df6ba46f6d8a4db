//! Who did what, newest first. Its URL is its whole state: filters are a plain form, places are links.

use crate::{
    api::audit::read_audit,
    components::{
        empty::{LoadError, NoMatch, Nothing, Skeleton},
        frame::OnlyFor,
        list_page::{Column, Table},
        page_head::PageHead,
        when::When,
    },
    live::Live,
    view::audit::{AuditPage as Page, AuditQuery, AuditRow},
};
use domain::{audit::AuditFilter, role::Role, time::Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// For admins and owners.
#[component]
pub fn AuditPage() -> impl IntoView {
    view! { <OnlyFor right=Role::may_configure><Log/></OnlyFor> }.into_any()
}

#[component]
fn Log() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| AuditQuery::read(|name| url.get(name))));
    // Only the newest page moves; who reads older ones is not disturbed.
    let version = move || if query.with(|query| query.cursor.is_some()) { 0 } else { Live::version() };
    let page = Resource::new(
        move || (query.get(), version()),
        |(AuditQuery { filter, cursor }, _)| read_audit(filter.actor, filter.action, filter.target, cursor),
    );
    view! {
        <PageHead title="Audit" aside="who did what">
            {move || view! { <a class="button" href=query.get().export() rel="external" download="audit.csv">"Export CSV"</a> }}
        </PageHead>
        {move || view! { <Filters filter=query.get().filter/> }}
        <Transition fallback=|| view! { <Skeleton rows=8/> }>
            {move || {
                let query = query.get();
                Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Rows page query/> }.into_any(),
                        Err(error) => view! { <LoadError error href=query.href()/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// A plain form: what is typed becomes the page's address.
#[component]
fn Filters(filter: AuditFilter) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, example: &'static str, value: Option<String>| {
        view! {
            <div class="field">
                <label for=format!("filter-{name}")>{label}</label>
                <input
                    id=format!("filter-{name}") name=name type="search" value=value placeholder=example
                    autocomplete="off" spellcheck="false" autocapitalize="none"
                />
            </div>
        }
    };
    let narrowed = filter != AuditFilter::default();
    view! {
        <form class="filters" method="get" action="/audit" role="search">
            {field("actor", "Who", "ada@example.org", filter.actor)}
            {field("action", "What", "vendor.rotate, or vendor", filter.action)}
            {field("target", "To what", "openai", filter.target)}
            <div class="actions">
                <button type="submit" class="button">"Filter"</button>
                {narrowed.then(|| view! { <a class="button" href="/audit">"Clear"</a> })}
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Rows(page: Page, query: AuditQuery) -> impl IntoView {
    if page.rows.is_empty() {
        return match query.is_narrowed() || query.cursor.is_some() {
            true => view! { <NoMatch href="/audit"/> }.into_any(),
            false => view! {
                <Nothing title="Nothing was done yet" text="Every change somebody makes, and every secret that is shown, is listed here."/>
            }
            .into_any(),
        };
    }
    let older = page.next_cursor.map(|cursor| AuditQuery { cursor: Some(cursor), ..query.clone() }.href());
    let newest = query.cursor.is_some().then(|| AuditQuery::of(query.filter.clone()).href());
    let columns = vec![
        Column::Words("When"),
        Column::Words("Who"),
        Column::Words("What"),
        Column::Words("To what"),
        Column::Words("More"),
    ];
    let now = page.now;
    view! {
        <Table caption="Audit log, newest first" columns>
            {page.rows.into_iter().map(|row| line(row, &query, now)).collect_view()}
        </Table>
        <nav class="pager" aria-label="Pages">
            {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
            {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
        </nav>
    }
    .into_any()
}

/// Who, what and to what narrow the list to their like.
fn line(row: AuditRow, query: &AuditQuery, now: Timestamp) -> impl IntoView + use<> {
    let filter = &query.filter;
    let narrowed = |filter: AuditFilter| AuditQuery::of(filter).href();
    let by_actor = narrowed(AuditFilter { actor: Some(row.actor.clone()), ..filter.clone() });
    let by_action = narrowed(AuditFilter { action: Some(row.action.clone()), ..filter.clone() });
    let by_target = narrowed(AuditFilter { target: Some(row.target.clone()), ..filter.clone() });
    view! {
        <tr class="entry">
            <td class="quiet"><When at=row.at now/></td>
            <td data-label="Who"><a href=by_actor>{row.actor}</a></td>
            <th scope="row"><a href=by_action><code>{row.action}</code></a></th>
            <td data-label="To what">
                <a href=by_target title=row.target.clone()>{row.target.clone()}</a>
                {row.tenant.map(|tenant| view! { <span class="aside">{tenant}</span> })}
            </td>
            <td class="c-main quiet"><span title=row.detail.clone()>{row.detail.clone()}</span></td>
        </tr>
    }
    .into_any()
}
