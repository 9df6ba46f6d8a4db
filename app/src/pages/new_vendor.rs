//! Adding a vendor. The answer is a page of its own that shows URL and secret once. The URL can name the preset, so that
//! its options have their fields without JavaScript, too.

use crate::{
    api::{
        greetings::read_facts,
        vendors::{AddVendor, list_presets},
    },
    components::{
        empty::{LoadError, Skeleton},
        form::{CheckField, FormError, SelectField, Submit, TextField, fault_of},
        page_head::PageHead,
        preset_facts::PresetFactList,
        preset_options::PresetOptions,
        vendor::news::ItselfPanel,
    },
    error::Field,
    view::{connections::PresetChoice, preset_options::OptionChoice},
};
use leptos::{
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, Event},
};
use leptos_router::hooks::use_query_map;
use std::collections::HashMap;

/// Name, preset, and a secret where the vendor makes it.
#[component]
pub fn NewVendorPage() -> impl IntoView {
    let presets = Resource::new_blocking(|| (), |()| list_presets());
    let action = ServerAction::<AddVendor>::new();
    let query = use_query_map();
    let named = Memo::new(move |_| query.with(|query| query.get("preset")));
    view! {
        <PageHead title="Add vendor" parent=("Vendors", "/vendors")/>
        <Suspense fallback=|| view! { <Skeleton/> }>
            {move || {
                let named = named.get();
                Suspend::new(async move {
                    match presets.await {
                        Ok(presets) => view! { <VendorForm presets named action/> }.into_any(),
                        Err(error) => view! { <LoadError error href="/vendors/new"/> }.into_any(),
                    }
                })
            }}
        </Suspense>
    }
    .into_any()
}

#[component]
fn VendorForm(
    presets: Vec<PresetChoice>,
    named: Option<String>,
    action: ServerAction<AddVendor>,
) -> impl IntoView {
    let fault = fault_of(action);
    let first = presets.iter().find(|preset| Some(&preset.id) == named.as_ref()).or(presets.first());
    let first = first.map(|preset| preset.id.clone()).unwrap_or_default();
    let chosen = RwSignal::new(first.clone());
    let offered: HashMap<String, Vec<OptionChoice>> =
        presets.iter().map(|preset| (preset.id.clone(), preset.options.clone())).collect();
    let itself = Memo::new(move |_| chosen.with(|chosen| chosen == domain::news::PRESET));
    let offered = move || offered.get(&chosen.get()).cloned().unwrap_or_default();
    // What is typed in any field comes by here; only the choice of the preset counts.
    let choose = move |event: Event| {
        if let Some(id) = chosen_preset(&event) {
            chosen.set(id);
        }
    };
    let options = presets
        .into_iter()
        .map(|preset| {
            let paste = if preset.vendor_makes_secret { " – paste its secret" } else { "" };
            (preset.id, format!("{}{paste}", preset.name))
        })
        .collect();
    view! {
        <div class="beside" on:change=choose>
        <section class="panel sheet">
            <ActionForm action>
                <FormError fault/>
                <SelectField label="Preset" name="preset" field=Field::Preset fault options chosen=first
                    hint="Knows how the vendor signs, names and repeats its webhooks."/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="openai"
                    hint="Becomes part of the URL: /webhooks/openai"/>
                <div hidden=move || itself.get()>
                <TextField label="Signing secret" name="secret" kind="password" field=Field::Secret fault autocomplete="new-password"
                    hint="Paste it where the vendor hands one out. Left empty, a new one is made and shown once."/>
                <CheckField label="The secret comes later" name="secret_later" id="secret_later"
                    hint="Many vendors show it only after they have the URL. Until it is set, their first requests are answered and everything else is refused."/>
                </div>
                {move || view! { <PresetOptions options=offered() fault/> }}
                {move || itself.get().then(|| view! { <p class="notice">"Tidegate itself needs no secret: its events are made here. Once it is added, add a rule that says who is told."</p> })}
                <div class="actions">
                    <Submit words="Add vendor" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/vendors">"Cancel"</a>
                </div>
            </ActionForm>
            <p class="hint"><a href="/vendors/presets">"All known vendors and what they expect"</a>" · "<a href="/vendors/new/custom">"Describe another one"</a></p>
        </section>
        <Expected chosen/>
        </div>
    }
    .into_any()
}

/// What the chosen preset expects. Only where JavaScript runs, since it would not follow the choice otherwise; the page
/// of all known vendors says the same.
#[component]
fn Expected(chosen: RwSignal<String>) -> impl IntoView {
    let runs = RwSignal::new(false);
    Effect::new(move |_| runs.set(true));
    move || runs.get().then(|| view! { <Followed chosen/> })
}

#[component]
fn Followed(chosen: RwSignal<String>) -> impl IntoView {
    // Known apart, so that choosing another vendor does not draw the panel from the beginning.
    let itself = Memo::new(move |_| chosen.with(|chosen| chosen == domain::news::PRESET));
    move || match itself.get() {
        true => view! { <ItselfPanel/> }.into_any(),
        false => view! { <Facts chosen/> }.into_any(),
    }
}

#[component]
fn Facts(chosen: RwSignal<String>) -> impl IntoView {
    let facts = Resource::new(move || chosen.get(), read_facts);
    view! {
        <section class="panel expected" aria-live="polite">
            <Transition fallback=|| view! { <Skeleton rows=3/> }>
                {move || Suspend::new(async move {
                    facts.await.ok().map(|facts| view! { <h2>{facts.name.clone()}</h2><PresetFactList facts/> })
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// The preset an event of the form chose.
fn chosen_preset(event: &Event) -> Option<String> {
    let field: Element = event.target()?.dyn_into().ok()?;
    (field.id() == "preset").then(|| event_target_value(event))
}
