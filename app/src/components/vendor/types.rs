//! The event types of one vendor, on its page; a line each with the way to schema and mapping.

use crate::{
    api::types::list_types,
    components::{shape::ModeBadge, when::Ago},
    live::Live,
    view::words::count,
};
use domain::id::VendorId;
use leptos::prelude::*;

/// Types shown here; the catalogue has all.
const SHOWN: usize = 8;

/// The types that were seen; empty while there are none.
#[component]
pub fn TypesPanel(
    /// Of whom.
    vendor: VendorId,
) -> impl IntoView {
    let page = Resource::new(Live::version, move |_| list_types(Some(vendor.to_string())));
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
