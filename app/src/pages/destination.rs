//! One destination: what it is and whether it works, the secrets it is signed for with, and what stops its jobs. A panel is
//! a component in `components/destination/` with a line in `Panels`.

use crate::{
    api::{
        destination::{EndOldSecret as EndIt, ReplaceSigningSecret, read_destination, read_destination_now},
        destinations::{SwitchDestination, TestDestination},
        token_keys::{ReplaceTokenKey, read_token_keys},
    },
    components::{
        badge::{Badge, Tone},
        destination::{
            facts::{DestinationFacts, kind_words},
            secret::{EndOldSecret, ReplaceSecret, SigningSecrets},
            tokens::{Issuer, Keys, ReplaceKey},
        },
        empty::{LoadError, Skeleton},
        flow::{BreakerPanel, PauseSwitch, PausedBadge, PausedNotice},
        form::{FormError, Submit, done_count, fault_of},
        frame::viewer_may,
        page_head::PageHead,
        vendor::subject::Told,
    },
    error::AppError,
    live::Live,
    view::{
        connections::DestinationRow,
        destination::{DestinationHead, DestinationView},
        token_keys::TokenKeys,
    },
};
use domain::{
    breaker::BreakerKey, destination::DestinationAuth, id::DestinationId, pause::PauseTarget, role::Role,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use serde::{Serialize, de::DeserializeOwned};

const PARENT: (&str, &str) = ("Destinations", "/destinations");

/// What the page shows and does, made before anything is drawn.
#[derive(Clone, Copy)]
struct Parts {
    now: Told<DestinationView>,
    test: ServerAction<TestDestination>,
    switch: ServerAction<SwitchDestination>,
    replace: ServerAction<ReplaceSigningSecret>,
    end: ServerAction<EndIt>,
    /// What the form that ends an old secret begins with, for those who may; read anew only when something was ended, so
    /// that it is not drawn anew under somebody who types.
    then: Option<Told<DestinationView>>,
    /// Only where tokens are shown.
    keys: Told<Option<TokenKeys>>,
    replace_key: ServerAction<ReplaceTokenKey>,
}

/// The page of the destination whose id is in the path: names are free to be any word, also one of the paths beside it.
#[component]
pub fn DestinationPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params.with(|params| params.get("id")).and_then(|id| id.parse::<DestinationId>().ok())
    });
    let (test, switch) = (ServerAction::new(), ServerAction::new());
    let end = ServerAction::<EndIt>::new();
    let ended = done_count(end);
    let head = Resource::new(
        move || id.get(),
        |id| async move { read_destination(id.ok_or(AppError::NotFound)?).await },
    );
    let now = Resource::new(
        move || (id.get(), Live::version(), test.version().get(), switch.version().get(), ended.get()),
        |(id, ..)| async move { read_destination_now(id.ok_or(AppError::NotFound)?).await },
    );
    let then = viewer_may(Role::may_configure).then(|| {
        Resource::new(
            move || (id.get(), ended.get()),
            |(id, _)| async move { read_destination_now(id.ok_or(AppError::NotFound)?).await },
        )
    });
    let replace_key = ServerAction::<ReplaceTokenKey>::new();
    let keys = Resource::new(
        move || (id.get(), Live::version(), replace_key.version().get()),
        move |_| async move {
            match head.await?.auth {
                DestinationAuth::Jwt => read_token_keys().await.map(Some),
                _ => Ok(None),
            }
        },
    );
    let parts = Parts { now, test, switch, replace: ServerAction::new(), end, then, keys, replace_key };
    view! {
        <Transition fallback=|| view! { <PageHead title="Destination" parent=PARENT/><Skeleton/> }>
            {move || Suspend::new(async move {
                match head.await {
                    Ok(head) => view! { <Shown head parts/> }.into_any(),
                    Err(error) => {
                        let title = match error {
                            AppError::NotFound => "No such destination",
                            _ => "Destination",
                        };
                        view! { <PageHead title parent=PARENT/><LoadError error href=PARENT.1/> }.into_any()
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

/// Draws what is known now, and again whenever that changes.
fn told<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static>(
    now: Told<T>,
    draw: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <Transition fallback=|| view! { <Skeleton rows=2/> }>
            {move || {
                let draw = draw.clone();
                Suspend::new(async move {
                    match now.await {
                        Ok(view) => draw(view),
                        Err(error) => view! { <LoadError error href=PARENT.1/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}

#[component]
fn Shown(head: DestinationHead, parts: Parts) -> impl IntoView {
    let DestinationHead { id, slug, tenant, kind, .. } = head.clone();
    let Parts { now, test, switch, .. } = parts;
    let target = PauseTarget::Destination(id);
    view! {
        <Title text=slug.clone()/>
        <header class="head state-head">
            <div class="head-words">
                <a class="crumb" href=PARENT.1>{PARENT.0}</a>
                <h1>{slug}</h1>
                {told(now, |view| state(&view.row))}
                <PausedBadge target/>
                <span class="aside">{kind_words(kind)}{tenant.map(|tenant| format!(" · tenant {tenant}"))}</span>
            </div>
            {viewer_may(Role::may_configure).then(|| view! {
                <div class="actions">
                    <PauseSwitch target/>
                    <ActionForm action=test>
                        <input type="hidden" name="id" value=id.to_string()/>
                        <Submit words="Test" busy="Testing…" pending=test.pending() main=false/>
                    </ActionForm>
                    {told(now, move |view| view! { <Switch row=view.row switch/> }.into_any())}
                </div>
            })}
        </header>
        <FormError fault=fault_of(test)/>
        <FormError fault=fault_of(switch)/>
        {told(now, |view| off_notice(&view.row))}
        <PausedNotice target meaning="Its jobs wait and use up no tries."/>
        <Panels head parts/>
    }
    .into_any()
}

/// Everything below the head.
#[component]
fn Panels(head: DestinationHead, parts: Parts) -> impl IntoView {
    let DestinationHead { id, slug, auth, .. } = head;
    let Parts { now, replace, end, then, keys, replace_key, .. } = parts;
    view! {
        <div class="panels">
            <section class="panel" aria-labelledby="facts">
                <h2 id="facts">"What it is"</h2>
                {told(now, |view| view! { <DestinationFacts view/> }.into_any())}
            </section>
            {(auth == DestinationAuth::Signature).then(|| view! {
                <section class="panel" aria-labelledby="secret-panel">
                    <h2 id="secret-panel">"Signing secret"</h2>
                    {told(now, |view| view! { <SigningSecrets view/> }.into_any())}
                    {then.map(|then| view! {
                        <div class="deeds">
                            <ReplaceSecret id action=replace/>
                            {told(then, move |view| view! { <EndOldSecret view action=end/> }.into_any())}
                        </div>
                    })}
                </section>
            })}
            {(auth == DestinationAuth::Jwt).then(|| view! {
                <section class="panel" aria-labelledby="tokens">
                    <h2 id="tokens">"Signed tokens"</h2>
                    {told(now, |view| view.issuer.map(|issuer| view! { <Issuer issuer/> }).into_any())}
                    {told(keys, |keys| keys.map(|keys| view! { <Keys keys/> }).into_any())}
                    <ReplaceKey action=replace_key/>
                </section>
            })}
            <BreakerPanel targets=vec![(BreakerKey::Destination(id), slug)]/>
        </div>
    }
    .into_any()
}

fn state(row: &DestinationRow) -> AnyView {
    let (tone, words) = match (row.enabled, &row.off_reason) {
        (true, _) => (Tone::Good, "On"),
        (false, None) => (Tone::Quiet, "Off"),
        (false, Some(_)) => (Tone::Bad, "Off"),
    };
    view! { <Badge tone words/> }.into_any()
}

/// Why it takes part in nothing, and what that means.
pub(super) fn off_words(reason: Option<&str>) -> String {
    let reason = reason.map(|reason| format!("{reason} ")).unwrap_or_default();
    format!("{reason}Its jobs are held until it is switched on.")
}

fn off_notice(row: &DestinationRow) -> AnyView {
    let words = (!row.enabled).then(|| off_words(row.off_reason.as_deref()));
    words.map(|words| view! { <p class="notice bad">{words}</p> }).into_any()
}

/// Off and on again.
#[component]
fn Switch(row: DestinationRow, switch: ServerAction<SwitchDestination>) -> impl IntoView {
    let on = row.enabled;
    let (words, busy) =
        if on { ("Switch off", "Switching off…") } else { ("Switch on", "Switching on…") };
    view! {
        <ActionForm action=switch>
            <input type="hidden" name="id" value=row.id.to_string()/>
            <input type="hidden" name="on" value=(!on).to_string()/>
            <Submit words busy pending=switch.pending() main=!on/>
        </ActionForm>
    }
    .into_any()
}
