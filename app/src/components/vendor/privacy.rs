//! Privacy: what of a vendor's requests is never stored, and what that leaves of the last one. The form is a plain one:
//! its preview is a page of its own address, so that rules can be tried before they are saved, also without JavaScript.

use crate::{
    api::redaction::{SetRedaction, preview_redaction, read_vendor_privacy},
    components::{
        empty::LoadError,
        form::{FormError, FormFault, fault_of},
        frame::viewer_may,
        payload::Bytes,
        vendor::subject::{Subject, Told},
    },
    error::{AppError, Field},
    view::{
        payload::Reading,
        redaction::{TypedRules, VendorPrivacy},
        vendor::VendorHead,
    },
};
use domain::role::Role;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

/// What the panel shows.
#[derive(Clone, Copy)]
pub struct Privacy {
    known: Told<VendorPrivacy>,
    /// The rules that are tried; they stand in the address. `None` while nothing is tried.
    tried: Memo<Option<TypedRules>>,
    preview: Resource<Option<Result<Option<Reading>, AppError>>>,
}

impl Privacy {
    /// Reads it.
    pub fn of(subject: Subject) -> Self {
        let query = use_query_map();
        let tried = Memo::new(move |_| {
            query.with(|query| {
                (query.get_str("try") == Some("yes")).then(|| TypedRules {
                    pointers: query.get("pointers").unwrap_or_default(),
                    headers: query.get("headers").unwrap_or_default(),
                    fields: query.get("fields").unwrap_or_default(),
                })
            })
        });
        let may = viewer_may(Role::may_configure);
        let preview = Resource::new(
            move || tried.get().filter(|_| may),
            move |tried| async move {
                let TypedRules { pointers, headers, fields } = tried?;
                Some(match subject.id().await {
                    Ok(id) => preview_redaction(id, Some(pointers), Some(headers), Some(fields)).await,
                    Err(error) => Err(error),
                })
            },
        );
        Self { known: subject.read(|| (), read_vendor_privacy), tried, preview }
    }
}

/// The panel.
#[component]
pub fn PrivacyPanel(
    /// Whose.
    vendor: VendorHead,
    /// From [`Privacy::of`].
    privacy: Privacy,
) -> impl IntoView {
    let Privacy { known, tried, preview } = privacy;
    let may = viewer_may(Role::may_configure);
    let href = vendor.address.href();
    view! {
        <section class="panel" aria-labelledby="privacy">
            <h2 id="privacy">"Privacy"</h2>
            <Transition>
                {move || {
                    let (vendor, href) = (vendor.clone(), href.clone());
                    Suspend::new(async move {
                        match known.await {
                            Ok(known) => {
                                let preview = preview.await;
                                let tried = tried.get_untracked();
                                view! { <Known vendor known tried preview may/> }.into_any()
                            }
                            Err(error) => view! { <LoadError error href/> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn Known(
    vendor: VendorHead,
    known: VendorPrivacy,
    tried: Option<TypedRules>,
    preview: Option<Result<Option<Reading>, AppError>>,
    may: bool,
) -> impl IntoView {
    let rules = known.rules.pointers.len() + known.rules.headers.len() + known.rules.fields.len();
    let kept = match (rules, known.tenant.encrypt) {
        (0, false) => "Bodies and headers are stored as they come, but for headers that prove who sends.",
        (0, true) => {
            "Bodies and headers are stored sealed under the tenant’s own key, but for headers that prove who sends."
        }
        (_, false) => {
            "What these rules name is replaced before anything is stored; the rest is stored as it comes."
        }
        (_, true) => {
            "What these rules name is replaced before anything is stored; the rest is stored sealed under the tenant’s own key."
        }
    };
    let forever = known.tenant.keep_days.map(|days| format!(" Events are removed after {days} days."));
    let typed = tried.clone().unwrap_or_else(|| TypedRules::of(&known.rules));
    let wrong = preview.as_ref().and_then(|preview| preview.as_ref().err().copied());
    view! {
        <p>{kept}{forever}</p>
        {match may {
            true => view! { <Rules vendor typed wrong trying=tried.is_some()/> }.into_any(),
            false => view! { <ReadOnly typed/> }.into_any(),
        }}
        {preview.and_then(Result::ok).map(shown)}
    }
    .into_any()
}

/// The rules for those who may not change them.
#[component]
fn ReadOnly(typed: TypedRules) -> impl IntoView {
    let rows = [("JSON pointers", typed.pointers), ("Headers", typed.headers), ("Form fields", typed.fields)];
    view! {
        <dl class="facts">
            {rows.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| view! {
                <div><dt>{name}</dt><dd><code>{text.replace('\n', ", ")}</code></dd></div>
            }).collect_view()}
        </dl>
    }
    .into_any()
}

#[component]
fn Rules(vendor: VendorHead, typed: TypedRules, wrong: Option<AppError>, trying: bool) -> impl IntoView {
    let set = ServerAction::<SetRedaction>::new();
    let saved = fault_of(set);
    let fault: FormFault = Signal::derive(move || saved.get().or(wrong));
    let href = vendor.address.href();
    view! {
        <form method="get" action=format!("/vendors/{}", vendor.address.slug) class="rules-form">
            <FormError fault/>
            <input type="hidden" name="try" value="yes"/>
            {vendor.address.tenant.clone().map(|tenant| view! { <input type="hidden" name="tenant" value=tenant/> })}
            <input type="hidden" name="vendor" value=vendor.id.to_string()/>
            <input type="hidden" name="back" value=href.clone()/>
            <Lines label="JSON pointers" name="pointers" field=Field::Pointers fault text=typed.pointers
                placeholder="/customer/email\n/items/*/card" hint="One a line. * stands for every item or member."/>
            <Lines label="Headers" name="headers" field=Field::Headers fault text=typed.headers
                placeholder="x-client-ip" hint="One name a line."/>
            <Lines label="Form fields" name="fields" field=Field::FormFields fault text=typed.fields
                placeholder="email" hint="One name a line, for vendors that post forms."/>
            <div class="actions">
                <button type="submit" class="button main" formmethod="post" formaction=SetRedaction::url()>"Save rules"</button>
                <button type="submit" class="button">"Preview"</button>
                {trying.then(|| view! { <a class="button" href=href>"Discard"</a> })}
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Lines(
    label: &'static str,
    name: &'static str,
    field: Field,
    fault: FormFault,
    text: String,
    placeholder: &'static str,
    hint: &'static str,
) -> impl IntoView {
    let words = move || fault.get().and_then(|error| error.about(field));
    view! {
        <div class="field">
            <label for=name>{label}<span class="aside">"optional"</span></label>
            <textarea id=name name=name rows="3" placeholder=placeholder spellcheck="false" autocapitalize="none"
                aria-describedby=format!("{name}-hint") aria-invalid=move || words().map(|_| "true")
            >{text}</textarea>
            <p class="hint" class:bad=move || words().is_some() id=format!("{name}-hint")>
                {move || words().unwrap_or_else(|| hint.to_owned())}
            </p>
        </div>
    }
    .into_any()
}

/// What would be stored of the last event.
fn shown(reading: Option<Reading>) -> impl IntoView {
    let inside = match reading {
        Some(Reading::Read(payload)) => view! { <Bytes payload/> }.into_any(),
        Some(Reading::Removed | Reading::Destroyed) => {
            view! { <p class="hint">"The last event’s headers and body are not kept any more."</p> }
                .into_any()
        }
        None => view! { <p class="hint">"This vendor has sent no event yet."</p> }.into_any(),
    };
    view! {
        <section aria-labelledby="preview">
            <h3 id="preview">"The last event as it would be stored"</h3>
            {inside}
        </section>
    }
    .into_any()
}
