//! Every vendor there is a preset for, and what each expects. Works without JavaScript: the browser's own search finds a
//! name, and each entry opens by itself.

use crate::{
    api::greetings::list_facts,
    components::{
        code::Folded,
        empty::{LoadError, Skeleton},
        frame::viewer_may,
        page_head::PageHead,
        preset_facts::PresetFactList,
    },
    view::greeting::PresetFacts,
};
use domain::role::Role;
use leptos::prelude::*;

/// All presets, by name.
#[component]
pub fn PresetsPage() -> impl IntoView {
    let all = Resource::new(|| (), |()| list_facts());
    view! {
        <PageHead title="Known vendors" parent=("Vendors", "/vendors")/>
        <Suspense fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match all.await {
                    Ok(all) => view! { <List all/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/vendors/presets"/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn List(all: Vec<PresetFacts>) -> impl IntoView {
    let may = viewer_may(Role::may_configure);
    let entry = |facts: PresetFacts| {
        let (title, aside) = (facts.name.clone(), facts.id.clone());
        let href = format!("/vendors/new?preset={}", facts.id);
        view! {
            <li><Folded title aside>
                <PresetFactList facts/>
                {may.then(|| view! { <p><a class="button" href=href>"Add this vendor"</a></p> })}
            </Folded></li>
        }
        .into_any()
    };
    view! {
        <section class="panel presets">
            <p class="lead">{format!("{} ways of signing are known. ", all.len())}<a href="/vendors/new/custom">"Describe another one"</a></p>
            <ul>{all.into_iter().map(entry).collect_view()}</ul>
        </section>
    }
    .into_any()
}
