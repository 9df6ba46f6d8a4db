//! Doing something to all jobs of a list: says how many first.

use crate::{
    api::job_changes::{ChangeJobs, count_changes},
    components::{
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, fault_of},
        frame::OnlyFor,
        job_actions::{heading, meaning},
        page_head::PageHead,
    },
    error::AppError,
    view::{
        jobs::{CHANGED_AT_ONCE, COUNT_CAP, JobsToChange},
        query::JobsQuery,
        words::{count, kind_name, number, state_name},
    },
};
use domain::{operation::JobOperation, role::Role};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

const PARENT: (&str, &str) = ("Jobs", "/jobs");

/// The page before the deed.
#[component]
pub fn ChangeJobsPage() -> impl IntoView {
    let url = use_query_map();
    let query = Memo::new(move |_| url.with(|url| JobsQuery::read(|name| url.get(name))));
    let what = Memo::new(move |_| {
        url.with(|url| url.get("what")).and_then(|text| text.parse::<JobOperation>().ok())
    });
    let action = ServerAction::<ChangeJobs>::new();
    let found = Resource::new(
        move || (what.get(), query.get().filter),
        |(what, filter)| async move {
            count_changes(what.ok_or(AppError::NotFound)?, filter.state, filter.kind, filter.vendor_id).await
        },
    );
    view! {
        <PageHead title=what.get_untracked().map_or("Jobs", heading) parent=PARENT/>
        <OnlyFor right=Role::may_operate>
            <FormError fault=fault_of(action)/>
            <Transition fallback=|| view! { <Skeleton rows=2/> }>
                {move || {
                    let query = query.get();
                    Suspend::new(async move {
                        match (found.await, what.get_untracked()) {
                            (Ok(found), Some(what)) => view! { <Ask found query what action/> }.into_any(),
                            (Err(error), _) => view! { <LoadError error href=query.href()/> }.into_any(),
                            (_, None) => view! { <LoadError error=AppError::NotFound href="/jobs"/> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </OnlyFor>
    }
    .into_any()
}

#[component]
fn Ask(
    found: JobsToChange,
    query: JobsQuery,
    what: JobOperation,
    action: ServerAction<ChangeJobs>,
) -> impl IntoView {
    let filter = query.filter.clone();
    let narrowed: Vec<String> = [
        filter.state.map(|state| state_name(state).to_owned()),
        filter.kind.map(|kind| kind_name(kind).to_owned()),
        found.vendor.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let of = if narrowed.is_empty() { String::new() } else { format!(" ({})", narrowed.join(", ")) };
    let many = match found.count {
        COUNT_CAP.. => format!("More than {} jobs", number(COUNT_CAP)),
        n => count(n, "job", "jobs"),
    };
    let back = query.href();
    if found.count == 0 {
        return view! {
            <section class="panel">
                <p>{format!("No job of this list{of} can be changed so.")}</p>
                <p class="actions"><a class="button" href=back>"Back to the list"</a></p>
            </section>
        }
        .into_any();
    }
    let narrow: Vec<(&'static str, String)> = [
        ("state", filter.state.map(|state| state.to_string())),
        ("kind", filter.kind.map(|kind| kind.to_string())),
        ("vendor", filter.vendor_id.map(|id| id.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let narrow =
        narrow.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let narrow = narrow.collect_view();
    view! {
        <section class="panel ask">
            <p><strong>{many}</strong>{of}". "{meaning(what)}</p>
            {(found.count > CHANGED_AT_ONCE).then(|| view! {
                <p class="hint">{format!("At most {} are changed at once; press again for the rest.", number(CHANGED_AT_ONCE))}</p>
            })}
            <ActionForm action=action>
                <input type="hidden" name="what" value=what.as_str()/>
                {narrow}
                <div class="actions">
                    <Submit words=heading(what) busy="Under way…" pending=action.pending()/>
                    <a class="button" href=back>"Back to the list"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
