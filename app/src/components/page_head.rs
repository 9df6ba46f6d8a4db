//! The head of a page: its title (also in the browser's tab), a quiet addition, and what can be done.

use leptos::prelude::*;
use leptos_meta::Title;

/// Title, addition, actions.
#[component]
pub fn PageHead(
    /// The page's name.
    #[prop(into)]
    title: String,
    /// A few quiet words beside it.
    #[prop(optional, into)]
    aside: Option<String>,
    /// Where this page belongs: words and address.
    #[prop(optional)]
    parent: Option<(&'static str, &'static str)>,
    /// Buttons at the right.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <Title text=title.clone()/>
        <header class="head">
            <div class="head-words">
                {parent.map(|(words, href)| view! { <a class="crumb" href=href>{words}</a> })}
                <h1>{title}</h1>
                {aside.map(|aside| view! { <span class="aside">{aside}</span> })}
            </div>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </header>
    }
    .into_any()
}
