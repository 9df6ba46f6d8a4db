//! The event types of one vendor, on its page; a line each with the way to schema and mapping.

use crate::{
    api::types::list_types,
    components::{
        shape::ModeBadge,
        vendor::subject::{Subject, Told},
        when::Ago,
    },
    live::Live,
    view::{types::TypesPage, words::count},
};
use leptos::prelude::*;

/// Types shown here; the catalogue has all.
const SHOWN: usize = 8;

/// What the panel shows.
pub fn types_of(subject: Subject) -> Told<TypesPage> {
    subject.read(Live::version, |vendor| list_types(Some(vendor.to_string())))
}

/// The types that were seen; empty while there are none.
#[component]
pub fn TypesPanel(
    /// From [`types_of`].
    page: Told<TypesPage>,
) -> impl IntoView {
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                // The page stands without it.
                page.await.ok().filter(|page| !page.rows.is_empty()).map(|page| {
                    let now = page.now;
                    let lines = page.rows.into_iter().take(SHOWN).map(|row| view! {
                        <li>
                            <span><a href=row.href()>{row.name()}</a>
                                <span class="sub">{count(row.events, "event", "events")}", last "<Ago at=row.last_seen now/></span>
                            </span>
                            <ModeBadge schema=row.version.zip(row.mode)/>
                        </li>
                    });
                    view! {
                        <section class="panel" aria-labelledby="types">
                            <h2 id="types">"Types"</h2>
                            <ul class="versions">{lines.collect_view()}</ul>
                            <p class="shape-more"><a href="/events/types">"All event types"</a></p>
                        </section>
                    }
                })
            })}
        </Transition>
    }
    .into_any()
}
