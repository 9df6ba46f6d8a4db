//! No page at this address.

use leptos::prelude::*;
use leptos_meta::Title;

/// Says so, with the status that fits.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(answer) = use_context::<leptos_axum::ResponseOptions>() {
        answer.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="No such page"/>
        <main class="alone">
            <section class="panel nothing">
                <h1>"No such page"</h1>
                <p>"The address may be mistyped, or the page is gone."</p>
                <div class="actions"><a class="button main" href="/">"Go to the overview"</a></div>
            </section>
        </main>
    }
    .into_any()
}
