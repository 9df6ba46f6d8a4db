//! Name and value, row by row.

use leptos::prelude::*;

/// A list of facts.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }.into_any()
}

/// One fact.
#[component]
pub fn Fact(
    /// What it is about.
    name: &'static str,
    /// What it says.
    children: Children,
) -> impl IntoView {
    view! { <div><dt>{name}</dt><dd>{children()}</dd></div> }.into_any()
}
