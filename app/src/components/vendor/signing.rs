//! What of its preset's options was chosen for a vendor. Everybody sees it; those who configure can change what changes
//! nothing that is stored.

use crate::{
    api::signing::{SetSigning, read_signing},
    components::{
        code::Folded,
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
        preset_options::OptionField,
        vendor::subject::{Subject, Told},
    },
    view::signing::SigningOption,
};
use domain::{id::VendorId, role::Role};
use leptos::prelude::*;

/// What the panel shows and does.
#[derive(Clone, Copy)]
pub struct Signing {
    now: Told<Vec<SigningOption>>,
    /// What the form begins with; read once, so that it is not drawn anew under somebody who types.
    first: Option<Told<Vec<SigningOption>>>,
    action: ServerAction<SetSigning>,
}

impl Signing {
    /// Reads them.
    pub fn of(subject: Subject) -> Self {
        let action = ServerAction::new();
        Self {
            now: subject.read(move || action.version().get(), read_signing),
            first: viewer_may(Role::may_configure).then(|| subject.read(|| (), read_signing)),
            action,
        }
    }
}

/// The options as they are, and a form for those who may change them.
#[component]
pub fn SigningPanel(
    /// Whose.
    id: VendorId,
    /// From [`Signing::of`].
    signing: Signing,
    /// Where the page stands.
    href: String,
) -> impl IntoView {
    let Signing { now, first, action } = signing;
    let href = StoredValue::new(href);
    view! {
        <section class="panel wide-facts" aria-labelledby="signing">
            <h2 id="signing">"Options of its preset"</h2>
            <Transition fallback=|| view! { <Skeleton rows=2/> }>
                {move || Suspend::new(async move {
                    match now.await {
                        Ok(options) => view! { <Shown options/> }.into_any(),
                        Err(error) => view! { <LoadError error href=href.get_value()/> }.into_any(),
                    }
                })}
            </Transition>
            {first.map(|first| view! { <Change id first action/> })}
        </section>
    }
    .into_any()
}

#[component]
fn Shown(options: Vec<SigningOption>) -> impl IntoView {
    if options.is_empty() {
        return view! { <p class="hint">"How this vendor signs leaves nothing to choose."</p> }.into_any();
    }
    let rows = options.into_iter().map(|SigningOption { choice, value }| {
        let words = match (value, choice.default) {
            (Some(value), _) => view! { <code>{value}</code> }.into_any(),
            (None, default) if default.is_empty() => "none".into_any(),
            (None, default) => view! { <code>{default}</code>", as its preset says" }.into_any(),
        };
        view! { <Fact name=choice.option.label()>{words}</Fact> }
    });
    view! { <Facts>{rows.collect_view()}</Facts> }.into_any()
}

/// The form, where there is something that can be changed.
#[component]
fn Change(id: VendorId, first: Told<Vec<SigningOption>>, action: ServerAction<SetSigning>) -> impl IntoView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let options = first.await.unwrap_or_default();
                let options: Vec<_> =
                    options.into_iter().filter(|one| !one.choice.option.decided_once()).collect();
                (!options.is_empty()).then(|| view! { <Form id options action/> })
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Form(id: VendorId, options: Vec<SigningOption>, action: ServerAction<SetSigning>) -> impl IntoView {
    let fault = fault_of(action);
    let saved = move || action.value().with(|last| matches!(last, Some(Ok(()))));
    let open = fault.get_untracked().is_some();
    let fields = options
        .into_iter()
        .map(|SigningOption { choice, value }| view! { <OptionField choice value fault/> })
        .collect_view();
    view! {
        <div class="deeds">
            <Folded title="Change the options" open>
                <ActionForm action>
                    <FormError fault/>
                    <div role="status">
                        {move || saved().then(|| view! { <p class="notice good">"Saved. All nodes judge by it within a second."</p> })}
                    </div>
                    <input type="hidden" name="vendor" value=id.to_string()/>
                    {fields}
                    <p class="hint">
                        "Left empty, an option is as the preset has it. Where an event’s id and type stand is decided when a vendor is added: what is stored would mean something else."
                    </p>
                    <Submit words="Save options" busy="Saving…" pending=action.pending() main=false/>
                </ActionForm>
            </Folded>
        </div>
    }
    .into_any()
}
