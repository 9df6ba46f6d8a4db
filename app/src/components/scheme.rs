//! The field in which somebody describes how a vendor signs, and what can stand in it.

use crate::{
    components::{
        code::{Code, Folded},
        form::FormFault,
    },
    error::Field,
};
use leptos::prelude::*;

/// What the fields mean.
const FIELDS: &str = r#"algorithm   hmac-sha1, hmac-sha256, hmac-sha512, sha256, ed25519, ecdsa-p256-sha256, shared-secret
key         how the secret is written: raw, base64, hex, whsec, spki-base64
signature   from: where it stands; encoding: hex, hex-lower, base64, text;
            prefix, list, label, accept: how several are written in one value
timestamp   from; unit: s, ms, iso8601; past and future: seconds it may be off
signed      the signed text: {body} {body_sha256} {ts} {method} {url} {secret} and any place
require     places that must not be empty
event       id, type, subject, occurred, version: places, the first that holds something wins
one_time    signed: each signed text counts once; or a place whose value does
answer      status, when the vendor wants another one than 202

A place is header:NAME, json:PATH, query:NAME, form:NAME, sig:LABEL, basic or body_sha256."#;

/// A scheme, and beside it what is wrong with it.
#[component]
pub fn SchemeField(
    /// What stands in it at first.
    text: String,
    /// What is wrong with that; empty where nothing is known to be.
    words: String,
    /// The last error.
    fault: FormFault,
) -> impl IntoView {
    let wrong = move || fault.get().and_then(|error| error.about(Field::Scheme));
    let bad = !words.is_empty();
    let hint = if bad { words } else { "TOML or JSON, with the fields a preset has.".to_owned() };
    view! {
        <div class="field wide">
            <label for="scheme">"How it signs"</label>
            <textarea id="scheme" name="scheme" rows="12" required spellcheck="false" autocapitalize="none"
                aria-describedby="scheme-hint" aria-invalid=move || (bad || wrong().is_some()).then_some("true")
            >{text}</textarea>
            <p class="hint" class:bad=move || bad || wrong().is_some() id="scheme-hint" role=bad.then_some("alert")>
                {move || wrong().unwrap_or_else(|| hint.clone())}
            </p>
        </div>
    }
    .into_any()
}

/// What its fields mean, folded away.
#[component]
pub fn SchemeHelp() -> impl IntoView {
    view! { <Folded title="What the fields mean"><Code text=FIELDS label="Fields of a scheme"/></Folded> }
        .into_any()
}
