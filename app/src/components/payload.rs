//! What a webhook brought, shown to whoever asks for it: a look at it is noted in the audit log, so a page does not
//! bring it along by itself, and does not fetch it again when something else on it changes.

use crate::{
    api::payloads::read_payload,
    components::{
        code::{Code, Folded},
        empty::LoadError,
    },
    error::AppError,
    view::{payload::Reading, story::Payload, words::size},
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// What was asked for: `None` while nobody asked.
pub type PayloadResource = Resource<Option<Result<Reading, AppError>>>;

/// The bytes behind the event or job of this id, read once the page's URL asks for them. Made once per page, outside of
/// whatever is drawn anew when something changes.
pub fn payload_of(id: impl Fn() -> Option<String> + Send + Sync + 'static) -> PayloadResource {
    let query = use_query_map();
    let wanted =
        Memo::new(move |_| query.with(|query| query.get_str("payload") == Some("shown")).then(&id).flatten());
    Resource::new(
        move || wanted.get(),
        |wanted| async move {
            match wanted {
                Some(id) => Some(read_payload(id).await),
                None => None,
            }
        },
    )
}

/// The panel: a way to ask, or what was asked for.
#[component]
pub fn PayloadPanel(
    /// From [`payload_of`].
    payload: PayloadResource,
    /// The page it stands on.
    href: String,
) -> impl IntoView {
    let ask = format!("{href}?payload=shown#payload");
    view! {
        <section class="panel" aria-labelledby="payload">
            <h2 id="payload">"Webhook"</h2>
            <Transition fallback=|| view! { <p class="hint">"Reading…"</p> }>
                {move || {
                    let (ask, href) = (ask.clone(), href.clone());
                    Suspend::new(async move {
                        match payload.await {
                            None => view! {
                                <p class="hint">"Headers and body may hold personal data. Looking at them is noted in the audit log."</p>
                                <p><a class="button" href=ask rel="nofollow">"Show headers and body"</a></p>
                            }.into_any(),
                            Some(Ok(reading)) => shown(reading),
                            Some(Err(error)) => view! { <LoadError error href/> }.into_any(),
                        }
                    })
                }}
            </Transition>
        </section>
    }
    .into_any()
}

fn shown(reading: Reading) -> AnyView {
    match reading {
        Reading::Read(payload) => view! { <Bytes payload/> }.into_any(),
        Reading::Removed => {
            view! { <p class="hint">"Headers and body were removed after the time they are kept."</p> }.into_any()
        }
        Reading::Destroyed => view! {
            <p class="hint">"Headers and body were destroyed: the data key of this tenant they were sealed under is gone."</p>
        }
        .into_any(),
    }
}

/// Headers and body.
#[component]
pub fn Bytes(
    /// Fit for a page.
    payload: Payload,
) -> impl IntoView {
    // JSON is shown indented, so its length here is not that of the webhook; only where it was cut matters.
    let length = size(i64::try_from(payload.body.len()).unwrap_or(i64::MAX));
    let headers = payload.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>();
    let several = format!("{}", headers.len());
    view! {
        <Folded title="Body" aside=if payload.cut { format!("first {length}") } else { String::new() } open=true>
            <Code text=payload.body label="Body of the webhook"/>
        </Folded>
        <Folded title="Headers" aside=several>
            <Code text=headers.join("\n") label="Headers of the webhook"/>
        </Folded>
    }
    .into_any()
}
