//! What a vendor may send: from where, how much and how large. Everybody sees it; those who configure can change it.

use crate::{
    api::limits::{SetLimits, read_limits},
    components::{
        code::Folded,
        empty::{LoadError, Skeleton},
        facts::{Fact, Facts},
        form::{AreaField, FormError, Submit, TextField, fault_of},
        frame::viewer_may,
        vendor::subject::{Subject, Told},
    },
    error::Field,
    view::{limits::VendorLimits, words::number},
};
use domain::{bytes, id::VendorId, role::Role};
use leptos::prelude::*;

/// What the panel shows and does.
#[derive(Clone, Copy)]
pub struct Limits {
    now: Told<VendorLimits>,
    /// What the form begins with. Read once, so that it is not drawn anew under somebody who types, nor after something
    /// was wrong with it.
    first: Option<Told<VendorLimits>>,
    action: ServerAction<SetLimits>,
}

impl Limits {
    /// Reads them.
    pub fn of(subject: Subject) -> Self {
        let action = ServerAction::new();
        Self {
            now: subject.read(move || action.version().get(), read_limits),
            first: viewer_may(Role::may_configure).then(|| subject.read(|| (), read_limits)),
            action,
        }
    }
}

/// The limits as they are, and a form for those who may change them.
#[component]
pub fn LimitsPanel(
    /// Whose.
    id: VendorId,
    /// From [`Limits::of`].
    limits: Limits,
    /// Where the page stands.
    href: String,
) -> impl IntoView {
    let Limits { now, first, action } = limits;
    let href = StoredValue::new(href);
    view! {
        <section class="panel" aria-labelledby="limits">
            <h2 id="limits">"Limits"</h2>
            <Transition fallback=|| view! { <Skeleton rows=2/> }>
                {move || Suspend::new(async move {
                    match now.await {
                        Ok(limits) => view! { <Shown limits/> }.into_any(),
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
fn Shown(limits: VendorLimits) -> impl IntoView {
    let networks = match limits.allow.is_empty() {
        true => "any address".to_owned(),
        false => limits.allow.join(", "),
    };
    let rate = match (limits.rate, limits.burst) {
        (Some(rate), Some(burst)) => {
            format!("{} a second, {} at once", number(rate.into()), number(burst.into()))
        }
        (Some(rate), None) => format!("{} a second", number(rate.into())),
        (None, _) => "any number".to_owned(),
    };
    let body = match limits.max_body {
        Some(bytes) => bytes::show(bytes),
        None => format!("{}, as its preset says", bytes::show(limits.preset_max_body)),
    };
    view! {
        <Facts>
            <Fact name="May send from">{networks}</Fact>
            <Fact name="Requests">{rate}</Fact>
            <Fact name="Largest body">{body}</Fact>
        </Facts>
    }
    .into_any()
}

/// The form.
#[component]
fn Change(id: VendorId, first: Told<VendorLimits>, action: ServerAction<SetLimits>) -> impl IntoView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                first.await.ok().map(|limits| view! { <LimitsForm id limits action/> })
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn LimitsForm(id: VendorId, limits: VendorLimits, action: ServerAction<SetLimits>) -> impl IntoView {
    let fault = fault_of(action);
    let saved = move || action.value().with(|last| matches!(last, Some(Ok(()))));
    let text = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let open = fault.get_untracked().is_some();
    view! {
        <div class="deeds">
            <Folded title="Change the limits" open>
                <ActionForm action>
                    <FormError fault/>
                    <div role="status">
                        {move || saved().then(|| view! { <p class="notice good">"Saved. All nodes keep to it within a second."</p> })}
                    </div>
                    <input type="hidden" name="vendor" value=id.to_string()/>
                    <AreaField label="Allowed networks" name="allow" field=Field::Allow fault
                        value=limits.allow.join("\n") placeholder="203.0.113.0/24"
                        hint="One a line: networks or single addresses. Others get 403. Empty: any address."/>
                    <TextField label="Requests a second" name="rate" field=Field::PerSecond fault value=text(limits.rate)
                        hint="Over all nodes. More get 429 and are asked to come back. Empty: any number."/>
                    <TextField label="Requests at once" name="burst" field=Field::Burst fault value=text(limits.burst)
                        hint="How many may come together after a pause. Empty: a second’s worth."/>
                    <TextField label="Largest body" name="max_body" field=Field::MaxBody fault
                        value=limits.max_body.map(bytes::show).unwrap_or_default() placeholder="512 KiB"
                        hint="From 1 KiB to 32 MiB. Larger ones get 413. Empty: what its preset says."/>
                    <Submit words="Save limits" busy="Saving…" pending=action.pending() main=false/>
                </ActionForm>
            </Folded>
        </div>
    }
    .into_any()
}
