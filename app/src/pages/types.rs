//! The catalogue: every event type that was seen, by vendor.

use crate::{
    api::types::list_types,
    components::{
        empty::{LoadError, Nothing, Skeleton},
        page_head::PageHead,
        types_table::TypesTable,
    },
    live::Live,
    view::types::TypesPage as Page,
};
use leptos::prelude::*;

/// All types with their counts and schemas.
#[component]
pub fn TypesPage() -> impl IntoView {
    let page = Resource::new(Live::version, |_| list_types(None));
    view! {
        <PageHead title="Event types" aside="what was seen, and what it must look like" parent=("Events", "/events")/>
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => view! { <Loaded page/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/events/types"/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Loaded(page: Page) -> impl IntoView {
    if page.rows.is_empty() {
        let text = "A type appears here with its first event. It can then be given a schema, pasted or learned from what came, so that a payload that changes is noticed before a post is.";
        return view! { <Nothing title="No event types yet" text command="tidegate send acme --type story.ready"/> }.into_any();
    }
    view! { <TypesTable rows=page.rows now=page.now/> }.into_any()
}
