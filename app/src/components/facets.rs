//! The filters at the left of a list: for each a heading and its choices, all of them links.

use crate::view::words::number;
use leptos::prelude::*;
use std::sync::Arc;

/// One choice. `to` is where it leads and whether it is chosen already, both by the address as it is now: the list beside it
/// may still be loading, and what was chosen a moment ago must not be lost by the next click. It reads the address itself and
/// keeps nothing: a memo made here would end as soon as the address changes, with the list it was made for.
pub fn facet(
    words: String,
    count: Option<i64>,
    to: impl Fn() -> (String, bool) + Send + Sync + 'static,
) -> impl IntoView {
    let to = Arc::new(to);
    let chosen = to.clone();
    view! {
        <li>
            <a
                href=move || to().0
                aria-current=move || chosen().1.then_some("true")
                title=words.clone()
            >
                <span>{words.clone()}</span>
                {count.map(|count| view! { <span class="count">{number(count)}</span> })}
            </a>
        </li>
    }
    .into_any()
}

/// A heading and its choices; nothing where there are none.
pub fn group(heading: &'static str, choices: Vec<impl IntoView + 'static>) -> impl IntoView {
    (!choices.is_empty()).then(|| view! { <h2>{heading}</h2><ul>{choices}</ul> }).into_any()
}
