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

/// After a vendor was added.
#[component]
pub fn VendorAddedPage() -> impl IntoView {
    view! { <Added title="Added" parent=("Vendors", "/vendors") url_words="Enter this URL at the vendor:"/> }
        .into_any()
}

/// After a vendor's secret was replaced.
#[component]
pub fn SecretRotatedPage() -> impl IntoView {
    view! { <Added title="Replaced" parent=("Vendors", "/vendors") url_words="Enter the new secret at the vendor, whose URL stays:"/> }
        .into_any()
}

/// After a destination was added whose signing secret was made here.
#[component]
pub fn DestinationAddedPage() -> impl IntoView {
    view! { <Added title="Added" parent=("Destinations", "/destinations") url_words="Results are posted to:"/> }.into_any()
}

#[component]
fn Added(
    title: &'static str,
    parent: (&'static str, &'static str),
    url_words: &'static str,
) -> impl IntoView {
    let handle = use_query_map().get_untracked().get("once").unwrap_or_default();
    let shown = Resource::new_blocking(|| (), move |()| reveal(handle.clone()));
    view! {
        <PageHead title parent/>
        <Suspense fallback=|| view! { <Skeleton rows=2/> }>
            {move || Suspend::new(async move {
                match shown.await {
                    Ok(shown) => view! { <Shown shown url_words back=parent.1/> }.into_any(),
                    Err(AppError::NotFound) => view! { <Gone back=parent.1/> }.into_any(),
                    Err(error) => view! { <LoadError error href=parent.1/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Shown(shown: Revealed, url_words: &'static str, back: &'static str) -> impl IntoView {
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
                None => view! { <p class="hint">"There is no secret to show: one you gave is stored sealed, one that comes later is entered on the vendor’s page."</p> }.into_any(),
            }}
            <div class="actions"><a class="button main" href=back>"I have copied it"</a></div>
        </section>
    }
    .into_any()
}

#[component]
fn Gone(back: &'static str) -> impl IntoView {
    view! {
        <section class="panel nothing">
            <h2>"Shown already"</h2>
            <p>"A secret is shown once. If it is lost, make a new one; the old one stays valid for as long as you say."</p>
            <div class="actions"><a class="button" href=back>"Back to the list"</a></div>
            <p class="or">"in a terminal"</p>
            <pre class="code"><code>"tidegate vendor rotate NAME --overlap 24h"</code></pre>
        </section>
    }
    .into_any()
}
