//! What a vendor was refused for lately, and the way to its requests and to the page for its engineer.

use crate::{
    api::sender::list_refusals,
    components::{
        frame::viewer_may,
        vendor::subject::{Subject, Told},
        when::Ago,
    },
    live::Live,
    view::{reasons::reason_name, sender::VendorRefusals, words::number},
};
use domain::{id::VendorId, role::Role};
use leptos::prelude::*;

/// What the panel shows.
pub fn refusals_of(subject: Subject) -> Told<VendorRefusals> {
    subject.read(Live::version, list_refusals)
}

/// Reasons with their counts.
#[component]
pub fn RefusedPanel(
    /// Which vendor.
    id: VendorId,
    /// From [`refusals_of`].
    refusals: Told<VendorRefusals>,
) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="refused">
            <h2 id="refused">"Refused"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match refusals.await {
                        Ok(refusals) => view! { <Reasons refusals/> }.into_any(),
                        Err(error) => view! { <p class="notice bad">{error.to_string()}</p> }.into_any(),
                    }
                })}
            </Transition>
            <div class="actions">
                <a class="button" href=format!("/requests?vendor={id}")>"All requests"</a>
                {viewer_may(Role::may_configure).then(|| view! {
                    <a class="button" href=format!("/requests/sender?vendor={id}")>"Link for the vendor’s engineer"</a>
                })}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Reasons(refusals: VendorRefusals) -> impl IntoView {
    let (now, id) = (refusals.now, refusals.vendor_id);
    if refusals.reasons.is_empty() {
        return view! { <p class="quiet">"Nothing was refused lately."</p> }.into_any();
    }
    let line = move |counted: domain::refusal::ReasonCount| {
        let href = format!("/requests?outcome=refused&vendor={id}&reason={}", counted.reason);
        view! {
            <li>
                <a href=href>{reason_name(&counted.reason)}</a>
                <span class="quiet">{number(counted.count)}", last "<Ago at=counted.last_at now/></span>
            </li>
        }
    };
    view! { <ul class="chain">{refusals.reasons.into_iter().map(line).collect_view()}</ul> }.into_any()
}
