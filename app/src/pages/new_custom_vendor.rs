//! Adding a vendor that no preset knows, by describing how it signs. A description that cannot be used comes back with
//! what was typed and what is wrong with it, with and without JavaScript.

use crate::{
    api::greetings::{AddCustomVendor, read_draft},
    components::{
        code::{Code, Folded},
        empty::Skeleton,
        form::{FormError, Submit, TextField, fault_of},
        page_head::PageHead,
    },
    error::Field,
    view::greeting::SchemeDraft,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A scheme to begin with.
const EXAMPLE: &str = r#"name = "Acme"
algorithm = "hmac-sha256"
signature = { from = "header:x-acme-signature", encoding = "hex", label = "=", accept = ["v1"] }
timestamp = { from = "header:x-acme-time", unit = "s", past = 300, future = 300 }
signed = "{ts}.{body}"
event = { id = ["json:id"], type = ["json:type"], subject = ["json:data.id"] }
"#;

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

/// Name, description, secret.
#[component]
pub fn NewCustomVendorPage() -> impl IntoView {
    let query = use_query_map();
    let handle = move || query.with(|query| query.get("draft"));
    let draft = Resource::new_blocking(handle, |handle| async move {
        match handle {
            Some(handle) => read_draft(handle).await.ok(),
            None => None,
        }
    });
    let action = ServerAction::<AddCustomVendor>::new();
    view! {
        <PageHead title="Describe a vendor" parent=("Vendors", "/vendors")/>
        <Suspense fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                let draft = draft.await.unwrap_or_default();
                view! { <Form draft action/> }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Form(draft: SchemeDraft, action: ServerAction<AddCustomVendor>) -> impl IntoView {
    let fault = fault_of(action);
    let wrong = move || fault.get().and_then(|error| error.about(Field::Scheme));
    let SchemeDraft { slug, scheme, fault: words } = draft;
    let text = if scheme.is_empty() { EXAMPLE.to_owned() } else { scheme };
    let bad = !words.is_empty();
    let hint = if bad { words } else { "TOML or JSON, with the fields a preset has.".to_owned() };
    view! {
        <section class="panel sheet broad">
            <ActionForm action>
                <FormError fault/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="acme" value=slug
                    hint="Becomes part of the URL: /webhooks/acme"/>
                <div class="field wide">
                    <label for="scheme">"How it signs"</label>
                    <textarea id="scheme" name="scheme" rows="12" required spellcheck="false" autocapitalize="none"
                        aria-describedby="scheme-hint" aria-invalid=move || (bad || wrong().is_some()).then_some("true")
                    >{text}</textarea>
                    <p class="hint" class:bad=move || bad || wrong().is_some() id="scheme-hint" role=bad.then_some("alert")>
                        {move || wrong().unwrap_or_else(|| hint.clone())}
                    </p>
                </div>
                <TextField label="Signing secret" name="secret" kind="password" field=Field::Secret fault autocomplete="new-password"
                    hint="Left empty, a new one is made and shown once."/>
                <div class="actions">
                    <Submit words="Add vendor" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/vendors/new">"Choose a known vendor"</a>
                </div>
            </ActionForm>
            <Folded title="What the fields mean"><Code text=FIELDS label="Fields of a scheme"/></Folded>
        </section>
    }
    .into_any()
}
