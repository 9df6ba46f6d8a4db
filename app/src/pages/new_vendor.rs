//! Adding a vendor. The answer is a page of its own that shows URL and secret once.

use crate::{
    api::vendors::{AddVendor, list_presets},
    components::{
        empty::{LoadError, Skeleton},
        form::{FormError, SelectField, Submit, TextField, fault_of},
        page_head::PageHead,
    },
    error::Field,
    view::connections::PresetChoice,
};
use leptos::prelude::*;

/// Name, preset, and a secret where the vendor makes it.
#[component]
pub fn NewVendorPage() -> impl IntoView {
    let presets = Resource::new_blocking(|| (), |()| list_presets());
    let action = ServerAction::<AddVendor>::new();
    view! {
        <PageHead title="Add vendor" parent=("Vendors", "/vendors")/>
        <Suspense fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match presets.await {
                    Ok(presets) => view! { <VendorForm presets action/> }.into_any(),
                    Err(error) => view! { <LoadError error href="/vendors/new"/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn VendorForm(presets: Vec<PresetChoice>, action: ServerAction<AddVendor>) -> impl IntoView {
    let fault = fault_of(action);
    let options = presets
        .into_iter()
        .map(|preset| {
            let paste = if preset.vendor_makes_secret { " – paste its secret" } else { "" };
            (preset.id, format!("{}{paste}", preset.name))
        })
        .collect();
    view! {
        <section class="panel sheet">
            <ActionForm action>
                <FormError fault/>
                <SelectField label="Preset" name="preset" field=Field::Preset fault options
                    hint="Knows how the vendor signs, names and repeats its webhooks."/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="openai"
                    hint="Becomes part of the URL: /webhooks/openai"/>
                <TextField label="Signing secret" name="secret" kind="password" field=Field::Secret fault autocomplete="new-password"
                    hint="Paste it where the vendor hands one out. Left empty, a new one is made and shown once."/>
                <div class="actions">
                    <Submit words="Add vendor" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/vendors">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
