//! The vendor whose events are what Tidegate does by itself: what it tells, and how people come to hear of it.

use crate::components::frame::viewer_may;
use domain::{id::VendorId, news::NewsKind, role::Role};
use leptos::prelude::*;

/// What the page of such a vendor holds in place of URL, secrets and limits.
#[component]
pub fn NewsPanel(
    /// Which vendor.
    id: VendorId,
    /// Its short name.
    slug: String,
) -> impl IntoView {
    let command = format!(
        "tidegate rule add --vendor {slug} --type 'destination.*' --job forward --destination chat \\\n  --body '{{\"text\": {{{{ data.text }}}}}}'"
    );
    view! {
        <section class="panel" aria-labelledby="news">
            <h2 id="news">"What it tells"</h2>
            <p>"Tidegate itself makes these events, of what it does without being asked. Nobody posts to this vendor, so it has no URL and no secret."</p>
            <Kinds/>
            <div class="actions">
                <a class="button" href=format!("/events?vendor={id}")>"Its events"</a>
            </div>
        </section>
        <section class="panel told" aria-labelledby="told">
            <h2 id="told">"Who is told"</h2>
            <p>"Whoever a rule names: forward an event to a chat’s incoming webhook, or publish it on a site. "<code>"data.text"</code>" says all of it in words, with a link where a public URL is set."</p>
            <div class="actions">
                {viewer_may(Role::may_configure).then(|| view! { <a class="button main" href="/rules/new">"Add rule"</a> })}
                <a class="button" href="/rules">"Rules"</a>
            </div>
            <p class="or">"in a terminal"</p>
            <pre class="code"><code>{command}</code></pre>
        </section>
    }
    .into_any()
}

/// What choosing it means, beside the form that adds vendors.
#[component]
pub fn ItselfPanel() -> impl IntoView {
    view! {
        <section class="panel expected" aria-live="polite">
            <h2>{domain::news::PRESET_NAME}</h2>
            <p>"Makes an event of what Tidegate does without being asked; rules then bring it to people. At most one for each tenant."</p>
            <Kinds/>
        </section>
    }
    .into_any()
}

/// The types of its events, and what they mean.
#[component]
fn Kinds() -> impl IntoView {
    let kinds =
        NewsKind::ALL.iter().map(|kind| view! { <div><dt>{kind.as_str()}</dt><dd>{kind.about()}</dd></div> });
    view! { <dl class="kinds">{kinds.collect_view()}</dl> }.into_any()
}
