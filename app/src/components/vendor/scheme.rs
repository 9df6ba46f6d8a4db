//! How a vendor signs, where that was written by hand. Everybody sees it; those who configure can change it.

use crate::{
    api::{
        greetings::read_draft,
        schemes::{SetScheme, read_scheme},
    },
    components::{
        code::{Code, Folded},
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, done_count, fault_of},
        frame::viewer_may,
        scheme::{SchemeField, SchemeHelp},
        vendor::subject::{Subject, Told},
    },
    view::greeting::SchemeDraft,
};
use domain::{id::VendorId, role::Role};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What the panel shows and does.
#[derive(Clone, Copy)]
pub struct Scheme {
    now: Told<Option<String>>,
    /// What the form begins with: the scheme, or what was typed and could not be taken. Not read anew by itself, so that
    /// it is not drawn anew under somebody who types.
    first: Option<Told<SchemeDraft>>,
    action: ServerAction<SetScheme>,
}

impl Scheme {
    /// Reads it.
    pub fn of(subject: Subject) -> Self {
        let action = ServerAction::new();
        let done = done_count(action);
        let query = use_query_map();
        let handle = Memo::new(move |_| query.with(|query| query.get("draft")));
        let first = move || {
            let begin = move |id: VendorId| async move {
                let draft = match handle.get_untracked() {
                    Some(handle) => read_draft(handle).await.ok(),
                    None => None,
                };
                match draft {
                    Some(draft) => Ok(draft),
                    None => Ok(SchemeDraft {
                        scheme: read_scheme(id).await?.unwrap_or_default(),
                        ..SchemeDraft::default()
                    }),
                }
            };
            subject.read(move || handle.get(), begin)
        };
        Self {
            now: subject.read(move || done.get(), read_scheme),
            first: viewer_may(Role::may_configure).then(first),
            action,
        }
    }
}

/// The scheme as it is, and a form for those who may change it.
#[component]
pub fn SchemePanel(
    /// Whose.
    id: VendorId,
    /// From [`Scheme::of`].
    scheme: Scheme,
    /// Where the page stands.
    href: String,
) -> impl IntoView {
    let Scheme { now, first, action } = scheme;
    let href = StoredValue::new(href);
    let saved = move || action.value().with(|last| matches!(last, Some(Ok(true))));
    view! {
        <section class="panel" aria-labelledby="scheme-panel">
            <h2 id="scheme-panel">"How it signs"</h2>
            <Transition fallback=|| view! { <Skeleton rows=2/> }>
                {move || Suspend::new(async move {
                    match now.await {
                        Ok(text) => view! { <Code text=text.unwrap_or_default() label="Scheme in use"/> }.into_any(),
                        Err(error) => view! { <LoadError error href=href.get_value()/> }.into_any(),
                    }
                })}
            </Transition>
            // Not in the form: it is drawn anew, and folded, once what is in use was read again.
            <div role="status">
                {move || saved().then(|| view! { <p class="notice good">"Saved. All nodes judge by it within a second."</p> })}
            </div>
            {first.map(|first| view! {
                <Transition>
                    {move || Suspend::new(async move {
                        first.await.ok().map(|draft| view! { <Form id draft action/> })
                    })}
                </Transition>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Form(id: VendorId, draft: SchemeDraft, action: ServerAction<SetScheme>) -> impl IntoView {
    let fault = fault_of(action);
    let SchemeDraft { scheme, fault: words, .. } = draft;
    let bad = !words.is_empty();
    let open = bad || fault.get_untracked().is_some();
    view! {
        <div class="deeds broad">
            <Folded title="Change how it signs" open>
                <ActionForm action>
                    <FormError fault/>
                    <input type="hidden" name="vendor" value=id.to_string()/>
                    <SchemeField text=scheme words fault/>
                    <p class="hint">
                        "What is stored, waits or runs stays as it is. Where an event’s id and type stand is decided when a vendor is added, and the secrets in use must fit."
                    </p>
                    <Submit words="Save scheme" busy="Saving…" pending=action.pending() main=false/>
                </ActionForm>
                <SchemeHelp/>
            </Folded>
        </div>
    }
    .into_any()
}
