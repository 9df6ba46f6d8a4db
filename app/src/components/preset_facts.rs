//! What a preset expects: its first request, how it repeats, its limits, where it is described.

use crate::{
    components::facts::{Fact, Facts},
    view::greeting::PresetFacts,
};
use leptos::prelude::*;

/// The facts of one preset as a list.
#[component]
pub fn PresetFactList(
    /// What it expects.
    facts: PresetFacts,
) -> impl IntoView {
    let (patience, freshness, size) = (facts.patience(), facts.freshness(), facts.size());
    let choices = facts.choices();
    let greeting = facts.greeting.clone().unwrap_or_else(|| "None: it sends events only.".into());
    let signed = match facts.signs_body {
        true => "The whole body.",
        false => "Not the whole body: look up what matters through the vendor's API.",
    };
    view! {
        <Facts>
            <Fact name="First request">{greeting}</Fact>
            <Fact name="Secret">{facts.secret}</Fact>
            {facts.keys_from.map(|host| view! { <Fact name="Keys from">{host}</Fact> })}
            <Fact name="Signed">{signed}</Fact>
            <Fact name="Freshness">{freshness}</Fact>
            <Fact name="Patience">{patience}</Fact>
            <Fact name="Largest body">{size}</Fact>
            {choices.map(|choices| view! { <Fact name="Can be chosen">{choices}</Fact> })}
        </Facts>
        {(!facts.notes.is_empty()).then(|| view! { <p class="hint">{facts.notes}</p> })}
        {(!facts.doc_url.is_empty()).then(|| view! {
            <p class="hint"><a href=facts.doc_url rel="noreferrer" target="_blank">{format!("How {} describes it", facts.name)}</a></p>
        })}
    }
    .into_any()
}
