//! Bodies and commands, word for word, in a quiet box. Text only: nothing in it is ever read as markup.

use leptos::prelude::*;

/// A text in fixed width that scrolls inside its box.
#[component]
pub fn Code(
    /// The text.
    #[prop(into)]
    text: String,
    /// What a screen reader calls the box.
    label: &'static str,
) -> impl IntoView {
    view! { <pre class="code" tabindex="0" role="region" aria-label=label><code>{text}</code></pre> }
        .into_any()
}

/// A text that opens on demand; works without JavaScript.
#[component]
pub fn Folded(
    /// What is inside.
    #[prop(into)]
    title: String,
    /// How much of it.
    #[prop(optional, into)]
    aside: String,
    /// Whether it begins open.
    #[prop(optional)]
    open: bool,
    /// The inside.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="folded" open=open>
            <summary>{title}<span class="aside">{aside}</span></summary>
            {children()}
        </details>
    }
    .into_any()
}
