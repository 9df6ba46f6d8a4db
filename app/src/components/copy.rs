//! A text that is meant to be taken elsewhere: one click selects all of it, a button copies it where the browser
//! lets pages do that.

use super::code::Code;
use leptos::{leptos_dom::helpers::set_timeout, prelude::*};
use std::time::Duration;

/// How long the button says that it worked.
const SAID: Duration = Duration::from_secs(2);

/// A text with a button that copies it. The button appears only where it works: with script, on a secure page.
#[component]
pub fn CopyCode(
    /// The text.
    #[prop(into)]
    text: String,
    /// What a screen reader calls the box.
    label: &'static str,
) -> impl IntoView {
    let (able, set_able) = signal(false);
    let (copied, set_copied) = signal(false);
    Effect::new(move |_| set_able.set(window().is_secure_context()));
    let value = StoredValue::new(text.clone());
    let copy = move |_| {
        let promise = window().navigator().clipboard().write_text(&value.get_value());
        leptos::task::spawn_local(async move {
            if wasm_bindgen_futures::JsFuture::from(promise).await.is_ok() {
                set_copied.try_set(true);
                set_timeout(
                    move || {
                        set_copied.try_set(false);
                    },
                    SAID,
                );
            }
        });
    };
    view! {
        <div class="copy">
            <Code text label/>
            {move || able.get().then(|| view! {
                <button type="button" class="button" on:click=copy aria-label=format!("Copy {label}")>
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
            })}
            <span class="unseen" role="status">{move || copied.get().then_some("Copied")}</span>
        </div>
    }
    .into_any()
}
