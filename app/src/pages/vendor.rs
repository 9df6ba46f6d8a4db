//! One sender of webhooks: its head and figures, and below them a panel for each thing that can be looked at or
//! set. A panel is a component in `components/vendor/` with a line in `Reads`, for what it reads, and one in `Panels`.

use crate::{
    api::vendor::{SwitchVendor, read_vendor},
    components::{
        badge::{Badge, Tone},
        connection::{ConnectionPanel, Contact},
        copy::CopyCode,
        empty::{LoadError, Skeleton},
        flow::{PauseSwitch, PausedBadge, PausedNotice},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
        page_head::PageHead,
        vendor::{
            figures::{Figures, figures_of},
            limits::{Limits, LimitsPanel},
            news::NewsPanel,
            privacy::{Privacy, PrivacyPanel},
            refused::{RefusedPanel, refusals_of},
            scheme::{Scheme, SchemePanel},
            secrets::{Rotation, SecretsPanel},
            signing::{Signing, SigningPanel},
            subject::{Subject, Told},
            types::{TypesPanel, types_of},
        },
    },
    error::AppError,
    view::{
        sender::VendorRefusals,
        types::TypesPage,
        vendor::{VendorAddress, VendorFigures, VendorHead, VendorState},
    },
};
use domain::{pause::PauseTarget, role::Role};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

const PARENT: (&str, &str) = ("Vendors", "/vendors");

/// What the panels read, made before anything is drawn.
#[derive(Clone, Copy)]
struct Reads {
    figures: Told<VendorFigures>,
    contact: Contact,
    refusals: Told<VendorRefusals>,
    rotation: Rotation,
    signing: Signing,
    scheme: Scheme,
    limits: Limits,
    types: Told<TypesPage>,
    privacy: Privacy,
}

impl Reads {
    fn of(subject: Subject) -> Self {
        Self {
            figures: figures_of(subject),
            contact: Contact::of(subject),
            refusals: refusals_of(subject),
            rotation: Rotation::of(subject),
            signing: Signing::of(subject),
            scheme: Scheme::of(subject),
            limits: Limits::of(subject),
            types: types_of(subject),
            privacy: Privacy::of(subject),
        }
    }
}

/// The page of the vendor named in the path, and its tenant in the query.
#[component]
pub fn VendorPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let address = Memo::new(move |_| VendorAddress {
        slug: params.with(|params| params.get("slug")).unwrap_or_default(),
        tenant: query.with(|query| query.get("tenant")),
    });
    let switch = ServerAction::<SwitchVendor>::new();
    let head = Resource::new(
        move || (address.get(), switch.version().get()),
        |(at, _)| read_vendor(at.slug, at.tenant),
    );
    let reads = Reads::of(Subject(head));
    view! {
        <Transition fallback=|| view! { <PageHead title="Vendor" parent=PARENT/><Skeleton/> }>
            {move || Suspend::new(async move {
                match head.await {
                    Ok(vendor) => view! { <Shown vendor reads switch/> }.into_any(),
                    Err(error) => {
                        let title = match error {
                            AppError::NotFound => "No such vendor",
                            _ => "Vendor",
                        };
                        let href = address.get_untracked().href();
                        view! { <PageHead title parent=PARENT/><LoadError error href/> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Shown(vendor: VendorHead, reads: Reads, switch: ServerAction<SwitchVendor>) -> impl IntoView {
    let slug = vendor.address.slug.clone();
    let (tone, words, meaning) = state_words(vendor.state);
    let meaning = match (vendor.tells_news(), vendor.state) {
        (true, VendorState::Off) => {
            "This vendor is switched off: what Tidegate does by itself meanwhile becomes no event, and nobody is told."
        }
        _ => meaning,
    };
    let target = PauseTarget::Vendor(vendor.id);
    view! {
        <Title text=slug.clone()/>
        <header class="head state-head">
            <div class="head-words">
                <a class="crumb" href=PARENT.1>{PARENT.0}</a>
                <h1>{slug}</h1>
                <Badge tone words/>
                <PausedBadge target/>
                <span class="aside">
                    {vendor.preset.clone()}
                    {vendor.address.tenant.clone().map(|tenant| format!(" · tenant {tenant}"))}
                </span>
            </div>
            {viewer_may(Role::may_configure).then(|| view! { <Switch vendor=vendor.clone() switch/> })}
        </header>
        <FormError fault=fault_of(switch)/>
        {(!meaning.is_empty()).then(|| view! { <p class="notice bad">{meaning}</p> })}
        <PausedNotice target meaning="Events are accepted and stored; their jobs wait and use up no tries."/>
        <div class="panels">
            {match vendor.tells_news() {
                true => view! { <NewsPanel id=vendor.id slug=vendor.address.slug/> }.into_any(),
                false => view! { <Sent vendor reads/> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// Of a vendor that posts: where to, and all that is known and decided about that.
#[component]
fn Sent(vendor: VendorHead, reads: Reads) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="address">
            <h2 id="address">"Enter this URL at the vendor"</h2>
            <CopyCode text=vendor.url.clone().unwrap_or_default() label="URL"/>
            {vendor.doc_url.clone().map(|href| view! {
                <p class="hint">
                    "How it signs: "<a href=href rel="external noreferrer">{format!("{}’s documentation", vendor.preset)}</a>
                </p>
            })}
        </section>
        <Figures figures=reads.figures href=vendor.address.href()/>
        <Panels vendor reads/>
    }
    .into_any()
}

/// Everything below the figures, one line each.
#[component]
fn Panels(vendor: VendorHead, reads: Reads) -> impl IntoView {
    let (id, href) = (vendor.id, vendor.address.href());
    let signs = match vendor.is_custom() {
        true => view! { <SchemePanel id scheme=reads.scheme href=href.clone()/> }.into_any(),
        false => view! { <SigningPanel id signing=reads.signing href=href.clone()/> }.into_any(),
    };
    view! {
        <ConnectionPanel vendor=id contact=reads.contact/>
        <RefusedPanel id refusals=reads.refusals/>
        <SecretsPanel id rotation=reads.rotation href=href.clone()/>
        {signs}
        <LimitsPanel id limits=reads.limits href/>
        <TypesPanel page=reads.types/>
        <PrivacyPanel vendor privacy=reads.privacy/>
    }
    .into_any()
}

/// How a state looks, what it is called, and what it means where that must be said.
const fn state_words(state: VendorState) -> (Tone, &'static str, &'static str) {
    match state {
        VendorState::On => (Tone::Good, "On", ""),
        VendorState::Off => (
            Tone::Quiet,
            "Off",
            "This vendor is switched off: its URL answers 404, and nothing that is sent meanwhile is kept.",
        ),
        VendorState::NoPreset => (
            Tone::Bad,
            "Cannot be used",
            "Its preset or one of the preset’s options is not known to this version of Tidegate, so its URL answers 404.",
        ),
        VendorState::NoSecret => (
            Tone::Bad,
            "No secret",
            "No version of its secret is accepted at the moment: first requests are answered, everything else is refused.",
        ),
    }
}

/// Off and on again.
#[component]
fn Switch(vendor: VendorHead, switch: ServerAction<SwitchVendor>) -> impl IntoView {
    let off = vendor.state == VendorState::Off;
    let (words, busy) =
        if off { ("Switch on", "Switching on…") } else { ("Switch off", "Switching off…") };
    view! {
        <div class="actions">
            <PauseSwitch target=PauseTarget::Vendor(vendor.id)/>
            <ActionForm action=switch>
                <input type="hidden" name="vendor" value=vendor.id.to_string()/>
                <input type="hidden" name="enabled" value=off.to_string()/>
                <Submit words busy pending=switch.pending() main=off/>
            </ActionForm>
        </div>
    }
    .into_any()
}
