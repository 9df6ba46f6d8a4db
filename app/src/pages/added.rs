//! What is shown exactly once after something was added or replaced: its URL and its new secret. Opening the page takes the
//! secret away, so a second look finds nothing; the page is never read anew by itself.

use crate::{
    api::vendors::reveal,
    components::{
        copy::CopyCode,
        empty::{LoadError, Skeleton},
        page_head::PageHead,
    },
    error::AppError,
    view::connections::Revealed,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What differs between vendors and destinations.
#[derive(Clone, Copy)]
struct At {
    /// Words and address of the list.
    parent: (&'static str, &'static str),
    /// What is said where there is no secret to show.
    none: &'static str,
    /// How a new one is made in a terminal.
    command: &'static str,
}

const VENDORS: At = At {
    parent: ("Vendors", "/vendors"),
    none: "There is no secret to show: one you gave is stored sealed, one that comes later is entered on the vendor’s page.",
    command: "tidegate vendor rotate NAME --overlap 24h",
};

const DESTINATIONS: At = At {
    parent: ("Destinations", "/destinations"),
    none: "There is no secret to show: the one you gave is stored sealed.",
    command: "tidegate destination rotate NAME --overlap 24h",
};

/// After a vendor was added.
#[component]
pub fn VendorAddedPage() -> impl IntoView {
    view! { <Added title="Added" at=VENDORS url_words="Enter this URL at the vendor:"/> }.into_any()
}

/// After a vendor's secret was replaced.
#[component]
pub fn SecretRotatedPage() -> impl IntoView {
    view! { <Added title="Replaced" at=VENDORS url_words="Enter the new secret at the vendor, whose URL stays:"/> }
        .into_any()
}

/// After a destination was added whose signing secret was made here.
#[component]
pub fn DestinationAddedPage() -> impl IntoView {
    view! { <Added title="Added" at=DESTINATIONS url_words="Results are posted to:"/> }.into_any()
}

/// After a destination's signing secret was replaced.
#[component]
pub fn DestinationRotatedPage() -> impl IntoView {
    view! { <Added title="Replaced" at=DESTINATIONS url_words="Enter the new secret at the endpoint, whose URL stays:"/> }
        .into_any()
}

#[component]
fn Added(title: &'static str, at: At, url_words: &'static str) -> impl IntoView {
    let handle = use_query_map().get_untracked().get("once").unwrap_or_default();
    let shown = Resource::new_blocking(|| (), move |()| reveal(handle.clone()));
    view! {
        <PageHead title parent=at.parent/>
        <Suspense fallback=|| view! { <Skeleton rows=2/> }>
            {move || Suspend::new(async move {
                match shown.await {
                    Ok(shown) => view! { <Shown shown url_words at/> }.into_any(),
                    Err(AppError::NotFound) => view! { <Gone at/> }.into_any(),
                    Err(error) => view! { <LoadError error href=at.parent.1/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Shown(shown: Revealed, url_words: &'static str, at: At) -> impl IntoView {
    view! {
        <section class="panel sheet once">
            <h2>{format!("“{}” is ready", shown.slug)}</h2>
            <p>{url_words}</p>
            <CopyCode text=shown.url label="URL"/>
            {match shown.secret {
                Some(secret) => view! {
                    <p>"And this signing secret:"</p>
                    <CopyCode text=secret label="Signing secret"/>
                    <p class="notice">"The secret is shown only now. Copy it before you leave this page."</p>
                }.into_any(),
                None => view! { <p class="hint">{at.none}</p> }.into_any(),
            }}
            <div class="actions"><a class="button main" href=at.parent.1>"I have copied it"</a></div>
        </section>
    }
    .into_any()
}

#[component]
fn Gone(at: At) -> impl IntoView {
    view! {
        <section class="panel nothing">
            <h2>"Shown already"</h2>
            <p>"A secret is shown once. If it is lost, make a new one; the old one stays valid for as long as you say."</p>
            <div class="actions"><a class="button" href=at.parent.1>"Back to the list"</a></div>
            <p class="or">"in a terminal"</p>
            <pre class="code"><code>{at.command}</code></pre>
        </section>
    }
    .into_any()
}
