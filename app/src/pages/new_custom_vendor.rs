//! Adding a vendor that no preset knows, by describing how it signs. A description that cannot be used comes back with
//! what was typed and what is wrong with it, with and without JavaScript.

use crate::{
    api::greetings::{AddCustomVendor, read_draft},
    components::{
        empty::Skeleton,
        form::{FormError, Submit, TextField, fault_of},
        page_head::PageHead,
        scheme::{SchemeField, SchemeHelp},
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
    let SchemeDraft { slug, scheme, fault: words } = draft;
    let text = if scheme.is_empty() { EXAMPLE.to_owned() } else { scheme };
    view! {
        <section class="panel sheet broad">
            <ActionForm action>
                <FormError fault/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="acme" value=slug
                    hint="Becomes part of the URL: /webhooks/acme"/>
                <SchemeField text words fault/>
                <TextField label="Signing secret" name="secret" kind="password" field=Field::Secret fault autocomplete="new-password"
                    hint="Left empty, a new one is made and shown once."/>
                <div class="actions">
                    <Submit words="Add vendor" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/vendors/new">"Choose a known vendor"</a>
                </div>
            </ActionForm>
            <SchemeHelp/>
        </section>
    }
    .into_any()
}
