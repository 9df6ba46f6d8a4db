//! A vendor's side of a connection, on the vendor's page: how far it is, secrets it offered, what it expects.

use crate::{
    api::greetings::{AcceptOffer, DismissOffers, read_connection},
    components::{
        badge::{Badge, Tone},
        code::Folded,
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, fault_of},
        frame::viewer_may,
        preset_facts::PresetFactList,
        vendor::subject::{Subject, Told},
        when::Ago,
    },
    live::Live,
    view::greeting::{ConnectionView, KeyStanding, OfferRow, Stage},
};
use domain::{connection::Connection, id::VendorId, role::Role, time::Timestamp};
use leptos::prelude::*;

/// What the panel shows and does.
#[derive(Clone, Copy)]
pub struct Contact {
    page: Told<ConnectionView>,
    dismiss: ServerAction<DismissOffers>,
}

impl Contact {
    /// Reads it.
    pub fn of(subject: Subject) -> Self {
        let dismiss = ServerAction::new();
        Self {
            page: subject.read(move || (Live::version(), dismiss.version().get()), read_connection),
            dismiss,
        }
    }
}

/// The panel of one vendor.
#[component]
pub fn ConnectionPanel(
    /// Whose.
    vendor: VendorId,
    /// From [`Contact::of`].
    contact: Contact,
) -> impl IntoView {
    let Contact { page, dismiss } = contact;
    view! {
        <section class="panel connection" aria-labelledby="connection-head">
            <h2 id="connection-head">"Connection"</h2>
            <Transition fallback=|| view! { <Skeleton rows=3/> }>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(found) => view! { <Loaded found vendor dismiss/> }.into_any(),
                        Err(error) => view! { <LoadError error href="/vendors"/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn Loaded(found: ConnectionView, vendor: VendorId, dismiss: ServerAction<DismissOffers>) -> impl IntoView {
    let now = found.now;
    let (tone, words, more) = stage(&found);
    let greeted = greeted(found.connection.clone(), now);
    let offers =
        (!found.offers.is_empty()).then(|| view! { <Offers offers=found.offers vendor now dismiss/> });
    view! {
        <p><Badge tone words/></p>
        <p class="hint">{more}</p>
        {greeted}
        {found.keys.map(|keys| key_line(keys, now))}
        {offers}
        <Folded title="What this vendor expects"><PresetFactList facts=found.facts/></Folded>
    }
    .into_any()
}

/// The sign, the words and what to do next.
fn stage(found: &ConnectionView) -> (Tone, &'static str, &'static str) {
    match found.stage {
        Stage::Connected => (Tone::Good, "Connected", "Signed events arrived in the last 24 hours."),
        Stage::Greeted => {
            (Tone::Good, "Connected, no events yet", "The vendor tried this address out and was answered.")
        }
        Stage::Silent => (Tone::Quiet, "Nothing arrived yet", "Enter the URL at the vendor and send a test."),
        Stage::Unconfirmed => {
            (Tone::Bad, "Confirmation failed", "Have the vendor ask for it again; it is confirmed by itself.")
        }
        Stage::NeedsSecret => (
            Tone::Waiting,
            "Waits for its secret",
            "Only first requests are answered; everything else is refused until the secret is set.",
        ),
    }
}

fn greeted(connection: Connection, now: Timestamp) -> impl IntoView {
    let times = match connection.greetings {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let followed = connection.follow_up;
    let at = connection.greeted_at;
    view! {
        {at.map(|at| view! { <p class="hint">{format!("Tried out {times}, last ")}<Ago at now/>"."</p> })}
        {followed.map(|followed| view! { <p class="hint" class:bad=!followed.ok>{followed.words}" "<Ago at=followed.at now/></p> })}
    }
}

fn key_line(keys: KeyStanding, now: Timestamp) -> impl IntoView {
    view! {
        <p class="hint">
            {match keys.fetched_at {
                Some(at) => view! { "Keys fetched "<Ago at now/>"." }.into_any(),
                None => "Keys are fetched when they are first needed.".into_any(),
            }}
        </p>
        {keys.failure.map(|words| view! { <p class="hint bad">{format!("Fetching keys failed: {words}")}</p> })}
    }
}

#[component]
fn Offers(
    offers: Vec<OfferRow>,
    vendor: VendorId,
    now: Timestamp,
    dismiss: ServerAction<DismissOffers>,
) -> impl IntoView {
    let accept = ServerAction::<AcceptOffer>::new();
    let (accept_fault, dismiss_fault) = (fault_of(accept), fault_of(dismiss));
    let may = viewer_may(Role::may_configure);
    let warning = match offers.len() {
        1 => {
            "It came in an unsigned request: anybody who knows the URL can have sent it. Accept it only if you have just connected this vendor."
        }
        _ => {
            "More than one was offered, and only one can be the vendor's. When in doubt dismiss them all and connect the vendor anew."
        }
    };
    let line = move |offer: OfferRow| {
        let name = offer
            .ending
            .map_or_else(|| "A secret".to_owned(), |ending| format!("A secret ending in {ending}"));
        view! {
            <li>
                <span>{name}", "<Ago at=offer.offered_at now/><code class="sub">{offer.request_id.to_string()}</code></span>
                {may.then(|| view! {
                    <ActionForm action=accept>
                        <input type="hidden" name="vendor" value=vendor.to_string()/>
                        <input type="hidden" name="offer" value=offer.id.to_string()/>
                        <Submit words="Accept" busy="Accepting…" pending=accept.pending()/>
                    </ActionForm>
                })}
            </li>
        }
        .into_any()
    };
    view! {
        <div class="offers">
            <h3>"This vendor offered a secret"</h3>
            <p class="notice">{warning}</p>
            <FormError fault=accept_fault/>
            <FormError fault=dismiss_fault/>
            <ul>{offers.into_iter().map(line).collect_view()}</ul>
            {may.then(|| view! {
                <p class="hint">"Accepting shows it once: some vendors ask you to repeat it. Secrets in use until now are accepted for another 24 hours."</p>
                <ActionForm action=dismiss>
                    <input type="hidden" name="vendor" value=vendor.to_string()/>
                    <Submit words="Dismiss all" busy="Dismissing…" pending=dismiss.pending() main=false/>
                </ActionForm>
            })}
        </div>
    }
    .into_any()
}
